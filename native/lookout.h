#ifndef NETNS_LOOKOUT_H_
#define NETNS_LOOKOUT_H_

#include <atomic>
#include <cstdint>

#include "lane.h"

namespace netns {

// Decides whether to look out for something a moment before sleeping until it comes. With a
// processor to spare that saves waking a thread; without one it keeps away what it looks out for.
// So it is done as long as it pays, and tried again now and then. Under the pool's lock.
class Lookout {
 public:
  explicit Lookout(int64_t nanoseconds) : long_(nanoseconds) {}

  bool pays() {
    if (credit_ > 0) return true;
    if (++skipped_ < kRetry) return false;
    skipped_ = 0;
    return true;
  }
  void told(bool came) {
    if (came && credit_ < kMost) credit_++;
    if (!came) credit_ = credit_ > 1 ? credit_ - 2 : 0;
  }

  // Without the lock: true as soon as `come` says so.
  template <typename Come>
  bool look(Come come) const {
    const int64_t until = monotonic() + long_;
    do {
      for (int i = 0; i < 32; i++) {
        if (come()) return true;
        relax();
      }
    } while (monotonic() < until);
    return false;
  }

 private:
  static constexpr int kMost = 8;
  static constexpr int kRetry = 64;

  static void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  const int64_t long_;
  int credit_ = kMost;
  int skipped_ = 0;
};

}  // namespace netns

#endif  // NETNS_LOOKOUT_H_
