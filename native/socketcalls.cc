#include "socketcalls.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include "arguments.h"
#include "buffer.h"
#include "environment.h"
#include "error.h"
#include "netlink.h"

namespace netns {
namespace {

using Info = Napi::CallbackInfo;

Napi::Value number(const Info& info, double value) { return Napi::Number::New(info.Env(), value); }
Napi::Value outcome(const Info& info, ssize_t result) {
  return number(info, result < 0 ? -errno : static_cast<double>(result));
}

// The first `length` bytes of an argument; fewer than that is EINVAL.
bool bytes(const Info& info, size_t index, size_t lengthIndex, Bytes* given) {
  *given = Bytes(info.Env(), info[index]);
  if (given->data == nullptr) return false;
  if (lengthIndex == 0) return true;
  const int length = integer(info, lengthIndex);
  if (length < 0 || static_cast<size_t>(length) > given->length) return false;
  given->length = static_cast<size_t>(length);
  return true;
}

Napi::Value socket(const Info& info) {
  const int domain = integer(info, 0);
  const int fd = ::socket(domain, integer(info, 1) | SOCK_CLOEXEC, integer(info, 2));
  if (fd < 0) return number(info, -errno);
  Environment::of(info.Env())->owned.add(fd);
  if (domain == AF_NETLINK && prepareNetlink(fd, 0) != 0) {
    const int error = -errno;
    Environment::of(info.Env())->close(fd);
    return number(info, error);
  }
  return number(info, fd);
}

Napi::Value bind(const Info& info) {
  Bytes address(info.Env(), info[1]);
  if (address.data == nullptr) return number(info, -EINVAL);
  const auto* at = reinterpret_cast<const sockaddr*>(address.data);
  return outcome(info, ::bind(integer(info, 0), at, static_cast<socklen_t>(address.length)));
}

Napi::Value connect(const Info& info) {
  Bytes address(info.Env(), info[1]);
  if (address.data == nullptr) return number(info, -EINVAL);
  const auto* at = reinterpret_cast<const sockaddr*>(address.data);
  return outcome(info, ::connect(integer(info, 0), at, static_cast<socklen_t>(address.length)));
}

Napi::Value listen(const Info& info) {
  return outcome(info, ::listen(integer(info, 0), integer(info, 1)));
}

Napi::Value accept(const Info& info) {
  const int fd = retry(
      [&] { return ::accept4(integer(info, 0), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); });
  if (fd < 0) return number(info, -errno);
  Environment::of(info.Env())->owned.add(fd);
  return number(info, fd);
}

using GetName = int (*)(int, sockaddr*, socklen_t*);

Napi::Value name(const Info& info, GetName get) {
  Bytes into(info.Env(), info[1]);
  if (into.data == nullptr) return number(info, -EINVAL);
  auto length = static_cast<socklen_t>(into.length);
  const int result = get(integer(info, 0), reinterpret_cast<sockaddr*>(into.data), &length);
  return number(info, result < 0 ? -errno : static_cast<double>(length));
}

Napi::Value getsockname(const Info& info) { return name(info, ::getsockname); }
Napi::Value getpeername(const Info& info) { return name(info, ::getpeername); }

Napi::Value setsockopt(const Info& info) {
  Bytes value(info.Env(), info[3]);
  if (value.data == nullptr) return number(info, -EINVAL);
  return outcome(info, ::setsockopt(integer(info, 0), integer(info, 1), integer(info, 2),
                                    value.data, static_cast<socklen_t>(value.length)));
}

// The length that was written.
Napi::Value getsockopt(const Info& info) {
  Bytes value(info.Env(), info[3]);
  if (value.data == nullptr) return number(info, -EINVAL);
  auto length = static_cast<socklen_t>(value.length);
  const int result =
      ::getsockopt(integer(info, 0), integer(info, 1), integer(info, 2), value.data, &length);
  return number(info, result < 0 ? -errno : static_cast<double>(length));
}

Napi::Value send(const Info& info) {
  Bytes given(info.Env(), nullptr);
  if (!bytes(info, 1, 2, &given)) return number(info, -EINVAL);
  const int fd = integer(info, 0);
  return outcome(info, retry([&] {
                   return ::send(fd, given.data, given.length, MSG_DONTWAIT | MSG_NOSIGNAL);
                 }));
}

Napi::Value sendTo(const Info& info) {
  Bytes given(info.Env(), nullptr);
  Bytes address(info.Env(), info[3]);
  if (!bytes(info, 1, 2, &given) || address.data == nullptr) return number(info, -EINVAL);
  const int fd = integer(info, 0);
  const auto* to = reinterpret_cast<const sockaddr*>(address.data);
  const auto size = static_cast<socklen_t>(address.length);
  return outcome(info, retry([&] {
                   return ::sendto(fd, given.data, given.length, MSG_DONTWAIT | MSG_NOSIGNAL, to,
                                   size);
                 }));
}

// The datagram's real length, which may be more than there was room for.
Napi::Value receive(const Info& info) {
  Bytes into(info.Env(), info[1]);
  if (into.data == nullptr) return number(info, -EINVAL);
  const int fd = integer(info, 0);
  return outcome(
      info, retry([&] { return ::recv(fd, into.data, into.length, MSG_DONTWAIT | MSG_TRUNC); }));
}

// The namespace id that a socket which listens to all namespaces gets with each datagram, or -1.
int32_t namespaceId(msghdr* message) {
  for (cmsghdr* at = CMSG_FIRSTHDR(message); at != nullptr; at = CMSG_NXTHDR(message, at)) {
    if (at->cmsg_level == SOL_NETLINK && at->cmsg_type == NETLINK_LISTEN_ALL_NSID &&
        at->cmsg_len >= CMSG_LEN(sizeof(int32_t))) {
      return load<int32_t>(CMSG_DATA(at));
    }
  }
  return -1;
}

// One datagram: its length, the negative of what was stored when it was cut, or 0 with `error`.
int32_t receiveOne(int fd, uint8_t* into, size_t room, int32_t* nsid, int* error) {
  iovec part = {into, room};
  alignas(cmsghdr) uint8_t control[64];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t n = retry([&] { return ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC); });
  *error = n < 0 ? -errno : 0;
  if (n < 0) return 0;
  *nsid = namespaceId(&message);
  return static_cast<size_t>(n) > room ? -static_cast<int32_t>(room) : static_cast<int32_t>(n);
}

// receiveMany(fd, into, sizes, nsids): see lib/native.ts.
Napi::Value receiveMany(const Info& info) {
  constexpr size_t kLeast = size_t{32} * 1024;  // of room, for the next one not to be cut
  const Bytes into(info.Env(), info[1]);
  const Bytes sizes(info.Env(), info[2]);
  const Bytes nsids(info.Env(), info[3]);
  if (into.data == nullptr || sizes.length < 4) return number(info, -EINVAL);
  const int fd = integer(info, 0);
  size_t most = sizes.length / 4;
  if (nsids.data != nullptr && nsids.length / 4 < most) most = nsids.length / 4;
  size_t at = 0;
  size_t count = 0;
  while (count < most && at < into.length && (count == 0 || into.length - at >= kLeast)) {
    int error = 0;
    int32_t nsid = -1;
    int32_t size = receiveOne(fd, into.data + at, into.length - at, &nsid, &error);
    if (error != 0) {
      if (count == 0) return number(info, error);
      // An overrun is told only once: it must not be lost for what came before it.
      if (error != -ENOBUFS) break;
      size = -1;
    }
    store<int32_t>(sizes.data + count * 4, size);
    if (nsids.data != nullptr) store<int32_t>(nsids.data + count * 4, nsid);
    count++;
    if (error != 0) break;
    at += align4(static_cast<size_t>(size < 0 ? -size : size));
  }
  return number(info, static_cast<double>(count));
}

}  // namespace

void exportSocketCalls(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* called, Napi::Value (*call)(const Info&)) {
    exports.Set(called, Napi::Function::New(env, call, called));
  };
  set("socket", socket);
  set("bind", bind);
  set("connect", connect);
  set("listen", listen);
  set("accept", accept);
  set("getsockname", getsockname);
  set("getpeername", getpeername);
  set("setsockopt", setsockopt);
  set("getsockopt", getsockopt);
  set("send", send);
  set("sendTo", sendTo);
  set("receive", receive);
  set("receiveMany", receiveMany);
}

}  // namespace netns
