#include "calls.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>

#include "arguments.h"
#include "buffer.h"
#include "environment.h"
#include "error.h"

namespace netns {
namespace {

using Info = Napi::CallbackInfo;

Napi::Value number(const Info& info, double value) { return Napi::Number::New(info.Env(), value); }
Napi::Value outcome(const Info& info, int result) {
  return number(info, result < 0 ? -errno : result);
}

// A descriptor made here is the environment's until it is closed or released.
Napi::Value own(const Info& info, int fd) {
  if (fd < 0) return number(info, -errno);
  Environment::of(info.Env())->owned.add(fd);
  return number(info, fd);
}

Napi::Value open(const Info& info) {
  const std::string path = info[0].As<Napi::String>();
  const int flags = integer(info, 1) | O_CLOEXEC;
  if (path.find('\0') != std::string::npos) return number(info, -EINVAL);
  return own(info, retry([&] { return ::open(path.c_str(), flags, 0600); }));
}

Napi::Value close(const Info& info) {
  return Napi::Boolean::New(info.Env(), Environment::of(info.Env())->close(integer(info, 0)));
}

Napi::Value adopt(const Info& info) {
  Environment::of(info.Env())->owned.add(integer(info, 0));
  return info.Env().Undefined();
}

Napi::Value release(const Info& info) {
  const bool had = Environment::of(info.Env())->owned.remove(integer(info, 0));
  return Napi::Boolean::New(info.Env(), had);
}

Napi::Value openFds(const Info& info) {
  return number(info, Environment::of(info.Env())->owned.count());
}

Napi::Value fstat(const Info& info) {
  struct stat status;
  if (::fstat(integer(info, 0), &status) != 0) return number(info, -errno);
  Napi::Array identity = Napi::Array::New(info.Env(), 2);
  identity.Set(0U, Napi::Number::New(info.Env(), static_cast<double>(status.st_dev)));
  identity.Set(1U, Napi::Number::New(info.Env(), static_cast<double>(status.st_ino)));
  return identity;
}

Napi::Value nsType(const Info& info) {
  return outcome(info, ioctl(integer(info, 0), NS_GET_NSTYPE));
}

Napi::Value nsUser(const Info& info) { return own(info, ioctl(integer(info, 0), NS_GET_USERNS)); }

Napi::Value nsParent(const Info& info) { return own(info, ioctl(integer(info, 0), NS_GET_PARENT)); }

Napi::Value nsOwnerUid(const Info& info) {
  uid_t uid = 0;
  if (ioctl(integer(info, 0), NS_GET_OWNER_UID, &uid) != 0) return number(info, -errno);
  return number(info, uid);
}

Napi::Value setns(const Info& info) {
  return outcome(info, ::setns(integer(info, 0), integer(info, 1)));
}

Napi::Value unshare(const Info& info) { return outcome(info, ::unshare(integer(info, 0))); }

Napi::Value rehome(const Info& info) { return number(info, Environment::of(info.Env())->rehome()); }

Napi::Value poll(const Info& info) {
  napi_value type = nullptr;
  napi_get_reference_value(info.Env(), Environment::of(info.Env())->pollClass, &type);
  return Napi::Function(info.Env(), type).New({info[0], info[1]});
}

}  // namespace

void exportCalls(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Value (*call)(const Info&)) {
    exports.Set(name, Napi::Function::New(env, call, name));
  };
  set("open", open);
  set("close", close);
  set("adopt", adopt);
  set("release", release);
  set("openFds", openFds);
  set("fstat", fstat);
  set("nsType", nsType);
  set("nsUser", nsUser);
  set("nsParent", nsParent);
  set("nsOwnerUid", nsOwnerUid);
  set("setns", setns);
  set("unshare", unshare);
  set("rehome", rehome);
  set("poll", poll);
}

}  // namespace netns
