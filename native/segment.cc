#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "exchange.h"

// How much is sent at once: what both of the socket's buffers hold.
namespace netns {
namespace {

constexpr uint32_t kUnasked = 64 * 1024;  // below this, socket limits need no asking for
constexpr uint32_t kAckCost = 1536;       // of receive buffer: an error with its explanation
constexpr uint32_t kReplyCost = 16 * 1024;

bool isGet(const nlmsghdr* header) {
  // nfnetlink changes come in batches only, so what is alone is a question.
  return header->nlmsg_type >= 0x100 || (header->nlmsg_type & 3) == 2;
}

}  // namespace

uint32_t Exchange::expectedCost(uint32_t i) const {
  const nlmsghdr* header = message(i);
  const bool replies =
      (header->nlmsg_flags & NLM_F_ECHO) != 0 || (isGet(header) && !is(i, kHold | kNoAck));
  return replies ? kReplyCost : kAckCost;
}

// The socket's limit, grown if a single message (or batch) needs more than it.
int Exchange::limit(int option, int* cache, uint32_t wanted) {
  socklen_t length = sizeof(*cache);
  if (*cache == 0) getsockopt(fd_, SOL_SOCKET, option, cache, &length);
  if (wanted > static_cast<uint32_t>(*cache)) {
    growBuffer(fd_, option, static_cast<int>(wanted));
    getsockopt(fd_, SOL_SOCKET, option, cache, &length);
  }
  return *cache;
}

uint32_t Exchange::segmentEnd(uint32_t from) {
  uint32_t end = from;
  uint32_t cost = 0;
  uint32_t bytes = 0;
  while (end < t_.count) {
    if (end > from && (is(end, kBarrier) || isDump(end))) break;
    // Messages that must stay together are added together.
    uint32_t next = end;
    uint32_t addedCost = 0;
    uint32_t addedBytes = 0;
    do {
      addedCost += expectedCost(next);
      addedBytes += NLMSG_ALIGN(message(next)->nlmsg_len);
      next++;
    } while (next < t_.count && is(next, kHold));
    const uint32_t slack = 4096;
    const bool first = end == from;
    if (cost + addedCost > kUnasked) {
      const uint32_t wanted = first ? addedCost + slack : 0;
      const auto most = static_cast<uint32_t>(limit(SO_RCVBUF, &receiveLimit_, wanted));
      if (!first && cost + addedCost + slack > most) break;
    }
    if (bytes + addedBytes > kUnasked) {
      const uint32_t wanted = first ? addedBytes + slack : 0;
      const auto most = static_cast<uint32_t>(limit(SO_SNDBUF, &sendLimit_, wanted));
      if (!first && bytes + addedBytes + slack > most) break;
    }
    cost += addedCost;
    bytes += addedBytes;
    end = next;
  }
  return end;
}

}  // namespace netns
