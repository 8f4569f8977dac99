#include "lane.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>

#include "error.h"
#include "job.h"
#include "pool.h"

namespace netns {
namespace {

constexpr size_t kStack = size_t{512} * 1024;

}  // namespace

int64_t monotonic() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int Lane::start(int home, int stop, SocketTable* sockets) {
  context_.home = home;
  context_.stop = stop;
  context_.sockets = sockets;
  context_.waiter = this;
  context_.onWait = [](void* lane) {
    auto* self = static_cast<Lane*>(lane);
    self->blocked.store(true);
    self->pool_->notify();
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  // Signals are for the main thread: none may cut a plan's system calls short.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(&thread_, &attributes, main, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return -error;
}

void* Lane::main(void* lane) {
  pthread_setname_np(pthread_self(), "netns-lane");
  static_cast<Lane*>(lane)->loop();
  return nullptr;
}

// A thread begins where its creator is, and that may be inside another namespace just then. Where
// nothing has to be done nothing is: without privileges, setns() to where one is fails as well.
int Lane::arrive() {
  const Fd here(retry([] { return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }));
  struct stat now;
  struct stat home;
  if (!here.valid() || fstat(here.get(), &now) != 0 || fstat(context_.home, &home) != 0) {
    return -errno;
  }
  if (now.st_ino == home.st_ino && now.st_dev == home.st_dev) return 0;
  return setns(context_.home, CLONE_NEWNET) == 0 ? 0 : -errno;
}

void Lane::loop() {
  const int arrived = arrive();
  if (arrived != 0) context_.stranded = true;
  Fd slots[kSlots];
  while (Job* job = pool_->next(this)) {
    if (arrived == 0) {
      job->outcome = run(job->plan.data(), context_, slots, job->result);
    } else {
      job->result.begin(0);
      job->result.addText(Kind::kSyscall, 0, 0, arrived, "setns", 5);
      job->outcome = {arrived, 0, -1};
    }
    for (Fd& slot : slots) slot.reset();
    const bool last = context_.stranded;
    pool_->finish(this, job, last);
    if (last) return;
  }
}

}  // namespace netns
