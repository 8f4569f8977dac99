#include "exchange.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "buffer.h"
#include "error.h"
#include "lookup.h"
#include "steps.h"

namespace netns {
namespace {

constexpr size_t kScratch = size_t{64} * 1024;

}  // namespace

bool Exchange::isDump(uint32_t i) const {
  // The same bits mean replace and exclude in a change, but a change has NLM_F_ACK.
  const uint16_t flags = message(i)->nlmsg_flags;
  return (flags & NLM_F_DUMP) == NLM_F_DUMP && (flags & NLM_F_ACK) == 0 && !is(i, kNoAck | kHold);
}

bool Exchange::isPureGet(uint32_t i) {
  int protocol = -1;
  socklen_t length = sizeof(protocol);
  getsockopt(fd_, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
  return protocol == NETLINK_ROUTE && (message(i)->nlmsg_type & 3) == 2;
}

void Exchange::refuse(uint32_t i, const Verdict& verdict) {
  mark(i, kFailed);
  run_.message = static_cast<int>(i);
  run_.tellSyscall(verdict.error);
  run_.result.addError(run_.step, i, verdict.error, verdict.offset, verdict.text, verdict.length);
  if (is(i, kOptional)) return;
  if (failed_ < 0 || i < static_cast<uint32_t>(failed_)) {
    failed_ = static_cast<int>(i);
    error_ = verdict.error;
  }
}

// Sent all the same, as something the kernel passes over: the others keep their places.
void Exchange::passOver(uint32_t i) {
  message(i)->nlmsg_type = NLMSG_NOOP;
  message(i)->nlmsg_flags = 0;
  mark(i, kAnswered);
}

// The message that those with kNeeds and kTakesBack behind it belong to.
uint32_t Exchange::groupOf(uint32_t i) const {
  while (i > 0 && is(i, kNeeds | kTakesBack)) i--;
  return i;
}

bool Exchange::anyFailed(uint32_t from, uint32_t to) const {
  while (from < to && !is(from, kFailed)) from++;
  return from < to;
}

bool Exchange::isComplete(uint32_t head, uint32_t end) const {
  while (head < end && is(head, kAnswered) && !is(head, kFailed)) head++;
  return head == end;
}

// What was begun before the exchange ended too early, and has a message that takes it back.
void Exchange::takeBack() {
  const int told = run_.message;
  const char* const syscall = run_.syscall;
  for (uint32_t i = 1; i < t_.count; i++) {
    if (!is(i, kTakesBack) || is(i, kAnswered) || t_.entries[i].references > 0) continue;
    const uint32_t head = groupOf(i);
    if (!is(head, kAnswered) || is(head, kFailed) || isComplete(head, i)) continue;
    // Nobody can do more when this fails as well.
    if (send(i, i + 1) == 0) (void)collect(i, i + 1);
  }
  run_.message = told;
  run_.syscall = syscall;
}

int Exchange::resolve(uint32_t from, uint32_t to) {
  // Messages of one batch mostly name one link, and none of them renames it: see changesLink.
  const uint8_t* known = nullptr;
  uint16_t knownLength = 0;
  int knownIndex = 0;
  for (uint32_t i = from; i < to; i++) {
    for (uint32_t r = 0; r < t_.entries[i].references; r++) {
      const auto reference = load<Reference>(reference_);
      const uint8_t* operand = reference_ + sizeof(Reference);
      reference_ = operand + align4(reference.length);
      if (is(i, kAnswered)) continue;
      int value;
      if (reference.kind == 0) {
        if (known != nullptr && reference.length == knownLength &&
            memcmp(operand, known, knownLength) == 0) {
          value = knownIndex;
        } else {
          value = findLink(run_, fd_, reinterpret_cast<const char*>(operand), reference.length);
          known = value >= 0 ? operand : nullptr;
          knownLength = reference.length;
          knownIndex = value;
        }
      } else {
        value = run_.descriptor(load<int32_t>(operand));
        if (value < 0) value = run_.fail("sendmsg", -EBADF);
      }
      if (value >= 0) {
        store<int32_t>(t_.messages + reference.offset, value);
        continue;
      }
      Verdict verdict;
      verdict.error = value;
      refuse(i, verdict);
      if (!is(i, kOptional)) return value;
      passOver(i);
      run_.syscall = nullptr;
    }
  }
  return 0;
}

// The kernel works a batch off in order, and tells errors unasked: of changes only the last has to
// be acknowledged. What answers, or is part of a frame, is waited for by itself.
bool Exchange::isQuiet(uint32_t i) const {
  const nlmsghdr* header = message(i);
  const bool change = header->nlmsg_type < 0x100 && (header->nlmsg_type & 3) != 2;
  return change && (header->nlmsg_flags & NLM_F_ECHO) == 0 && !is(i, kNoAck | kHold);
}

int Exchange::send(uint32_t from, uint32_t to) {
  sequence_ = run_.context.sockets->sequence.fetch_add(to - from);
  waiting_ = 0;
  frameFailed_ = false;
  uint32_t last = to;
  while (last > from && is(last - 1, kAnswered | kNoAck)) last--;
  for (uint32_t i = from; i < to; i++) {
    nlmsghdr* header = message(i);
    header->nlmsg_seq = sequence_ + (i - from);
    header->nlmsg_pid = 0;
    if (is(i, kAnswered)) continue;
    header->nlmsg_flags |= NLM_F_REQUEST;
    if (is(i, kNoAck)) continue;
    if (i + 1 < last && isQuiet(i)) {
      header->nlmsg_flags &= static_cast<uint16_t>(~NLM_F_ACK);
      mark(i, kQuiet);
      continue;
    }
    header->nlmsg_flags |= NLM_F_ACK;
    waiting_++;
  }
  const uint32_t start = t_.entries[from].offset;
  const uint32_t end = to < t_.count ? t_.entries[to].offset : t_.length;
  if (retry([&] { return ::send(fd_, t_.messages + start, end - start, 0); }) < 0) {
    return run_.fail("sendmsg");
  }
  return 0;
}

void Exchange::take(const nlmsghdr* header, uint32_t from, uint32_t to) {
  const uint32_t index = header->nlmsg_seq - sequence_;
  if (index >= to - from) return;  // a late answer to something given up
  const uint32_t i = from + index;
  if (header->nlmsg_type != NLMSG_ERROR) {
    if (header->nlmsg_type < NLMSG_MIN_TYPE) return;
    run_.result.addReply(run_.step, i, header, NLMSG_ALIGN(header->nlmsg_len));
    mark(i, kReplied);
    return;
  }
  const Verdict verdict = readVerdict(header);
  if (is(i, kNoAck)) frameFailed_ = verdict.error != 0;
  else if (!is(i, kAnswered | kQuiet)) waiting_--;
  mark(i, kAnswered);
  if (verdict.error != 0) {
    refuse(i, verdict);
  } else if (verdict.length > 0) {
    run_.result.addText(Kind::kNotice, run_.step, i, 0, verdict.text, verdict.length);
  }
}

// Everything is in the receive buffer when send() returns. With an overrun, or a batch refused as
// a whole, some answers never come: then an empty buffer is the end.
int Exchange::collect(uint32_t from, uint32_t to) {
  Buffer& scratch = run_.context.scratch;
  if (!scratch.reserve(kScratch)) return run_.fail("recvmsg", -ENOMEM);
  bool overrun = false;
  const bool framed = is(from, kNoAck) || is(to - 1, kNoAck);
  while (waiting_ > 0 || framed) {
    const ssize_t n = recv(fd_, scratch.data(), scratch.room(), MSG_DONTWAIT | MSG_TRUNC);
    if (n >= 0) {
      const auto length = static_cast<size_t>(n);
      if (length <= scratch.room()) {
        eachMessage(scratch.data(), length, [&](nlmsghdr* h) { take(h, from, to); });
        continue;
      }
      const uint32_t index = load<nlmsghdr>(scratch.data()).nlmsg_seq - sequence_;
      if (index < to - from) mark(from + index, kLost);
      if (!scratch.reserve(length)) return run_.fail("recvmsg", -ENOMEM);
    } else if (errno == ENOBUFS) {
      overrun = true;
    } else if (errno == EAGAIN) {
      if (waiting_ == 0 || overrun || frameFailed_) break;
      const int waited = waitReply(run_.context, fd_);
      if (waited != 0) return run_.fail("recvmsg", waited);
    } else if (errno != EINTR) {
      return run_.fail("recvmsg");
    }
  }
  // With an overrun, what is not acknowledged may have failed.
  for (uint32_t i = from; i < to && !overrun; i++) {
    if (is(i, kQuiet)) mark(i, kAnswered);
  }
  return 0;
}

// Questions are asked again, one at a time; a change whose acknowledgement is lost may have
// happened or not, and that is what its error says.
int Exchange::repeatLost(uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) {
    const bool lost = is(i, kLost);
    if (!lost && (is(i, kAnswered | kNoAck) || frameFailed_)) continue;
    if (is(i, kReplied) && !lost) continue;
    t_.entries[i].flags &= static_cast<uint16_t>(~kLost);
    if (isPureGet(i) && !is(i, kReplied)) {
      t_.entries[i].flags &= static_cast<uint16_t>(~kAnswered);
      int error = send(i, i + 1);
      if (error == 0) error = collect(i, i + 1);
      if (error != 0) return error;
      if (is(i, kAnswered | kReplied) && !is(i, kLost)) continue;
    }
    Verdict verdict;
    verdict.error = lost ? -EMSGSIZE : -ENOBUFS;
    verdict.text = lost ? "reply too long" : "acknowledgement lost";
    verdict.length = strlen(verdict.text);
    refuse(i, verdict);
  }
  return 0;
}

int Exchange::segment(uint32_t from, uint32_t to) {
  if (is(from, kNeeds | kTakesBack)) {
    const uint32_t head = groupOf(from);
    const bool failed = anyFailed(head, from);
    const bool wanted = is(from, kNeeds) ? !failed : failed && !is(head, kFailed);
    if (!wanted) passOver(from);
  }
  int error = resolve(from, to);
  if (error == 0) error = send(from, to);
  if (error == 0) error = collect(from, to);
  if (error == 0) error = repeatLost(from, to);
  run_.message = failed_;
  return error != 0 ? error : error_;
}

int Exchange::run() {
  const std::lock_guard<std::mutex> conversation(run_.context.sockets->lock(fd_));
  const size_t start = run_.result.bytes.size();
  const int error = runSegments();
  if (error != 0) takeBack();
  // Answers come in order, but errors found before sending are told before answers.
  if (!run_.result.exhausted()) run_.result.sort(start);
  return error;
}

int Exchange::runSegments() {
  for (uint32_t i = 0; i < t_.count;) {
    run_.message = -1;
    if (run_.cancelled() && i > 0) return -ECANCELED;
    const bool dumps = isDump(i);
    const uint32_t end = dumps ? i + 1 : segmentEnd(i);
    const int error = dumps ? dump(i) : segment(i, end);
    if (error != 0) return error;
    i = end;
  }
  return 0;
}

int steps::transact(Run& run, const Operands& operands) {
  return Exchange(run, run.descriptor(operands.number[0]), operands.transaction).run();
}

}  // namespace netns
