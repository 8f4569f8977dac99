#include <cerrno>
#include <cstring>

#include "environment.h"

// How results get to JavaScript.
namespace netns {

int Inbox::make(napi_env env, size_t wanted) {
  napi_value buffer;
  napi_value made;
  napi_ref reference = nullptr;
  void* bytes = nullptr;
  if (napi_create_arraybuffer(env, wanted, &bytes, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_uint8_array, wanted, buffer, 0, &made) != napi_ok ||
      napi_create_reference(env, made, 1, &reference) != napi_ok) {
    return -ENOMEM;
  }
  if (array != nullptr) napi_delete_reference(env, array);
  data = static_cast<uint8_t*>(bytes);
  size = wanted;
  array = reference;
  return 0;
}

napi_value Environment::takeBytes(Result* result, Inbox* inbox) {
  napi_value array = nullptr;
  Buffer& bytes = result->bytes;
  const size_t length = bytes.size();
  if (length > inbox->size && length <= Inbox::kMost) {
    size_t wanted = inbox->size;
    while (wanted < length) wanted *= 2;
    // Without the memory for it, the result goes the way of the longest ones.
    inbox->make(env_, wanted);
  }
  if (length <= inbox->size) {
    memcpy(inbox->data, bytes.data(), length);
    napi_get_reference_value(env_, inbox->array, &array);
    return array;
  }
  napi_value buffer = nullptr;
  uint8_t* data = bytes.release();
  const napi_status status = napi_create_external_arraybuffer(
      env_, data, length, [](napi_env, void* given, void*) { free(given); }, nullptr, &buffer);
  if (status != napi_ok) {
    void* copy = nullptr;
    if (napi_create_arraybuffer(env_, length, &copy, &buffer) == napi_ok) {
      memcpy(copy, data, length);
    }
    free(data);
  }
  if (buffer != nullptr) {
    napi_create_typedarray(env_, napi_uint8_array, length, buffer, 0, &array);
  }
  return array;
}

void Environment::callBack(napi_env env, napi_value function, size_t count,
                           const napi_value* values) {
  napi_value global;
  if (napi_get_global(env, &global) != napi_ok) return;
  napi_value returned;
  const napi_status status =
      napi_make_callback(env, nullptr, global, function, count, values, &returned);
  if (status != napi_pending_exception) return;
  napi_value thrown;
  // Nothing is left to tell it to when the environment is being terminated.
  if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
    napi_fatal_exception(env, thrown);
  }
}

void Environment::deliver(Job* job) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) {
    recycle(job);
    return;
  }
  const Outcome came = job->outcome;
  const auto length = static_cast<uint32_t>(job->result.bytes.size());
  job->result.release([this](int fd) { owned.add(fd); });
  napi_value function = nullptr;
  napi_value values[6];
  napi_get_reference_value(env_, deliver_, &function);
  napi_create_uint32(env_, job->ticket, &values[0]);
  napi_create_int32(env_, came.error, &values[1]);
  napi_create_int32(env_, came.step, &values[2]);
  napi_create_int32(env_, came.message, &values[3]);
  values[4] = takeBytes(&job->result, &inbox_);
  napi_create_uint32(env_, length, &values[5]);
  recycle(job);
  if (values[4] != nullptr) callBack(env_, function, 6, values);
  napi_close_handle_scope(env_, scope);
}

void Environment::deliverAll() {
  pool_->grow();
  JobList finished = pool_->takeFinished();
  while (Job* job = finished.pop()) {
    landed();
    deliver(job);
  }
}

}  // namespace netns
