#include "plan.h"

#include <linux/netlink.h>

#include <cerrno>

#include "buffer.h"
#include "result.h"

namespace netns {
namespace {

// One letter an operand: o slot to open, f descriptor (negative: slot ~n), l slot to close, c as f
// or kHere, i number, s string, b bytes, t transaction. Numbers come first.
const char* const kSignatures[] = {
    nullptr,   // kNone
    "oi",      // kUnshare      slot, flags
    "f",       // kEnter
    "",        // kHome
    "oiis",    // kOpen         slot, flags, mode, path
    "oiiii",   // kSocket       slot, domain, type, protocol, receive buffer
    "t",       // kTransact
    "fs",      // kBind         descriptor, path
    "s",       // kUnmount
    "s",       // kCreate
    "s",       // kUnlink
    "sb",      // kWrite        path, bytes
    "s",       // kRead
    "l",       // kClose
    "s",       // kRunDir
    "c",       // kCookie
    "f",       // kStat
    "fib",     // kSockaddr     descriptor, 0 bind 1 connect, address
    "fi",      // kListen       descriptor, backlog
    "fiib",    // kSetsockopt   descriptor, level, name, value
    "oiiiis",  // kTun          slot, flags, owner, group, persist, name
    "fisb",    // kEthtool      descriptor, length of the answer, link, command
    "os",      // kLock         slot, path
    "s",       // kMounted
    "f",       // kGetsockname
    "fi",      // kLinkName     descriptor, ifindex
    "f",       // kHolder       control socket of the process that runs the plan
};
static_assert(sizeof(kSignatures) / sizeof(kSignatures[0]) == static_cast<size_t>(Op::kCount));

constexpr uint32_t kMaxAlternativeName = 127;

class Cursor {
 public:
  Cursor(uint8_t* from, uint8_t* to) : at_(from), end_(to) {}
  bool done() const { return at_ == end_; }
  uint8_t* take(size_t length) {
    if (length > static_cast<size_t>(end_ - at_)) return nullptr;
    uint8_t* taken = at_;
    at_ += length;
    return taken;
  }
  bool number(int32_t* value) {
    const uint8_t* at = take(4);
    if (at == nullptr) return false;
    *value = load<int32_t>(at);
    return true;
  }
  // u32 length, the bytes, a NUL, padding.
  bool text(Text* text, bool isString) {
    const uint8_t* at = take(4);
    if (at == nullptr) return false;
    text->length = load<uint32_t>(at);
    if (text->length > static_cast<size_t>(end_ - at_)) return false;
    at = take(align4(size_t{text->length} + 1));
    if (at == nullptr || at[text->length] != 0) return false;
    if (isString && memchr(at, 0, text->length) != nullptr) return false;
    text->data = reinterpret_cast<const char*>(at);
    return true;
  }

 private:
  uint8_t* at_;
  uint8_t* end_;
};

bool isSlot(int32_t slot) { return slot >= 0 && slot < kSlots; }
bool isDescriptor(int32_t fd) { return fd >= 0 || isSlot(~fd); }

bool readTransaction(Cursor* cursor, Operands* operands) {
  Transaction& t = operands->transaction;
  if (!cursor->number(&operands->number[0]) || !isDescriptor(operands->number[0])) return false;
  const uint8_t* at = cursor->take(16);
  if (at == nullptr) return false;
  t.count = load<uint32_t>(at);
  t.referenceCount = load<uint32_t>(at + 4);
  t.length = load<uint32_t>(at + 8);
  t.tries = load<uint32_t>(at + 12);
  if (t.count > INT32_MAX / sizeof(Entry) || t.length % 4 != 0) return false;
  t.entries = reinterpret_cast<Entry*>(cursor->take(t.count * sizeof(Entry)));
  if (t.entries == nullptr && t.count > 0) return false;
  const uint8_t* references = cursor->take(0);
  t.references = references;
  for (uint32_t i = 0; i < t.referenceCount; i++) {
    const uint8_t* reference = cursor->take(sizeof(Reference));
    if (reference == nullptr) return false;
    if (cursor->take(align4(load<Reference>(reference).length)) == nullptr) return false;
  }
  t.referenceBytes = static_cast<uint32_t>(cursor->take(0) - references);
  t.messages = cursor->take(t.length);
  return t.messages != nullptr;
}

bool checkReference(const Reference& reference, const uint8_t* operand, uint32_t from,
                    uint32_t to) {
  // Inside the message and behind its header: what the frame says stays as it was checked.
  if (reference.offset < from + NLMSG_HDRLEN || reference.offset > to - 4) return false;
  if (reference.kind == 0) {
    return reference.length > 0 && reference.length <= kMaxAlternativeName &&
           memchr(operand, 0, reference.length) == nullptr;
  }
  return reference.kind == 1 && reference.length == 4 && isDescriptor(load<int32_t>(operand));
}

bool checkTransaction(const Transaction& t) {
  if (t.count == 0) return false;
  uint32_t offset = 0;
  uint32_t references = 0;
  const uint8_t* at = t.references;
  for (uint32_t i = 0; i < t.count; i++) {
    const Entry& entry = t.entries[i];
    if (entry.offset != offset || t.length - offset < NLMSG_HDRLEN) return false;
    if ((entry.flags & ~(kBarrier | kOptional | kNoAck | kHold | kNeeds | kTakesBack)) != 0)
      return false;
    if ((entry.flags & kHold) != 0 && (i == 0 || (entry.flags & kBarrier) != 0)) return false;
    const bool belongs = (entry.flags & (kNeeds | kTakesBack)) != 0;
    if (belongs && (i == 0 || (entry.flags & (kBarrier | kHold)) != kBarrier)) return false;
    const auto length = load<uint32_t>(t.messages + offset);
    if (length < NLMSG_HDRLEN || length > t.length - offset) return false;
    for (uint32_t r = 0; r < entry.references; r++, references++) {
      if (references >= t.referenceCount) return false;
      const auto reference = load<Reference>(at);
      if (!checkReference(reference, at + sizeof(Reference), offset, offset + length)) return false;
      at += sizeof(Reference) + align4(reference.length);
    }
    offset += static_cast<uint32_t>(align4(length));
    if (offset > t.length) return false;
  }
  return offset == t.length && references == t.referenceCount;
}

}  // namespace

bool readOperands(uint8_t* step, Operands* operands) {
  const auto header = load<StepHeader>(step);
  Cursor cursor(step + sizeof(StepHeader), step + header.length);
  int number = 0;
  int text = 0;
  for (const char* letter = kSignatures[header.op]; *letter != 0; letter++) {
    if (*letter == 't') {
      if (!readTransaction(&cursor, operands)) return false;
    } else if (*letter == 's' || *letter == 'b') {
      if (!cursor.text(&operands->text[text++], *letter == 's')) return false;
    } else {
      int32_t* value = &operands->number[number++];
      if (!cursor.number(value)) return false;
      if (*letter == 'o' && !isSlot(*value)) return false;
      if (*letter == 'f' && !isDescriptor(*value)) return false;
      if (*letter == 'l' && !isSlot(~*value)) return false;
      if (*letter == 'c' && *value != kHere && !isDescriptor(*value)) return false;
    }
  }
  return cursor.done();
}

int checkPlan(uint8_t* bytes, size_t length) {
  if (length < sizeof(PlanHeader)) return -EINVAL;
  const auto plan = load<PlanHeader>(bytes);
  if (plan.length != length || length % 4 != 0 || plan.steps > kMaxSteps) return -EINVAL;
  if ((plan.flags & ~kFailHome) != 0) return -EINVAL;
  size_t at = sizeof(PlanHeader);
  uint32_t undo = 0;
  for (uint32_t i = 0; i < plan.steps; i++) {
    if (length - at < sizeof(StepHeader)) return -EINVAL;
    const auto step = load<StepHeader>(bytes + at);
    if (step.length < sizeof(StepHeader) || step.length % 4 != 0 || step.length > length - at ||
        step.op == 0 || step.op >= static_cast<uint16_t>(Op::kCount) ||
        (step.flags & ~(kUndo | kIgnore)) != 0) {
      return -EINVAL;
    }
    if ((step.flags & kUndo) != 0 && (i == 0 || ++undo > kMaxUndo)) return -EINVAL;
    Operands operands;
    if (!readOperands(bytes + at, &operands)) return -EINVAL;
    if (step.op == static_cast<uint16_t>(Op::kTransact) &&
        !checkTransaction(operands.transaction)) {
      return -EINVAL;
    }
    at += step.length;
  }
  return at == length ? 0 : -EINVAL;
}

size_t listDescriptors(uint8_t* bytes, uint32_t* offsets, size_t room) {
  const auto plan = load<PlanHeader>(bytes);
  size_t count = 0;
  const auto found = [&](const uint8_t* at) {
    if (load<int32_t>(at) < 0) return;
    if (count < room) offsets[count] = static_cast<uint32_t>(at - bytes);
    count++;
  };
  uint8_t* at = bytes + sizeof(PlanHeader);
  for (uint32_t i = 0; i < plan.steps; i++) {
    const auto step = load<StepHeader>(at);
    // Numbers come first, four bytes each.
    const uint8_t* operand = at + sizeof(StepHeader);
    for (const char* letter = kSignatures[step.op]; *letter != 0; letter++, operand += 4) {
      const bool names = *letter == 'f' || *letter == 'c' || *letter == 't';
      if (names && step.op != static_cast<uint16_t>(Op::kHolder)) found(operand);
      if (*letter != 't') continue;
      Operands operands;
      if (!readOperands(at, &operands)) break;
      const uint8_t* reference = operands.transaction.references;
      for (uint32_t r = 0; r < operands.transaction.referenceCount; r++) {
        const auto header = load<Reference>(reference);
        if (header.kind == 1) found(reference + sizeof(Reference));
        reference += sizeof(Reference) + align4(header.length);
      }
    }
    at += step.length;
  }
  return count;
}

bool movesThread(const uint8_t* bytes) {
  const auto plan = load<PlanHeader>(bytes);
  size_t at = sizeof(PlanHeader);
  for (uint32_t i = 0; i < plan.steps; i++) {
    const auto step = load<StepHeader>(bytes + at);
    if (step.op == static_cast<uint16_t>(Op::kUnshare) ||
        step.op == static_cast<uint16_t>(Op::kEnter)) {
      return true;
    }
    at += step.length;
  }
  return false;
}

}  // namespace netns
