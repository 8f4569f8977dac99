#include "result.h"

#include <algorithm>
#include <vector>

namespace netns {

void Result::begin(uint32_t exports) {
  discard();
  exports_ = exports;
  last_ = 0;
  exhausted_ = false;
  bytes.truncate(0);
  if (!bytes.reserve(512)) {
    exhausted_ = true;
    return;
  }
  bytes.extend(4);
  count_ = 0;
  for (int slot = 0; slot < kExports; slot++) {
    if ((exports >> slot & 1) == 0) continue;
    store<int32_t>(bytes.end(), slot);
    store<int32_t>(bytes.end() + 4, -1);
    bytes.extend(8);
    count_++;
  }
  store<uint32_t>(bytes.data(), count_);
}

size_t Result::open(Kind kind, uint16_t step, uint32_t message, int32_t extra) {
  if (exhausted_ || !bytes.reserve(kRecord)) {
    exhausted_ = true;
    return 0;
  }
  const size_t record = bytes.size();
  uint8_t* at = bytes.end();
  store<uint32_t>(at, kRecord);
  store<uint16_t>(at + 4, step);
  store<uint16_t>(at + 6, static_cast<uint16_t>(kind));
  store<uint32_t>(at + 8, message);
  store<int32_t>(at + 12, extra);
  bytes.extend(kRecord);
  last_ = 0;
  return record;
}

void Result::close(size_t record) {
  if (record == 0) return;
  const size_t length = bytes.size() - record;
  const size_t pad = align4(length) - length;
  static const uint8_t zeros[4] = {0, 0, 0, 0};
  if (!bytes.append(zeros, pad)) {
    exhausted_ = true;
    drop(record);
    return;
  }
  store<uint32_t>(bytes.data() + record, static_cast<uint32_t>(length + pad));
}

void Result::drop(size_t record) {
  if (record == 0) return;
  bytes.truncate(record);
  last_ = 0;
}

void Result::add(Kind kind, uint16_t step, uint32_t message, int32_t extra, const void* payload,
                 size_t length) {
  const size_t record = open(kind, step, message, extra);
  if (record == 0) return;
  if (!bytes.append(payload, length)) {
    exhausted_ = true;
    drop(record);
    return;
  }
  close(record);
}

void Result::addText(Kind kind, uint16_t step, uint32_t message, int32_t extra, const char* text,
                     size_t length) {
  const size_t record = open(kind, step, message, extra);
  if (record == 0) return;
  if (!bytes.append(text, length) || !bytes.append("", 1)) {
    exhausted_ = true;
    drop(record);
    return;
  }
  close(record);
}

void Result::addError(uint16_t step, uint32_t message, int32_t error, uint32_t offset,
                      const char* text, size_t length) {
  const size_t record = open(Kind::kError, step, message, error);
  if (record == 0) return;
  if (!bytes.append(&offset, 4) || !bytes.append(text, length) || !bytes.append("", 1)) {
    exhausted_ = true;
    drop(record);
    return;
  }
  close(record);
}

void Result::addReply(uint16_t step, uint32_t message, const void* payload, size_t length) {
  size_t record = last_;
  if (record == 0 || load<uint32_t>(bytes.data() + record + 8) != message ||
      load<uint16_t>(bytes.data() + record + 4) != step) {
    record = open(Kind::kReplies, step, message, 0);
    if (record == 0) return;
  }
  if (!bytes.append(payload, length)) {
    exhausted_ = true;
    return;
  }
  close(record);
  last_ = record;
}

void Result::exportSlots(Fd* slots) {
  uint32_t index = 0;
  for (int slot = 0; slot < kExports; slot++) {
    if ((exports_ >> slot & 1) == 0) continue;
    store<int32_t>(bytes.data() + 8 + size_t{index} * 8, slots[slot].get());
    exported_[index++] = std::move(slots[slot]);
  }
}

void Result::exportNothing() {
  const size_t pairs = size_t{count_} * 8;
  if (exhausted_ || bytes.size() < 4 + pairs) return;
  memmove(bytes.data() + 4, bytes.data() + 4 + pairs, bytes.size() - 4 - pairs);
  bytes.truncate(bytes.size() - pairs);
  store<uint32_t>(bytes.data(), 0);
  last_ = 0;
}

void Result::sort(size_t from) {
  struct Place {
    uint32_t message;
    size_t at;
    size_t length;
  };
  std::vector<Place> places;
  bool sorted = true;
  for (size_t at = from; at < bytes.size();) {
    const Place place = {load<uint32_t>(bytes.data() + at + 8), at,
                         load<uint32_t>(bytes.data() + at)};
    if (!places.empty() && place.message < places.back().message) sorted = false;
    places.push_back(place);
    at += place.length;
  }
  if (sorted) return;
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.message < b.message; });
  Buffer copy;
  if (!copy.append(bytes.data() + from, bytes.size() - from)) {
    exhausted_ = true;
    return;
  }
  bytes.truncate(from);
  for (const Place& place : places) bytes.append(copy.data() + place.at - from, place.length);
  last_ = 0;
}

void Result::discard() {
  for (uint32_t i = 0; i < count_; i++) exported_[i].reset();
}

}  // namespace netns
