#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include "error.h"
#include "steps.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace netns::steps {

int unshareNet(Run& run, const Operands& operands) {
  if (run.context.home < 0) return run.fail("unshare", -EPERM);
  // Nothing else: coming home restores the network namespace alone.
  const int flags = operands.number[1];
  if (flags != 0 && flags != CLONE_NEWNET) return run.fail("unshare", -EINVAL);
  if (::unshare(CLONE_NEWNET) != 0) return run.fail("unshare");
  run.context.away = true;
  // Not /proc/self: that is the main thread, which has stayed where it was.
  const int fd = retry([] { return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); });
  return run.open(operands.number[0], fd, "open");
}

int enter(Run& run, const Operands& operands) {
  if (run.context.home < 0) return run.fail("setns", -EPERM);
  if (::setns(run.descriptor(operands.number[0]), CLONE_NEWNET) != 0) return run.fail("setns");
  run.context.away = true;
  return 0;
}

int home(Run& run, const Operands&) {
  if (!run.context.away) return 0;
  if (::setns(run.context.home, CLONE_NEWNET) != 0) {
    run.context.stranded = true;
    return run.fail("setns");
  }
  run.context.away = false;
  return 0;
}

int cookie(Run& run, const Operands& operands) {
  Fd here;
  int fd = operands.number[0];
  if (fd == kHere) {
    here.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!here.valid()) return run.fail("socket");
    fd = here.get();
  } else {
    fd = run.descriptor(fd);
  }
  uint64_t value = 0;
  socklen_t length = sizeof(value);
  if (::getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &value, &length) != 0) {
    return run.fail("getsockopt");
  }
  run.data(&value, sizeof(value));
  return 0;
}

}  // namespace netns::steps
