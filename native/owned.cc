#include "owned.h"

#include <unistd.h>

namespace netns {

bool Owned::has(int fd) const {
  const auto word = static_cast<size_t>(fd) / 64;
  return fd >= 0 && word < bits_.size() && (bits_[word] >> (fd % 64) & 1) != 0;
}

void Owned::add(int fd) {
  if (fd < 0 || has(fd)) return;
  const auto word = static_cast<size_t>(fd) / 64;
  if (word >= bits_.size()) bits_.resize(word + 16);
  bits_[word] |= uint64_t{1} << (fd % 64);
  count_++;
}

bool Owned::remove(int fd) {
  if (!has(fd)) return false;
  bits_[static_cast<size_t>(fd) / 64] &= ~(uint64_t{1} << (fd % 64));
  count_--;
  return true;
}

void Owned::closeAll() {
  for (size_t word = 0; word < bits_.size(); word++) {
    for (int bit = 0; bits_[word] != 0; bit++) {
      if ((bits_[word] >> bit & 1) == 0) continue;
      bits_[word] &= ~(uint64_t{1} << bit);
      ::close(static_cast<int>(word * 64) + bit);
    }
  }
  count_ = 0;
}

}  // namespace netns
