#ifndef NETNS_OWNED_H_
#define NETNS_OWNED_H_

#include <cstdint>
#include <vector>

namespace netns {

// The descriptors an environment owns, one bit each: closing anything else is refused, and what is
// left at the end is closed.
class Owned {
 public:
  bool has(int fd) const;
  void add(int fd);
  bool remove(int fd);
  int count() const { return count_; }
  void closeAll();

 private:
  std::vector<uint64_t> bits_;
  int count_ = 0;
};

}  // namespace netns

#endif  // NETNS_OWNED_H_
