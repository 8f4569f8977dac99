// netns-launcher: becomes a command once what can't be done between Node's fork and exec is done.
//
//   netns-launcher STATUS [OPTION VALUE]... -- FILE ARG0 [ARG]...
//
// A JavaScript thread shares its root with the others of its process, and a process of several
// threads can enter no user namespace: so views and further namespaces are made here, in the child,
// which then executes the command and so keeps its process id. Without a failure nothing of this is
// seen; with one, {i32 errno, name of the call} goes to the descriptor STATUS.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "error.h"

namespace {

#ifndef CLONE_NEWTIME
constexpr int CLONE_NEWTIME = 0x00000080;
#endif

int statusFd = -1;

[[noreturn]] void fail(const char* call, int error = errno) {
  char message[260];
  const int32_t number = -error;
  memcpy(message, &number, sizeof number);
  const size_t length = strnlen(call, sizeof message - sizeof number);
  memcpy(message + sizeof number, call, length);
  if (write(statusFd, message, sizeof number + length) < 0) _exit(126);
  _exit(127);
}

struct Options {
  int user = -1;               // a user namespace to enter
  int net = -1;                // a network namespace to enter
  int flags = 0;               // CLONE_NEW* to unshare
  const char* view = nullptr;  // the namespace's name, '' for one without
  const char* uids = nullptr;  // lines of /proc/PID/uid_map
  const char* gids = nullptr;
  const char* hostname = nullptr;
  bool proc = false;
  long uid = -1;
  long gid = -1;
};

long number(const char* text) {
  char* end = nullptr;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (end == text || *end != 0 || errno != 0) fail("options", EINVAL);
  return value;
}

// A descriptor that is for this program alone.
int ours(const char* text) {
  const int fd = static_cast<int>(number(text));
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) fail("fcntl");
  return fd;
}

bool put(int folder, const char* name, const char* text) {
  const int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t length = static_cast<ssize_t>(strlen(text));
  const bool done = write(fd, text, length) == length;
  const int error = errno;
  close(fd);
  errno = error;
  return done;
}

// Another process writes the maps: only one that stays in the parent namespace may write more than
// its own id. It waits until this one has its new user namespace.
void unshareUser(const Options& options) {
  const int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (self < 0) fail("open");
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) fail("pipe2");
  const bool privileged = geteuid() == 0;
  const pid_t helper = fork();
  if (helper < 0) fail("fork");
  if (helper == 0) {
    close(ready[1]);
    char byte;
    if (netns::retry([&] { return read(ready[0], &byte, 1); }) != 1) _exit(0);
    // Without privilege over the parent's groups the kernel wants setgroups forbidden first.
    if (options.gids != nullptr && !privileged && !put(self, "setgroups", "deny"))
      fail("setgroups");
    if (options.uids != nullptr && !put(self, "uid_map", options.uids)) fail("uid_map");
    if (options.gids != nullptr && !put(self, "gid_map", options.gids)) fail("gid_map");
    _exit(0);
  }
  close(ready[0]);
  if (unshare(CLONE_NEWUSER) != 0) fail("unshare");
  if (write(ready[1], "", 1) != 1) fail("write");
  close(ready[1]);
  int ended = 0;
  if (netns::retry([&] { return waitpid(helper, &ended, 0); }) < 0) fail("waitpid");
  if (ended != 0) _exit(127);  // it has said why
  close(self);
}

void mountProc() {
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, nullptr) != 0) fail("mount");
}

// As `ip netns exec` does: /sys of this network namespace, and /etc/netns/NAME over /etc.
void showView(const char* name) {
  unsigned long flags = 0;
  struct statvfs old;
  if (statvfs("/sys", &old) == 0 && (old.f_flag & ST_RDONLY) != 0) flags = MS_RDONLY;
  umount2("/sys", MNT_DETACH);
  if (mount(*name != 0 ? name : "netns", "/sys", "sysfs", flags, nullptr) != 0) fail("mount");
  if (*name == 0) return;
  char from[PATH_MAX];
  char to[PATH_MAX];
  snprintf(from, sizeof from, "/etc/netns/%s", name);
  DIR* folder = opendir(from);
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    snprintf(from, sizeof from, "/etc/netns/%s/%s", name, entry->d_name);
    snprintf(to, sizeof to, "/etc/%s", entry->d_name);
    // A file that /etc has not can't be covered: iproute2 warns, and goes on as we do.
    if (mount(from, to, "none", MS_BIND, nullptr) != 0 && errno != ENOENT) fail("mount");
  }
  closedir(folder);
}

void enter(const Options& options) {
  if (options.user >= 0 && setns(options.user, CLONE_NEWUSER) != 0) fail("setns");
  if (options.net >= 0 && setns(options.net, CLONE_NEWNET) != 0) fail("setns");
  int flags = options.flags;
  bool proc = options.proc;
  if ((flags & CLONE_NEWUSER) != 0) {
    // The new process namespace belongs to the user namespace that made it, this one: only from
    // here may its /proc be mounted.
    if (proc && (flags & CLONE_NEWNS) != 0) {
      if (unshare(CLONE_NEWNS) != 0) fail("unshare");
      if (mount("", "/", nullptr, MS_PRIVATE | MS_REC, nullptr) != 0) fail("mount");
      mountProc();
      proc = false;
    }
    unshareUser(options);
    flags &= ~CLONE_NEWUSER;
  }
  if (flags != 0 && unshare(flags) != 0) fail("unshare");
  if ((flags & CLONE_NEWNS) != 0 &&
      mount("", "/", nullptr, (options.view != nullptr ? MS_SLAVE : MS_PRIVATE) | MS_REC,
            nullptr) != 0) {
    fail("mount");
  }
  if (proc) mountProc();
  if (options.view != nullptr) showView(options.view);
  if (options.hostname != nullptr && sethostname(options.hostname, strlen(options.hostname)) != 0) {
    fail("sethostname");
  }
}

// As libuv does it between fork and exec.
void drop(const Options& options) {
  if (options.uid < 0 && options.gid < 0) return;
  setgroups(0, nullptr);
  if (options.gid >= 0 && setgid(static_cast<gid_t>(options.gid)) != 0) fail("setgid");
  if (options.uid >= 0 && setuid(static_cast<uid_t>(options.uid)) != 0) fail("setuid");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fputs("netns-launcher is a part of node-netns and is run by it\n", stderr);
    return 2;
  }
  statusFd = static_cast<int>(strtol(argv[1], nullptr, 10));
  if (fcntl(statusFd, F_SETFD, FD_CLOEXEC) != 0) return 2;
  Options options;
  int at = 2;
  for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2) {
    const char* name = argv[at];
    const char* value = argv[at + 1];
    if (strcmp(name, "user") == 0) options.user = ours(value);
    else if (strcmp(name, "net") == 0) options.net = ours(value);
    else if (strcmp(name, "flags") == 0) options.flags = static_cast<int>(number(value));
    else if (strcmp(name, "view") == 0) options.view = value;
    else if (strcmp(name, "uids") == 0) options.uids = value;
    else if (strcmp(name, "gids") == 0) options.gids = value;
    else if (strcmp(name, "hostname") == 0) options.hostname = value;
    else if (strcmp(name, "proc") == 0) options.proc = true;
    else if (strcmp(name, "uid") == 0) options.uid = number(value);
    else if (strcmp(name, "gid") == 0) options.gid = number(value);
    else fail("options", EINVAL);
  }
  if (at + 2 >= argc) fail("options", EINVAL);
  enter(options);
  drop(options);
  execvp(argv[at + 1], argv + at + 2);
  fail("execvp");
}
