#include "holder.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "error.h"
#include "rights.h"
#include "steps.h"

namespace netns {
namespace {

// A plan for the holder; behind it where the plan names descriptors, then the plan. The descriptors
// travel with the message.
struct Question {
  uint32_t length;
  uint32_t descriptors;
};

// What came of it; behind it the result's bytes.
struct Answer {
  Outcome outcome;
  uint32_t length;
  uint32_t descriptors;
};

// In the holder its end of the control socket is always this one.
constexpr int kControl = 3;

// The child of a process of many threads: nothing of the parent's may be touched, its locks may be
// held by threads that are not here. glibc alone puts its allocator's in order, in fork().
void becomeHolder(int control) {
  // No terminal's signals: the parent decides when it ends.
  setsid();
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_NAME, "netns-holder");
  if (control != kControl) dup2(control, kControl);
  fcntl(kControl, F_SETFD, FD_CLOEXEC);
  // Sockets and pipes of the parent's would stay open for whoever waits for their end.
  syscall(SYS_close_range, kControl + 1, ~0U, 0);
  const int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < kControl; fd++) dup2(null, fd);
  if (null > kControl) close(null);
}

// Tells how it went, with the namespace that the others are owned by.
void report(int error) {
  const Fd user(error == 0 ? open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC) : -1);
  const int fd = user.get();
  if (error == 0 && !user.valid()) error = -errno;
  if (sendRights(kControl, &error, sizeof(error), &fd, error == 0 ? 1 : 0) != 0 || error != 0) {
    _exit(1);
  }
}

bool answerOne(Context& context, Fd* slots, Buffer& plan, Result& result) {
  Question question;
  Fd received[kMaxRights];
  if (receiveRights(kControl, &question, sizeof(question), received, kMaxRights) != 0) return false;
  if (question.descriptors > kMaxRights) return false;
  uint32_t offsets[kMaxRights];
  if (receiveAll(kControl, offsets, question.descriptors * sizeof(uint32_t)) != 0) return false;
  plan.truncate(0);
  if (!plan.reserve(question.length)) return false;
  if (receiveAll(kControl, plan.data(), question.length) != 0) return false;
  plan.extend(question.length);
  for (uint32_t i = 0; i < question.descriptors; i++) {
    if (offsets[i] > question.length - sizeof(int32_t)) return false;
    store<int32_t>(plan.data() + offsets[i], received[i].get());
  }
  Answer answer = {};
  const int error = checkPlan(plan.data(), plan.size());
  if (error == 0) {
    answer.outcome = run(plan.data(), context, slots, result);
  } else {
    answer.outcome = {error, 0, -1};
    result.begin(0);
  }
  for (int i = 0; i < kSlots; i++) slots[i].reset();
  answer.length = static_cast<uint32_t>(result.bytes.size());
  int fds[kExports];
  result.release([&](int fd) { fds[answer.descriptors++] = fd; });
  const bool sent = sendRights(kControl, &answer, sizeof(answer), fds, answer.descriptors) == 0 &&
                    sendAll(kControl, result.bytes.data(), result.bytes.size()) == 0;
  for (uint32_t i = 0; i < answer.descriptors; i++) close(fds[i]);
  return sent && !context.stranded;
}

// Runs plans until the parent closes the control socket, as its end does as well.
[[noreturn]] void serve() {
  static SocketTable sockets;
  static Context context;
  static Fd slots[kSlots];
  static Buffer plan;
  static Result result;
  context.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  context.sockets = &sockets;
  context.holder = true;
  while (answerOne(context, slots, plan, result)) {
  }
  _exit(0);
}

// Only keeps its namespaces.
[[noreturn]] void wait() {
  char byte;
  while (retry([&] { return read(kControl, &byte, 1); }) > 0) {
  }
  _exit(0);
}

int exchange(uint8_t* plan, int control, Context& context, Result& result, Fd* received,
             Answer* answer) {
  uint32_t offsets[kMaxRights];
  int fds[kMaxRights];
  const size_t count = listDescriptors(plan, offsets, kMaxRights);
  if (count > kMaxRights) return -E2BIG;
  for (size_t i = 0; i < count; i++) fds[i] = load<int32_t>(plan + offsets[i]);
  const auto header = load<PlanHeader>(plan);
  const Question question = {header.length, static_cast<uint32_t>(count)};
  int error = sendRights(control, &question, sizeof(question), fds, count);
  if (error == 0) error = sendAll(control, offsets, count * sizeof(uint32_t));
  if (error == 0) error = sendAll(control, plan, header.length);
  if (error != 0) return error;
  if (context.onWait != nullptr) context.onWait(context.waiter);
  error = waitReadable(context, control, -1);
  if (error != 0) return error;
  error = receiveRights(control, answer, sizeof(*answer), received, kExports);
  if (error != 0) return error;
  result.bytes.truncate(0);
  if (!result.bytes.reserve(answer->length)) return -ENOMEM;
  error = receiveAll(control, result.bytes.data(), answer->length);
  if (error == 0) result.bytes.extend(answer->length);
  return error;
}

}  // namespace

// Done once the plan has arrived.
int steps::holder(Run& run, const Operands&) {
  return run.context.holder ? 0 : run.fail("holder", -EINVAL);
}

pid_t startServing(int control, int flags) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  becomeHolder(control);
  report(unshare(flags) == 0 ? 0 : -errno);
  serve();
}

// Not fork() and unshare(), by which it would not be in a new process namespace itself.
pid_t startWaiting(int control, int flags) {
  clone_args arguments = {};
  arguments.flags = static_cast<uint32_t>(flags);
  arguments.exit_signal = SIGCHLD;
  const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid != 0) return static_cast<pid_t>(pid);
  becomeHolder(control);
  report(0);
  wait();
}

int holderOf(const uint8_t* plan) {
  const auto header = load<PlanHeader>(plan);
  if (header.steps == 0) return -1;
  const uint8_t* first = plan + sizeof(PlanHeader);
  if (load<StepHeader>(first).op != static_cast<uint16_t>(Op::kHolder)) return -1;
  return load<int32_t>(first + sizeof(StepHeader));
}

Outcome forward(uint8_t* plan, int control, Context& context, Fd* slots, Result& result) {
  const auto header = load<PlanHeader>(plan);
  result.begin(header.exports);
  if (result.exhausted()) return {-ENOMEM, 0, -1};
  Fd received[kExports];
  Answer answer = {};
  int error = 0;
  {
    const std::lock_guard<std::mutex> conversation(context.sockets->lock(control));
    error = exchange(plan, control, context, result, received, &answer);
    // A conversation that broke off can't be taken up again.
    if (error != 0 && error != -E2BIG) shutdown(control, SHUT_RDWR);
  }
  if (error != 0) {
    result.begin(0);
    result.addText(Kind::kSyscall, 0, 0, error, "holder", 6);
    return {error, 0, -1};
  }
  if (answer.outcome.error != 0) return answer.outcome;
  // Its table of exports says which slots these are: one that was never opened has none.
  uint32_t next = 0;
  const uint8_t* at = result.bytes.data() + sizeof(uint32_t);
  for (uint32_t exports = header.exports; exports != 0; exports &= exports - 1, at += 8) {
    if (load<int32_t>(at + 4) >= 0) slots[load<int32_t>(at)] = std::move(received[next++]);
  }
  result.exportSlots(slots);
  return answer.outcome;
}

}  // namespace netns
