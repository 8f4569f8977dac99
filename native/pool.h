#ifndef NETNS_POOL_H_
#define NETNS_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "fd.h"
#include "job.h"
#include "lane.h"
#include "lookout.h"

namespace netns {

// The lanes of one environment and what they have to do. One lane does everything, in order, since
// two contend for the kernel's rtnl lock and gain nothing. Only while it is held up does another
// take over, started (up to kLanes) or called back from where it is parked.
class Pool {
 public:
  static constexpr int kLanes = 4;
  static constexpr int64_t kHeldUp = 2'000'000;  // nanoseconds in one plan

  struct Counts {
    int threads;
    int busy;
    int queued;
    int retired;
  };

  // `wake` is called from any thread when something has finished.
  Pool(SocketTable* sockets, void (*wake)(void*), void* waker);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // From the environment's thread.
  void setHome(int home) { home_ = home; }  // before there are lanes; not owned
  int submit(Job* job);   // 0 or a negative errno; the job is the pool's from now on
  void wait(Job* job);    // until it is finished
  void refuse(Job* job);  // finished without having run
  // Takes it from the queue; nullptr: too late. One that runs is told to end.
  Job* cancel(uint32_t ticket, bool* running);
  JobList takeFinished();
  void grow();  // starts another lane if needed, buries the retired
  void stop();  // all waiting ends, the lanes are joined
  Counts counts();

  // From a lane.
  Job* next(Lane* lane);                         // waits; nullptr: no more
  void finish(Lane* lane, Job* job, bool last);  // last: the lane is retired
  void notify() { wake_(waker_); }

 private:
  static bool available(const Lane& lane, int64_t now);
  bool isSpare(const Lane* lane) const;
  int growLocked();
  Job* begin(Lane* lane);

  void (*const wake_)(void*);
  void* const waker_;
  SocketTable* const sockets_;
  const Fd stop_;
  int home_ = -1;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable parking_;
  std::condition_variable done_;
  JobList queue_;
  JobList finished_;
  std::unique_ptr<Lane> lanes_[kLanes];
  uint32_t running_[kLanes] = {};
  int sleeping_ = 0;  // lanes that wait for work_
  int retired_ = 0;
  bool stopping_ = false;
  std::atomic<uint32_t> submitted_{0};
  // Of lanes, for the next plan: as long as JavaScript takes to wake up with a result and to write
  // the plan that follows.
  Lookout lookout_{120'000};
  Lookout waitLookout_{20'000};  // of this thread, for a result; only its own
};

}  // namespace netns

#endif  // NETNS_POOL_H_
