#ifndef NETNS_LANE_H_
#define NETNS_LANE_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "executor.h"

namespace netns {

class Pool;

// A thread of its own that runs plans. Never one of Node's: those are shared, and one that is left
// in the wrong namespace does damage nobody can explain.
class Lane {
 public:
  explicit Lane(Pool* pool) : pool_(pool) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // 0 or a negative errno. From the environment's own thread only.
  int start(int home, int stop, SocketTable* sockets);
  void cancel() { context_.cancelled.store(true); }
  void proceed() { context_.cancelled.store(false); }
  void join() { pthread_join(thread_, nullptr); }

  // Nanoseconds of the monotonic clock since when it runs one plan; 0: it runs none.
  std::atomic<int64_t> since{0};
  std::atomic<bool> blocked{false};  // in that plan, it waits for somebody else's lock
  std::atomic<bool> ended{false};    // runs nothing more
  bool parked = false;               // by the pool, under its lock

 private:
  static void* main(void* lane);
  void loop();
  int arrive();

  Pool* const pool_;
  pthread_t thread_ = {};
  Context context_;
};

int64_t monotonic();  // nanoseconds

}  // namespace netns

#endif  // NETNS_LANE_H_
