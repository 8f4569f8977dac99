#include "lookup.h"

#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "buffer.h"
#include "error.h"
#include "netlink.h"

#ifndef IFLA_ALT_IFNAME
#define IFLA_ALT_IFNAME 53
#endif

namespace netns {
namespace {

// An alternative name may be too long for an ifreq.
int findLongName(Run& run, int fd, const char* name, uint32_t length) {
  uint8_t request[NLMSG_LENGTH(sizeof(ifinfomsg)) + NLA_HDRLEN + 128 + 4] = {};
  const uint32_t sequence = run.context.sockets->sequence.fetch_add(1);
  const size_t at = NLMSG_LENGTH(sizeof(ifinfomsg));
  if (length > 127) return run.fail("RTM_GETLINK", -ENAMETOOLONG);
  store<nlattr>(request + at, {static_cast<uint16_t>(NLA_HDRLEN + length + 1), IFLA_ALT_IFNAME});
  memcpy(request + at + NLA_HDRLEN, name, length);
  const size_t size = at + NLA_ALIGN(NLA_HDRLEN + length + 1);
  store<nlmsghdr>(request, {static_cast<uint32_t>(size), RTM_GETLINK, NLM_F_REQUEST, sequence, 0});
  if (retry([&] { return send(fd, request, size, 0); }) < 0) return run.fail("sendmsg");
  for (;;) {
    alignas(4) uint8_t reply[4096];
    const ssize_t n = retry([&] { return recv(fd, reply, sizeof(reply), MSG_DONTWAIT); });
    if (n < 0 && errno == EAGAIN) {
      const int waited = waitReply(run.context, fd);
      if (waited != 0) return run.fail("recvmsg", waited);
      continue;
    }
    if (n < 0) return run.fail("recvmsg");
    if (static_cast<size_t>(n) < NLMSG_LENGTH(sizeof(ifinfomsg))) continue;
    // Only the start is looked at, so a reply longer than the buffer is as good.
    const auto* header = reinterpret_cast<const nlmsghdr*>(reply);
    if (header->nlmsg_seq != sequence) continue;
    if (header->nlmsg_type == RTM_NEWLINK) return load<ifinfomsg>(reply + NLMSG_HDRLEN).ifi_index;
    const Verdict verdict = readVerdict(header);
    return run.fail("RTM_GETLINK", verdict.error < 0 ? verdict.error : -ENODEV);
  }
}

}  // namespace

int findLink(Run& run, int fd, const char* name, uint32_t length) {
  if (length >= IFNAMSIZ) return findLongName(run, fd, name, length);
  // Takes no rtnl lock, unlike RTM_GETLINK, and knows short alternative names too.
  ifreq request = {};
  memcpy(request.ifr_name, name, length);
  if (ioctl(fd, SIOCGIFINDEX, &request) != 0) return run.fail("SIOCGIFINDEX");
  return request.ifr_ifindex;
}

}  // namespace netns
