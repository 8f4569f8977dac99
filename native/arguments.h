#ifndef NETNS_ARGUMENTS_H_
#define NETNS_ARGUMENTS_H_

#include <napi.h>

#include <cstdint>

namespace netns {

// An absent or wrong argument is 0 with an exception pending.
inline int integer(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

// Bytes of a typed array, by plain Node-API for speed. `data` is null when it is none.
struct Bytes {
  uint8_t* data = nullptr;
  size_t length = 0;

  Bytes(napi_env env, napi_value value) {
    napi_typedarray_type type;
    void* start = nullptr;
    napi_value buffer;
    size_t offset;
    size_t elements = 0;
    if (napi_get_typedarray_info(env, value, &type, &elements, &start, &buffer, &offset) !=
        napi_ok) {
      return;
    }
    // An empty array has no bytes, but is one.
    static uint8_t nothing;
    data = start == nullptr ? &nothing : static_cast<uint8_t*>(start);
    length = elements;
    if (type == napi_int32_array || type == napi_uint32_array) length *= 4;
    else if (type != napi_uint8_array) data = nullptr;
  }
};

}  // namespace netns

#endif  // NETNS_ARGUMENTS_H_
