#ifndef NETNS_EXCHANGE_H_
#define NETNS_EXCHANGE_H_

#include <linux/netlink.h>

#include "executor.h"
#include "netlink.h"

namespace netns {

// One TRANSACT: sends the messages in as few segments as can be, and collects all answers.
class Exchange {
 public:
  Exchange(Run& run, int fd, const Transaction& transaction)
      : run_(run), fd_(fd), t_(transaction), reference_(transaction.references) {}
  int run();

 private:
  // What has become of a message, in the upper bits of its entry's flags.
  static constexpr uint16_t kAnswered = 0x8000;
  static constexpr uint16_t kReplied = 0x4000;
  static constexpr uint16_t kLost = 0x2000;  // a reply was longer than the buffer
  static constexpr uint16_t kFailed = 0x1000;
  // Sent without asking for an acknowledgement: that of a later one says that it is done.
  static constexpr uint16_t kQuiet = 0x0800;

  nlmsghdr* message(uint32_t i) const {
    return reinterpret_cast<nlmsghdr*>(t_.messages + t_.entries[i].offset);
  }
  bool isDump(uint32_t i) const;
  bool isPureGet(uint32_t i);
  bool isQuiet(uint32_t i) const;
  bool is(uint32_t i, uint16_t flag) const { return (t_.entries[i].flags & flag) != 0; }
  void mark(uint32_t i, uint16_t flag) { t_.entries[i].flags |= flag; }
  uint32_t expectedCost(uint32_t i) const;

  int runSegments();
  uint32_t groupOf(uint32_t i) const;
  bool anyFailed(uint32_t from, uint32_t to) const;
  void passOver(uint32_t i);
  bool isComplete(uint32_t head, uint32_t end) const;
  void takeBack();
  uint32_t segmentEnd(uint32_t from);
  int limit(int option, int* cache, uint32_t wanted);
  int segment(uint32_t from, uint32_t to);
  int resolve(uint32_t from, uint32_t to);
  int send(uint32_t from, uint32_t to);
  int collect(uint32_t from, uint32_t to);
  int repeatLost(uint32_t from, uint32_t to);
  void take(const nlmsghdr* header, uint32_t from, uint32_t to);
  void refuse(uint32_t i, const Verdict& verdict);

  // dump.cc
  int dump(uint32_t i);
  int dumpOnce(size_t room, Verdict* verdict, size_t* truncated);

  Run& run_;
  const int fd_;
  const Transaction& t_;
  const uint8_t* reference_;  // the next one to resolve
  uint32_t sequence_ = 0;     // of the segment's first message
  uint32_t waiting_ = 0;      // acknowledgements still to come
  bool frameFailed_ = false;  // a message that gets no acknowledgement got an error
  int error_ = 0;             // of the first failed message of the segment
  int failed_ = -1;           // which one that is
  int receiveLimit_ = 0;
  int sendLimit_ = 0;
};

}  // namespace netns

#endif  // NETNS_EXCHANGE_H_
