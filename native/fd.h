#ifndef NETNS_FD_H_
#define NETNS_FD_H_

#include <unistd.h>

#include <utility>

namespace netns {

// Owns one descriptor. close() is never repeated after EINTR: Linux has released the number by
// then, and a second close could hit a descriptor another thread has just been given.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) ::close(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace netns

#endif  // NETNS_FD_H_
