#ifndef NETNS_EXECUTOR_H_
#define NETNS_EXECUTOR_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "fd.h"
#include "plan.h"
#include "result.h"

namespace netns {

// What threads that use the same netlink sockets share. One lock a socket (by hash): two threads
// conversing on one socket would take each other's replies. One sequence for all, so that a late
// answer to an abandoned request is never taken for another's.
struct SocketTable {
  std::mutex locks[64];
  std::atomic<uint32_t> sequence{1};
  std::mutex& lock(int fd) { return locks[static_cast<unsigned>(fd) % 64]; }
};

// What a thread (or a single-threaded helper process) has to offer to the plans it runs.
struct Context {
  int home = -1;  // namespace to come back to; -1: plans that leave it fail with EPERM
  int stop = -1;  // an eventfd that becomes readable when all waiting must end; -1: none
  SocketTable* sockets = nullptr;
  // Called before waiting for what may take long (somebody's file lock).
  void (*onWait)(void*) = nullptr;
  void* waiter = nullptr;

  // Set from any thread: the plan ends before its next step.
  std::atomic<bool> cancelled{false};

  bool holder = false;    // a holder process, see holder.h
  bool away = false;      // in another namespace now
  bool stranded = false;  // could not come home: must run nothing more

  Buffer scratch;  // one datagram, see exchange.cc
};

struct Outcome {
  int error = 0;     // 0 or the negative errno of the first failure
  int step = 0;      // its step; the number of steps when coming home failed
  int message = -1;  // its message, in TRANSACT
};

// The state of one run, seen by the step functions. They return 0 or a negative errno.
struct Run {
  Context& context;
  Result& result;
  Fd* slots;
  uint16_t step = 0;
  int message = -1;
  const char* syscall = nullptr;  // the call that failed, unless the kernel's answer says more
  bool undoing = false;           // not to be cancelled

  bool cancelled() const { return !undoing && context.cancelled.load(); }
  int fail(const char* name);             // with the present errno
  int fail(const char* name, int error);  // with a negative errno
  void tellSyscall(int error);            // adds the record that names it
  int descriptor(int32_t operand) const { return operand >= 0 ? operand : slots[~operand].get(); }
  int open(int slot, int fd, const char* name);  // keeps fd in the slot, or fails
  void data(const void* bytes, size_t length) {
    result.add(Kind::kData, step, 0, static_cast<int32_t>(length), bytes, length);
  }
};

using Step = int (*)(Run&, const Operands&);

// Runs a checked plan (checkPlan). `slots` has kSlots descriptors, which may hold some already;
// those that are neither exported nor taken are the caller's to close.
Outcome run(uint8_t* plan, Context& context, Fd* slots, Result& result);

// Waits for an answer of the kernel's, which as a rule is there already, 30 s at most.
int waitReply(const Context& context, int fd);

// Waits until fd is readable. 0, -ETIMEDOUT or, told to stop, -ECANCELED.
int waitReadable(const Context& context, int fd, int milliseconds);

}  // namespace netns

#endif  // NETNS_EXECUTOR_H_
