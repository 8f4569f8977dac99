#ifndef NETNS_NETLINK_H_
#define NETNS_NETLINK_H_

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>

#ifndef NLM_F_CAPPED
#define NLM_F_CAPPED 0x100
#define NLM_F_ACK_TLVS 0x200
#endif

namespace netns {

// Extended and capped acknowledgements, strict checking of requests, a receive buffer of
// `receiveBuffer` bytes (0: as it is), bound. 0 or -1 with errno.
int prepareNetlink(int fd, int receiveBuffer);

// Sets SO_RCVBUF or SO_SNDBUF past the system's limit when allowed to, else up to it.
void growBuffer(int fd, int option, int bytes);

// What the kernel says in NLMSG_ERROR, or in the NLMSG_DONE of a dump.
struct Verdict {
  int error = 0;          // 0 or a negative errno
  uint32_t offset = 0;    // of the attribute to blame, from the start of the message; 0: none
  const char* text = "";  // not NUL-terminated
  size_t length = 0;
};
Verdict readVerdict(const nlmsghdr* header);

// Calls visit(header) for each whole message in the bytes.
template <typename Visit>
void eachMessage(uint8_t* bytes, size_t length, Visit visit) {
  while (length >= NLMSG_HDRLEN) {
    auto* header = reinterpret_cast<nlmsghdr*>(bytes);
    const size_t size = header->nlmsg_len;
    if (size < NLMSG_HDRLEN || size > length) return;
    visit(header);
    const size_t step = NLMSG_ALIGN(size);
    if (step >= length) return;
    bytes += step;
    length -= step;
  }
}

}  // namespace netns

#endif  // NETNS_NETLINK_H_
