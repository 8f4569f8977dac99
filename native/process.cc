#include "process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "arguments.h"
#include "environment.h"
#include "error.h"
#include "fd.h"

namespace netns {
namespace {

constexpr char kThreadNet[] = "/proc/thread-self/ns/net";
constexpr char kThreadPid[] = "/proc/thread-self/ns/pid_for_children";

int openThread(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// Where this thread lives. Kept, so that entering a namespace takes no descriptor: a process that
// has none left gets the error of what it does inside, as without us.
struct Home {
  Fd fd;
  dev_t dev = 0;
  ino_t ino = 0;
};

thread_local Home home;

// Opened with the addon, so that the first to enter a namespace needs no descriptor either.
void openHome() {
  struct stat now;
  const int fd = openThread(kThreadNet);
  if (fd < 0) return;
  home.fd.reset(fd);
  if (fstat(fd, &now) != 0) return;
  home.dev = now.st_dev;
  home.ino = now.st_ino;
}

// The namespace a thread must come back to, and the return.
class Way {
 public:
  // Enters; 0 or a negative errno, the thread then being where it was.
  int enter(int target, bool newPids) {
    int error = remember();
    if (error != 0) return error;
    if (newPids) {
      const int fd = openThread(kThreadPid);
      if (fd < 0) return fd;
      pids_.reset(fd);
    }
    // With the namespace entered first, what fails after it is one setns away from home.
    if (setns(target, CLONE_NEWNET) != 0) return -errno;
    if (newPids && unshare(CLONE_NEWPID) != 0) {
      error = -errno;
      const int back = leave();
      return back != 0 ? back : error;
    }
    entered_ = newPids;
    return 0;
  }

  int leave() {
    int error = 0;
    if (entered_ && setns(pids_.get(), CLONE_NEWPID) != 0) error = -errno;
    if (setns(net_, CLONE_NEWNET) != 0) error = -errno;
    return error;
  }

 private:
  int remember() {
    struct stat now;
    if (stat(kThreadNet, &now) != 0) return -errno;
    if (home.fd.valid() && home.dev == now.st_dev && home.ino == now.st_ino) {
      net_ = home.fd.get();
      return 0;
    }
    // Nested, or the thread has moved: good for this once.
    const int fd = openThread(kThreadNet);
    if (fd < 0) return fd;
    once_.reset(net_ = fd);
    return 0;
  }

  int net_ = -1;
  Fd once_;
  Fd pids_;
  bool entered_ = false;
};

// runIn(fd, newPids, function, outcome): calls the function inside and comes back, whatever it
// does: an exception, and the end of its execution by a time limit or by the worker's termination,
// pass through here, where a `finally` would be skipped. outcome[0] is why it was not entered,
// outcome[1] why the thread did not come back.
napi_value runIn(napi_env env, napi_callback_info info) {
  size_t argc = 4;
  napi_value argv[4];
  int32_t fd = -1;
  bool newPids = false;
  int32_t* outcome = nullptr;
  size_t length = 0;
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  if (argc < 4 || napi_get_value_int32(env, argv[0], &fd) != napi_ok ||
      napi_get_value_bool(env, argv[1], &newPids) != napi_ok ||
      napi_get_typedarray_info(env, argv[3], nullptr, &length, reinterpret_cast<void**>(&outcome),
                               nullptr, nullptr) != napi_ok ||
      length < 2) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "runIn(fd, newPids, function, outcome)");
    return nullptr;
  }
  Way way;
  outcome[1] = 0;
  outcome[0] = way.enter(fd, newPids);
  if (outcome[0] != 0) return nullptr;
  napi_value self;
  napi_value result = nullptr;
  napi_get_undefined(env, &self);
  const napi_status status = napi_call_function(env, self, argv[2], 0, nullptr, &result);
  const int back = way.leave();
  // A nested call has written its own outcome meanwhile.
  outcome[0] = 0;
  outcome[1] = back;
  return status == napi_ok ? result : nullptr;
}

// pidfdOpen(pid): a descriptor that becomes readable when the process ends, or a negative errno.
Napi::Value pidfdOpen(const Napi::CallbackInfo& info) {
  const long fd = syscall(SYS_pidfd_open, integer(info, 0), 0);
  if (fd < 0) return Napi::Number::New(info.Env(), -errno);
  Environment::of(info.Env())->owned.add(static_cast<int>(fd));
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

// receiveFrom(fd, into, address): one datagram and the sockaddr of its sender; its length or a
// negative errno, never waiting.
Napi::Value receiveFrom(const Napi::CallbackInfo& info) {
  Bytes into(info.Env(), info[1]);
  Bytes address(info.Env(), info[2]);
  if (into.data == nullptr || address.data == nullptr)
    return Napi::Number::New(info.Env(), -EINVAL);
  const int fd = integer(info, 0);
  auto size = static_cast<socklen_t>(address.length);
  const ssize_t n = retry([&] {
    return recvfrom(fd, into.data, into.length, MSG_DONTWAIT,
                    reinterpret_cast<sockaddr*>(address.data), &size);
  });
  return Napi::Number::New(info.Env(), n < 0 ? -errno : static_cast<double>(n));
}

}  // namespace

void exportProcess(Napi::Env env, Napi::Object exports) {
  if (!home.fd.valid()) openHome();
  napi_value run = nullptr;
  napi_create_function(env, "runIn", NAPI_AUTO_LENGTH, runIn, nullptr, &run);
  exports.Set("runIn", run);
  exports.Set("pidfdOpen", Napi::Function::New(env, pidfdOpen, "pidfdOpen"));
  exports.Set("receiveFrom", Napi::Function::New(env, receiveFrom, "receiveFrom"));
}

}  // namespace netns
