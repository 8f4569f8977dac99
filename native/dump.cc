#include <sys/socket.h>

#include "buffer.h"
#include "error.h"
#include "exchange.h"

namespace netns {
namespace {

// The kernel fills up to 32 KB at a time when it is offered that much.
constexpr size_t kRoom = size_t{64} * 1024;

}  // namespace

// Receives into the result itself until the dump is done, whatever happens on the way: an
// unfinished one would make the socket's next EBUSY.
int Exchange::dumpOnce(size_t room, Verdict* verdict, size_t* truncated) {
  Buffer& bytes = run_.result.bytes;
  bool interrupted = false;
  bool overrun = false;
  bool done = false;
  while (!done) {
    if (!bytes.reserve(room)) {
      run_.result.exhaust();
      return run_.fail("recvmsg", -ENOMEM);
    }
    const size_t offered = bytes.room();
    const ssize_t n = recv(fd_, bytes.end(), offered, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == ENOBUFS) {
        overrun = true;
      } else if (errno != EAGAIN) {
        return run_.fail("recvmsg");
      } else if (overrun) {
        break;
      } else {
        const int waited = waitReply(run_.context, fd_);
        if (waited != 0) return run_.fail("recvmsg", waited);
      }
      continue;
    }
    const auto length = static_cast<size_t>(n);
    if (length > offered && length > *truncated) *truncated = length;
    uint8_t* kept = bytes.end();
    eachMessage(bytes.end(), length < offered ? length : offered, [&](nlmsghdr* header) {
      if (header->nlmsg_seq != sequence_) return;
      if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
      if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
        *verdict = readVerdict(header);
        done = true;
      } else if (header->nlmsg_type >= NLMSG_MIN_TYPE) {
        const size_t size = NLMSG_ALIGN(header->nlmsg_len);
        if (kept != reinterpret_cast<uint8_t*>(header)) memmove(kept, header, size);
        kept += size;
      }
    });
    // The text of a verdict stays where it is until the next receive; there is none after it.
    bytes.extend(static_cast<size_t>(kept - bytes.end()));
  }
  if (verdict->error != 0) return 0;
  if (interrupted) return -EINTR;
  return overrun || *truncated > 0 ? -ENOBUFS : 0;
}

int Exchange::dump(uint32_t i) {
  int error = resolve(i, i + 1);
  if (error != 0) return error;
  nlmsghdr* header = message(i);
  const uint32_t tries = t_.tries > 0 ? t_.tries : 1;
  size_t room = kRoom;
  for (uint32_t attempt = 0;; attempt++) {
    sequence_ = run_.context.sockets->sequence.fetch_add(1);
    header->nlmsg_seq = sequence_;
    header->nlmsg_pid = 0;
    header->nlmsg_flags |= NLM_F_REQUEST;
    const size_t size = align4(header->nlmsg_len);
    if (retry([&] { return ::send(fd_, header, size, 0); }) < 0) return run_.fail("sendmsg");

    const size_t record = run_.result.open(Kind::kReplies, run_.step, i, 0);
    if (record == 0) return run_.fail("recvmsg", -ENOMEM);
    Verdict verdict;
    size_t truncated = 0;
    run_.syscall = nullptr;
    error = dumpOnce(room, &verdict, &truncated);
    if (error == 0 && verdict.error == 0) {
      if (run_.result.bytes.size() == record + Result::kRecord) run_.result.drop(record);
      else run_.result.close(record);
      return 0;
    }
    if (run_.syscall != nullptr) {
      run_.result.drop(record);
      return error;
    }
    if (verdict.error != 0) {
      // The text is in the bytes about to be overwritten.
      char text[512];
      const size_t length = verdict.length < sizeof(text) ? verdict.length : sizeof(text);
      memcpy(text, verdict.text, length);
      run_.result.drop(record);
      verdict.text = text;
      verdict.length = length;
      refuse(i, verdict);
      break;
    }
    run_.result.drop(record);
    if (truncated > room) {
      room = truncated * 2;  // known to be too small: does not count as a try
      if (attempt < tries + 8) continue;
    }
    if (attempt + 1 < tries) continue;
    verdict.error = error;
    verdict.text = error == -EINTR ? "dump interrupted" : "receive buffer overrun during a dump";
    verdict.length = strlen(verdict.text);
    refuse(i, verdict);
    break;
  }
  run_.message = failed_;
  return error_;
}

}  // namespace netns
