#include "rights.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "error.h"

namespace netns {
namespace {

constexpr size_t kControl = CMSG_SPACE(kMaxRights * sizeof(int));

}  // namespace

int sendAll(int socket, const void* bytes, size_t length) {
  const auto* at = static_cast<const char*>(bytes);
  while (length > 0) {
    const ssize_t n = retry([&] { return send(socket, at, length, MSG_NOSIGNAL); });
    if (n < 0) return -errno;
    at += n;
    length -= static_cast<size_t>(n);
  }
  return 0;
}

int sendRights(int socket, const void* bytes, size_t length, const int* fds, size_t count) {
  if (count > kMaxRights) return -E2BIG;
  alignas(cmsghdr) char control[kControl];
  iovec vector = {const_cast<void*>(bytes), length};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
  }
  const ssize_t n = retry([&] { return sendmsg(socket, &message, MSG_NOSIGNAL); });
  if (n < 0) return -errno;
  const auto sent = static_cast<size_t>(n);
  return sendAll(socket, static_cast<const char*>(bytes) + sent, length - sent);
}

int receiveAll(int socket, void* bytes, size_t length) {
  auto* at = static_cast<char*>(bytes);
  while (length > 0) {
    const ssize_t n = retry([&] { return recv(socket, at, length, 0); });
    if (n < 0) return -errno;
    if (n == 0) return -EPIPE;
    at += n;
    length -= static_cast<size_t>(n);
  }
  return 0;
}

int receiveRights(int socket, void* bytes, size_t length, Fd* fds, size_t count) {
  alignas(cmsghdr) char control[kControl];
  iovec vector = {bytes, length};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t n = retry([&] { return recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  if (n < 0) return -errno;
  if (n == 0) return -EPIPE;
  size_t taken = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t given = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < given; i++) {
      int number;
      memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      Fd fd(number);
      if (taken < count) fds[taken++] = std::move(fd);
    }
  }
  const auto received = static_cast<size_t>(n);
  return receiveAll(socket, static_cast<char*>(bytes) + received, length - received);
}

}  // namespace netns
