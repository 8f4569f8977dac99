#ifndef NETNS_POLL_H_
#define NETNS_POLL_H_

#include <napi.h>
#include <uv.h>

namespace netns {

class Environment;

// Tells JavaScript when a descriptor is readable: no more, the rest is read from there.
class Poll : public Napi::ObjectWrap<Poll> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Poll(const Napi::CallbackInfo& info);
  ~Poll() override { shut(); }

  int fd() const { return fd_; }
  void shut();

 private:
  void ready(int status, int events);
  int watch();
  void start(const Napi::CallbackInfo&);
  void stop(const Napi::CallbackInfo&);
  void close(const Napi::CallbackInfo&) { shut(); }
  void ref(const Napi::CallbackInfo&);
  void unref(const Napi::CallbackInfo&);

  Environment* environment_ = nullptr;
  uv_poll_t* handle_ = nullptr;  // outlives this until uv has closed it
  int fd_ = -1;
  Napi::FunctionReference callback_;
};

}  // namespace netns

#endif  // NETNS_POLL_H_
