#include <napi.h>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "holdercalls.h"
#include "packet.h"
#include "poll.h"
#include "process.h"
#include "socketcalls.h"

namespace netns {
namespace {

// The calls every plan makes go through plain Node-API: half the cost of the wrappers.
struct PlanCall {
  Environment* environment = nullptr;
  const uint8_t* bytes = nullptr;
  size_t length = 0;

  PlanCall(napi_env env, napi_callback_info info) {
    napi_value values[2];
    size_t count = 2;
    uint32_t wanted = 0;
    if (napi_get_cb_info(env, info, &count, values, nullptr, nullptr) != napi_ok || count < 2 ||
        napi_get_value_uint32(env, values[1], &wanted) != napi_ok) {
      return;
    }
    const Bytes given(env, values[0]);
    if (given.data == nullptr || wanted > given.length) return;
    environment = Environment::of(env);
    bytes = given.data;
    length = wanted;
  }
};

napi_value submit(napi_env env, napi_callback_info info) {
  const PlanCall call(env, info);
  const int ticket =
      call.environment == nullptr ? -EINVAL : call.environment->submit(call.bytes, call.length);
  napi_value value = nullptr;
  napi_create_int32(env, ticket, &value);
  return value;
}

template <bool here>
napi_value runSync(napi_env env, napi_callback_info info) {
  const PlanCall call(env, info);
  napi_value bytes = nullptr;
  if (call.environment != nullptr) bytes = call.environment->runSync(call.bytes, call.length, here);
  if (bytes == nullptr) napi_throw_type_error(env, nullptr, "bytes and a length expected");
  return bytes;
}

Napi::Value start(const Napi::CallbackInfo& info) {
  auto* environment = Environment::of(info.Env());
  if (!info[0].IsFunction() || environment->start(info[0]) != 0) {
    Napi::TypeError::New(info.Env(), "a function expected").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  napi_value outcome = nullptr;
  napi_get_reference_value(info.Env(), environment->outcome, &outcome);
  return {info.Env(), outcome};
}

Napi::Value cancel(const Napi::CallbackInfo& info) {
  const auto ticket = static_cast<uint32_t>(integer(info, 0));
  static const char* const kWords[] = {"never", "running", "done"};
  return Napi::String::New(info.Env(), kWords[Environment::of(info.Env())->cancel(ticket)]);
}

Napi::Value lanes(const Napi::CallbackInfo& info) {
  const Pool::Counts counts = Environment::of(info.Env())->lanes();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("threads", counts.threads);
  object.Set("busy", counts.busy);
  object.Set("queued", counts.queued);
  object.Set("retired", counts.retired);
  return object;
}

void setPlain(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  Environment* environment = Environment::create(env);
  if (environment == nullptr) {
    Napi::Error::New(env, "no event loop").ThrowAsJavaScriptException();
    return exports;
  }
  napi_create_reference(env, Poll::define(env), 1, &environment->pollClass);
  setPlain(env, exports, "submit", submit);
  setPlain(env, exports, "runSync", runSync<false>);
  setPlain(env, exports, "transactSync", runSync<true>);
  exports.Set("start", Napi::Function::New(env, start, "start"));
  exports.Set("cancel", Napi::Function::New(env, cancel, "cancel"));
  exports.Set("lanes", Napi::Function::New(env, lanes, "lanes"));
  exportCalls(env, exports);
  exportSocketCalls(env, exports);
  exportPacketCalls(env, exports);
  exportProcess(env, exports);
  exportHolderCalls(env, exports);
  return exports;
}

}  // namespace
}  // namespace netns

using netns::initialize;
NODE_API_MODULE(netns, initialize)
