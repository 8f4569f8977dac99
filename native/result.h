#ifndef NETNS_RESULT_H_
#define NETNS_RESULT_H_

#include <cstdint>

#include "buffer.h"
#include "fd.h"

namespace netns {

constexpr int kSlots = 256;   // descriptors of a plan
constexpr int kExports = 32;  // of these, the ones that can be handed to JavaScript

enum class Kind : uint16_t {
  kReplies = 1,  // netlink messages, raw
  kError = 2,    // a message's error: u32 attribute offset, extended ACK text
  kData = 3,     // what a step read, `extra` bytes of it
  kNotice = 4,   // extended ACK text that came with a success
  kSyscall = 5,  // name of the system call that failed
};

// What a plan brings back, in the layout JavaScript reads: u32 count of exported descriptors,
// {i32 slot, i32 descriptor} each (none when the plan failed), then records {u32 length, u16 step,
// u16 kind, u32 message, i32 extra, payload}.
class Result {
 public:
  static constexpr size_t kRecord = 16;

  void begin(uint32_t exports);

  // Out of memory is remembered, not reported call by call: the plan fails with ENOMEM at its end.
  bool exhausted() const { return exhausted_; }
  void exhaust() { exhausted_ = true; }

  void add(Kind kind, uint16_t step, uint32_t message, int32_t extra, const void* payload,
           size_t length);
  void addText(Kind kind, uint16_t step, uint32_t message, int32_t extra, const char* text,
               size_t length);
  // ERROR: the offset comes before the text.
  void addError(uint16_t step, uint32_t message, int32_t error, uint32_t offset, const char* text,
                size_t length);
  // Appends a reply to the message's record, which is a new one unless the last record is its own.
  void addReply(uint16_t step, uint32_t message, const void* bytes, size_t length);

  // A record whose payload is written straight behind `bytes`; close() fixes its length, drop()
  // takes it away again.
  size_t open(Kind kind, uint16_t step, uint32_t message, int32_t extra);
  void close(size_t record);
  void drop(size_t record);

  // Puts the records from here on into the order of their messages.
  void sort(size_t from);

  void exportSlots(Fd* slots);
  void exportNothing();
  // Gives the exported descriptors away, in order.
  template <typename Take>
  void release(Take take) {
    for (uint32_t i = 0; i < count_; i++) {
      if (exported_[i].valid()) take(exported_[i].release());
    }
  }
  // Closes what nobody has taken.
  void discard();

  Buffer bytes;

 private:
  Fd exported_[kExports];
  uint32_t exports_ = 0;
  uint32_t count_ = 0;
  size_t last_ = 0;  // the record addReply may continue; 0: none
  bool exhausted_ = false;
};

}  // namespace netns

#endif  // NETNS_RESULT_H_
