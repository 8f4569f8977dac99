#include "executor.h"

#include <poll.h>
#include <sched.h>

#include <cerrno>

#include "buffer.h"
#include "error.h"
#include "holder.h"
#include "steps.h"

namespace netns {
namespace {

const Step kSteps[] = {
    nullptr,         steps::unshareNet, steps::enter,    steps::home,    steps::open,
    steps::socket,   steps::transact,   steps::bind,     steps::unmount, steps::create,
    steps::unlink,   steps::write,      steps::read,     steps::close,   steps::runDir,
    steps::cookie,   steps::stat,       steps::sockaddr, steps::listen,  steps::setsockopt,
    steps::tun,      steps::ethtool,    steps::lock,     steps::mounted, steps::getsockname,
    steps::linkName, steps::holder,
};
static_assert(sizeof(kSteps) / sizeof(kSteps[0]) == static_cast<size_t>(Op::kCount));

int runStep(uint8_t* at, Run& state) {
  Operands operands;
  if (!readOperands(at, &operands)) return -EINVAL;
  state.message = -1;
  state.syscall = nullptr;
  return kSteps[load<StepHeader>(at).op](state, operands);
}

// What undoing says is nobody's business: the first failure is the one to tell.
void undo(uint8_t** stack, uint32_t depth, Context& context, Fd* slots) {
  Result ignored;
  ignored.begin(0);
  Run state{context, ignored, slots};
  state.undoing = true;
  while (depth > 0) runStep(stack[--depth], state);
}

int comeHome(Context& context, uint32_t flags, Run& state) {
  if (!context.away) return 0;
  if ((flags & kFailHome) != 0) {
    context.stranded = true;
    return state.fail("setns", -EPERM);
  }
  return steps::home(state, Operands{});
}

}  // namespace

int Run::fail(const char* name) { return fail(name, -errno); }

int Run::fail(const char* name, int error) {
  syscall = name;
  return error;
}

void Run::tellSyscall(int error) {
  if (syscall == nullptr) return;
  const auto which = static_cast<uint32_t>(message);
  result.addText(Kind::kSyscall, step, which, error, syscall, strlen(syscall));
}

int Run::open(int slot, int fd, const char* name) {
  if (fd < 0) return fail(name);
  slots[slot].reset(fd);
  return 0;
}

int waitReply(const Context& context, int fd) {
  constexpr int kTimeout = 30'000;
  if (context.onWait != nullptr) context.onWait(context.waiter);
  return waitReadable(context, fd, kTimeout);
}

int waitReadable(const Context& context, int fd, int milliseconds) {
  pollfd polled[2] = {{fd, POLLIN, 0}, {context.stop, POLLIN, 0}};
  const int ready = retry([&] { return poll(polled, 2, milliseconds); });
  if (ready < 0) return -errno;
  if (ready == 0) return -ETIMEDOUT;
  return polled[1].revents != 0 ? -ECANCELED : 0;
}

Outcome run(uint8_t* bytes, Context& context, Fd* slots, Result& result) {
  const int control = context.holder ? -1 : holderOf(bytes);
  if (control >= 0) return forward(bytes, control, context, slots, result);
  const auto plan = load<PlanHeader>(bytes);
  result.begin(plan.exports);
  Run state{context, result, slots};
  Outcome outcome;
  uint8_t* undoing[kMaxUndo];
  uint32_t depth = 0;
  bool succeeded = true;
  uint8_t* at = bytes + sizeof(PlanHeader);
  for (uint32_t i = 0; i < plan.steps; i++) {
    const auto header = load<StepHeader>(at);
    if ((header.flags & kUndo) != 0) {
      if (succeeded) undoing[depth++] = at;
    } else {
      state.step = static_cast<uint16_t>(i);
      const int error = state.cancelled() ? -ECANCELED : runStep(at, state);
      succeeded = error == 0;
      if (!succeeded) state.tellSyscall(error);
      if (!succeeded && ((header.flags & kIgnore) == 0 || error == -ECANCELED)) {
        outcome = {error, static_cast<int>(i), state.message};
        break;
      }
    }
    at += header.length;
  }
  // Undone first, from where the plan got to; a plan that can't come home counts as failed too.
  if (outcome.error != 0) undo(undoing, depth, context, slots);
  state.step = static_cast<uint16_t>(plan.steps);
  const int stranded = comeHome(context, plan.flags, state);
  if (stranded != 0) {
    state.message = -1;
    state.tellSyscall(stranded);
    if (outcome.error == 0) {
      outcome = {stranded, static_cast<int>(plan.steps), -1};
      undo(undoing, depth, context, slots);
    }
  }
  if (result.exhausted() && outcome.error == 0) {
    outcome = {-ENOMEM, static_cast<int>(plan.steps), -1};
    undo(undoing, depth, context, slots);
  }
  if (outcome.error == 0) result.exportSlots(slots);
  else result.exportNothing();
  return outcome;
}

}  // namespace netns
