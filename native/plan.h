#ifndef NETNS_PLAN_H_
#define NETNS_PLAN_H_

#include <climits>
#include <cstddef>
#include <cstdint>

namespace netns {

// A plan is bytes: a header, then steps one after the other, everything aligned to 4. See plan.cc
// for the operands of each operation. Nothing of a plan runs before all of it has been checked.
enum class Op : uint16_t {
  kNone,
  kUnshare,
  kEnter,
  kHome,
  kOpen,
  kSocket,
  kTransact,
  kBind,
  kUnmount,
  kCreate,
  kUnlink,
  kWrite,
  kRead,
  kClose,
  kRunDir,
  kCookie,
  kStat,
  kSockaddr,
  kListen,
  kSetsockopt,
  kTun,
  kEthtool,
  kLock,
  kMounted,
  kGetsockname,
  kLinkName,
  kHolder,
  kCount,
};

// Step flags.
constexpr uint16_t kUndo = 1;    // runs only to undo the forward step before it
constexpr uint16_t kIgnore = 2;  // its failure does not fail the plan

// Plan flags. The only one makes coming home fail, so that tests can see a lane retired.
constexpr uint32_t kFailHome = 0x80000000;

// Message flags of TRANSACT.
constexpr uint16_t kBarrier = 1;   // sent only after all before it are acknowledged
constexpr uint16_t kOptional = 2;  // its failure does not fail the step
constexpr uint16_t kNoAck = 4;     // gets no acknowledgement (nfnetlink's batch frame)
constexpr uint16_t kHold = 8;      // never parted from the message before it
// Messages that belong to the one before them; both are barriers too.
constexpr uint16_t kNeeds = 16;      // sent only when all of its group before it have succeeded
constexpr uint16_t kTakesBack = 32;  // sent only when the group's first has, and another has not

constexpr uint32_t kMaxSteps = 4096;
constexpr uint32_t kMaxUndo = 256;
constexpr int32_t kHere = INT32_MIN;  // COOKIE: a socket of the namespace the lane is in

struct PlanHeader {
  uint32_t length;
  uint32_t steps;
  uint32_t exports;
  uint32_t flags;
};

struct StepHeader {
  uint16_t op;
  uint16_t flags;
  uint32_t length;
};

struct Entry {
  uint32_t offset;  // of the message, from the first message
  uint16_t flags;
  uint16_t references;
};

struct Reference {
  uint32_t offset;  // where the u32 goes, from the first message
  uint16_t kind;    // 0: index of the link named; 1: a descriptor
  uint16_t length;
};

struct Text {
  const char* data;  // ends with NUL
  uint32_t length;
};

struct Transaction {
  Entry* entries;
  uint32_t count;
  const uint8_t* references;
  uint32_t referenceCount;
  uint32_t referenceBytes;
  uint8_t* messages;
  uint32_t length;
  uint32_t tries;
};

struct Operands {
  int32_t number[5];
  Text text[2];
  Transaction transaction;
};

// Checks everything a step function relies on. 0 or -EINVAL.
int checkPlan(uint8_t* bytes, size_t length);

// Where a checked plan names descriptors by number, in its steps and messages, but for the HOLDER
// itself: how many, of which the first `room` are written.
size_t listDescriptors(uint8_t* bytes, uint32_t* offsets, size_t room);

// True when the plan moves the thread to another namespace.
bool movesThread(const uint8_t* bytes);

// Reads the operands of a step. False when they don't fit into it.
bool readOperands(uint8_t* step, Operands* operands);

}  // namespace netns

#endif  // NETNS_PLAN_H_
