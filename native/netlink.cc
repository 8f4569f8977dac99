#include "netlink.h"

#include <sys/socket.h>

#include "buffer.h"

namespace netns {

int prepareNetlink(int fd, int receiveBuffer) {
  const int on = 1;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) != 0) return -1;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) != 0) return -1;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) != 0) return -1;
  if (receiveBuffer > 0) growBuffer(fd, SO_RCVBUF, receiveBuffer);
  // The first send would bind it as well; but one that only listens hears nothing, unbound.
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

void growBuffer(int fd, int option, int bytes) {
  const int forced = option == SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE;
  if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) == 0) return;
  (void)setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}

Verdict readVerdict(const nlmsghdr* header) {
  Verdict verdict;
  const auto* bytes = reinterpret_cast<const uint8_t*>(header);
  size_t at = NLMSG_HDRLEN + sizeof(int);
  if (header->nlmsg_len < at) return verdict;
  verdict.error = load<int>(bytes + NLMSG_HDRLEN);
  if (header->nlmsg_type == NLMSG_ERROR) {
    if (header->nlmsg_len < NLMSG_HDRLEN + sizeof(nlmsgerr)) return verdict;
    // Behind the error: the request's header, and the rest of it when not capped.
    const auto request = load<uint32_t>(bytes + at);
    at += (header->nlmsg_flags & NLM_F_CAPPED) != 0 ? NLMSG_HDRLEN : NLMSG_ALIGN(size_t{request});
  }
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return verdict;
  while (at + NLA_HDRLEN <= header->nlmsg_len) {
    const auto attribute = load<nlattr>(bytes + at);
    if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > header->nlmsg_len - at) break;
    const size_t length = attribute.nla_len - NLA_HDRLEN;
    const uint8_t* value = bytes + at + NLA_HDRLEN;
    if (attribute.nla_type == NLMSGERR_ATTR_MSG) {
      verdict.text = reinterpret_cast<const char*>(value);
      verdict.length = strnlen(verdict.text, length);
    } else if (attribute.nla_type == NLMSGERR_ATTR_OFFS && length >= 4) {
      verdict.offset = load<uint32_t>(value);
    }
    at += NLA_ALIGN(attribute.nla_len);
  }
  return verdict;
}

}  // namespace netns
