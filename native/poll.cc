#include "poll.h"

#include <cerrno>

#include "environment.h"

namespace netns {

Napi::Function Poll::define(Napi::Env env) {
  return DefineClass(env, "PollHandle",
                     {
                         InstanceMethod("start", &Poll::start),
                         InstanceMethod("stop", &Poll::stop),
                         InstanceMethod("close", &Poll::close),
                         InstanceMethod("ref", &Poll::ref),
                         InstanceMethod("unref", &Poll::unref),
                     });
}

Poll::Poll(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Poll>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsFunction()) {
    Napi::TypeError::New(env, "a descriptor and a function expected").ThrowAsJavaScriptException();
    return;
  }
  fd_ = info[0].As<Napi::Number>().Int32Value();
  auto* environment = Environment::of(env);
  auto* handle = new uv_poll_t;
  int error = uv_poll_init(environment->loop, handle, fd_);
  if (error != 0) {
    delete handle;
    Napi::Error::New(env, uv_strerror(error)).ThrowAsJavaScriptException();
    return;
  }
  environment_ = environment;
  handle_ = handle;
  handle_->data = this;
  callback_ = Napi::Persistent(info[1].As<Napi::Function>());
  environment_->add(this);
  error = watch();
  if (error != 0) {
    shut();
    Napi::Error::New(env, uv_strerror(error)).ThrowAsJavaScriptException();
  }
}

int Poll::watch() {
  return uv_poll_start(handle_, UV_READABLE, [](uv_poll_t* poll, int status, int events) {
    static_cast<Poll*>(poll->data)->ready(status, events);
  });
}

void Poll::start(const Napi::CallbackInfo&) {
  if (handle_ != nullptr) watch();
}

void Poll::stop(const Napi::CallbackInfo&) {
  if (handle_ != nullptr) uv_poll_stop(handle_);
}

void Poll::shut() {
  if (handle_ == nullptr) return;
  uv_poll_t* handle = handle_;
  handle_ = nullptr;
  environment_->remove(this);
  environment_->closes();
  handle->data = environment_;
  uv_close(reinterpret_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) {
    auto* environment = static_cast<Environment*>(closed->data);
    delete reinterpret_cast<uv_poll_t*>(closed);
    environment->closed();
  });
  callback_.Reset();
}

void Poll::ready(int status, int events) {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  // The callback may close this poll.
  const Napi::Function callback = callback_.Value();
  napi_value value;
  napi_create_int32(env, status < 0 ? status : events, &value);
  Environment::callBack(env, callback, 1, &value);
}

void Poll::ref(const Napi::CallbackInfo&) {
  if (handle_ != nullptr) uv_ref(reinterpret_cast<uv_handle_t*>(handle_));
}

void Poll::unref(const Napi::CallbackInfo&) {
  if (handle_ != nullptr) uv_unref(reinterpret_cast<uv_handle_t*>(handle_));
}

}  // namespace netns
