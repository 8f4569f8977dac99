#ifndef NETNS_BUFFER_H_
#define NETNS_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace netns {

template <typename T>
inline T load(const uint8_t* at) {
  T value;
  memcpy(&value, at, sizeof(T));
  return value;
}

template <typename T>
inline void store(uint8_t* at, T value) {
  memcpy(at, &value, sizeof(T));
}

inline size_t align4(size_t n) { return (n + 3) & ~size_t{3}; }

// Bytes that grow by doubling. Without exceptions a failed allocation has to be seen: reserve()
// says false and leaves everything as it was.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { free(data_); }

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  uint8_t* end() { return data_ + size_; }
  size_t room() const { return capacity_ - size_; }
  size_t capacity() const { return capacity_; }

  bool reserve(size_t room) {
    if (capacity_ - size_ >= room) return true;
    size_t wanted = capacity_ == 0 ? 1024 : capacity_;
    while (wanted - size_ < room) wanted *= 2;
    auto* grown = static_cast<uint8_t*>(realloc(data_, wanted));
    if (grown == nullptr) return false;
    data_ = grown;
    capacity_ = wanted;
    return true;
  }
  bool append(const void* bytes, size_t length) {
    if (!reserve(length)) return false;
    if (length > 0) memcpy(end(), bytes, length);
    size_ += length;
    return true;
  }
  void extend(size_t length) { size_ += length; }
  void truncate(size_t size) { size_ = size; }

  // Hands the bytes to the caller, who frees them with free().
  uint8_t* release() {
    uint8_t* bytes = data_;
    data_ = nullptr;
    size_ = capacity_ = 0;
    return bytes;
  }
  void shrink(size_t most) {
    if (capacity_ > most) free(release());
  }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace netns

#endif  // NETNS_BUFFER_H_
