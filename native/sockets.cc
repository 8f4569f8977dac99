#include <linux/netlink.h>
#include <sys/socket.h>

#include "error.h"
#include "netlink.h"
#include "steps.h"

namespace netns::steps {

int socket(Run& run, const Operands& operands) {
  const int* n = operands.number;
  const int fd = ::socket(n[1], n[2] | SOCK_CLOEXEC, n[3]);
  const int error = run.open(n[0], fd, "socket");
  if (error != 0 || n[1] != AF_NETLINK) return error;
  return prepareNetlink(fd, n[4]) == 0 ? 0 : run.fail("setsockopt");
}

int sockaddr(Run& run, const Operands& operands) {
  const int fd = run.descriptor(operands.number[0]);
  const auto* address = reinterpret_cast<const struct sockaddr*>(operands.text[0].data);
  const auto length = static_cast<socklen_t>(operands.text[0].length);
  if (operands.number[1] == 0) return ::bind(fd, address, length) == 0 ? 0 : run.fail("bind");
  // A non-blocking socket goes on connecting by itself.
  if (::connect(fd, address, length) == 0 || errno == EINPROGRESS) return 0;
  return run.fail("connect");
}

int listen(Run& run, const Operands& operands) {
  const int fd = run.descriptor(operands.number[0]);
  return ::listen(fd, operands.number[1]) == 0 ? 0 : run.fail("listen");
}

int setsockopt(Run& run, const Operands& operands) {
  const int fd = run.descriptor(operands.number[0]);
  const Text& value = operands.text[0];
  if (::setsockopt(fd, operands.number[1], operands.number[2], value.data, value.length) != 0) {
    return run.fail("setsockopt");
  }
  return 0;
}

int getsockname(Run& run, const Operands& operands) {
  sockaddr_storage address;
  socklen_t length = sizeof(address);
  const int fd = run.descriptor(operands.number[0]);
  if (::getsockname(fd, reinterpret_cast<struct sockaddr*>(&address), &length) != 0) {
    return run.fail("getsockname");
  }
  run.data(&address, length);
  return 0;
}

}  // namespace netns::steps
