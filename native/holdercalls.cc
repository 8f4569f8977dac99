#include "holdercalls.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "arguments.h"
#include "environment.h"
#include "error.h"
#include "holder.h"
#include "rights.h"

namespace netns {
namespace {

// A holder that has been started and is still to be buried: with the environment at the latest.
struct Started {
  napi_env env;
  pid_t pid;
};

void bury(void* data) {
  const auto* started = static_cast<Started*>(data);
  kill(started->pid, SIGKILL);
  retry([&] { return waitpid(started->pid, nullptr, 0); });
  delete started;
}

// startHolder(flags, serves): [its process id, the control socket, its user namespace], or a
// negative errno. It runs plans (serves) or nothing but waits.
Napi::Value startHolder(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int flags = integer(info, 0);
  const bool serves = info[1].ToBoolean();
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return Napi::Number::New(env, -errno);
  }
  Fd ours(pair[0]);
  Fd theirs(pair[1]);
  // No signal may reach the parent's handlers in the child.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = (serves ? startServing : startWaiting)(theirs.get(), flags);
  int error = pid < 0 ? -errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return Napi::Number::New(env, error);
  theirs.reset();
  Fd user;
  const int received = receiveRights(ours.get(), &error, sizeof(error), &user, 1);
  if (received != 0) error = received;
  auto* started = new Started{env, pid};
  if (error != 0) {
    bury(started);
    return Napi::Number::New(env, error);
  }
  napi_add_env_cleanup_hook(env, bury, started);
  Environment* environment = Environment::of(env);
  environment->owned.add(ours.get());
  environment->owned.add(user.get());
  Napi::Array result = Napi::Array::New(env, 4);
  result.Set(0U, Napi::Number::New(env, pid));
  result.Set(1U, Napi::Number::New(env, ours.release()));
  result.Set(2U, Napi::Number::New(env, user.release()));
  result.Set(3U, Napi::External<Started>::New(env, started));
  return result;
}

// buryHolder(token): ends a holder, unless it has ended, and takes its exit. Once.
Napi::Value buryHolder(const Napi::CallbackInfo& info) {
  auto* started = info[0].As<Napi::External<Started>>().Data();
  napi_remove_env_cleanup_hook(info.Env(), bury, started);
  bury(started);
  return info.Env().Undefined();
}

}  // namespace

void exportHolderCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("startHolder", Napi::Function::New(env, startHolder, "startHolder"));
  exports.Set("buryHolder", Napi::Function::New(env, buryHolder, "buryHolder"));
}

}  // namespace netns
