#ifndef NETNS_ENVIRONMENT_H_
#define NETNS_ENVIRONMENT_H_

#include <node_api.h>
#include <uv.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "owned.h"
#include "pool.h"

namespace netns {

class Poll;

// Bytes shared with JavaScript: results are copied here, so that delivering one makes no object.
struct Inbox {
  static constexpr size_t kSize = size_t{64} * 1024;
  // It grows with the results up to this: fresh memory for each long dump costs more than the copy.
  static constexpr size_t kMost = size_t{16} * 1024 * 1024;
  uint8_t* data = nullptr;
  size_t size = 0;
  napi_ref array = nullptr;

  int make(napi_env env, size_t wanted);
};

// What one Node environment (the main thread or a worker) holds. There is no other state.
class Environment {
 public:
  static Environment* of(napi_env env);
  // Makes it the environment's instance data and arranges for its clean-up.
  static Environment* create(napi_env env);

  // Calls a function as from the event loop: what it throws is an uncaught exception.
  static void callBack(napi_env env, napi_value function, size_t count, const napi_value* values);

  int start(napi_value deliver);
  int submit(const uint8_t* plan, size_t length);  // ticket or a negative errno
  // 0 never runs, 1 runs, 2 has run.
  int cancel(uint32_t ticket);
  // Blocks. The bytes are returned, the rest is in `outcome`. here: on this thread.
  napi_value runSync(const uint8_t* plan, size_t length, bool here);

  bool close(int fd);
  int rehome();
  Pool::Counts lanes();

  void add(Poll* poll) { polls_.push_back(poll); }
  void remove(Poll* poll);
  // uv handles on their way to being closed: the clean-up waits for them.
  void closes() { closings_++; }
  void closed();

  Owned owned;
  uv_loop_t* loop = nullptr;
  napi_ref outcome = nullptr;  // of runSync, an Int32Array: errno, step, message, length
  napi_ref pollClass = nullptr;

 private:
  explicit Environment(napi_env env) : env_(env) {}
  ~Environment();
  int makeInboxes();
  Job* makeJob(const uint8_t* plan, size_t length, int* error);
  void recycle(Job* job);
  void deliverAll();
  void deliver(Job* job);
  napi_value takeBytes(Result* result, Inbox* inbox);
  void landed();
  void cleanUp(napi_async_cleanup_hook_handle hook);

  const napi_env env_;
  Fd home_;
  std::unique_ptr<Pool> pool_;
  SocketTable sockets_;
  Context here_;  // for plans that run on this thread
  uv_async_t* async_ = nullptr;
  napi_ref deliver_ = nullptr;
  Inbox inbox_;   // of deliver
  Inbox outbox_;  // of runSync, which may be called while a delivery is read
  int32_t* outcomeData_ = nullptr;
  JobList spare_;
  Job* roomy_ = nullptr;  // the one of them that keeps room for a long dump
  std::vector<Poll*> polls_;
  uint32_t tickets_ = 0;
  uint32_t inFlight_ = 0;
  int closings_ = 0;
  napi_async_cleanup_hook_handle hook_ = nullptr;  // set once the clean-up has begun
};

}  // namespace netns

#endif  // NETNS_ENVIRONMENT_H_
