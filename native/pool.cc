#include "pool.h"

#include <sys/eventfd.h>

#include <chrono>

#include "error.h"

namespace netns {

Pool::Pool(SocketTable* sockets, void (*wake)(void*), void* waker)
    : wake_(wake),
      waker_(waker),
      sockets_(sockets),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Pool::~Pool() { stop(); }

bool Pool::available(const Lane& lane, int64_t now) {
  if (lane.ended.load() || lane.parked) return false;
  const int64_t since = lane.since.load();
  return since == 0 || (now - since < kHeldUp && !lane.blocked.load());
}

int Pool::growLocked() {
  const int64_t now = monotonic();
  bool enough = queue_.empty() || stopping_;
  int threads = 0;
  int place = -1;
  Lane* parked = nullptr;
  for (int i = 0; i < kLanes; i++) {
    std::unique_ptr<Lane>& lane = lanes_[i];
    if (lane != nullptr && lane->ended.load()) {
      lane->join();
      lane.reset();
      retired_++;
    }
    if (lane == nullptr) {
      place = i;
      continue;
    }
    threads++;
    if (lane->parked) parked = lane.get();
    if (available(*lane, now)) enough = true;
  }
  if (enough) return 0;
  if (parked != nullptr) {
    parked->parked = false;
    parking_.notify_all();
    return 0;
  }
  if (place < 0) return 0;
  auto lane = std::make_unique<Lane>(this);
  const int error = lane->start(home_, stop_.get(), sockets_);
  if (error != 0) return threads > 0 ? 0 : error;
  lanes_[place] = std::move(lane);
  return 0;
}

void Pool::grow() {
  const std::lock_guard<std::mutex> guard(mutex_);
  growLocked();
}

int Pool::submit(Job* job) {
  bool wakes = false;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (stopping_) return -ECANCELED;
    queue_.push(job);
    const int error = growLocked();
    if (error != 0) {
      queue_.remove(job);
      return error;
    }
    // A lane that is looking out sees it without being woken.
    wakes = sleeping_ > 0;
  }
  submitted_.fetch_add(1, std::memory_order_release);
  if (wakes) work_.notify_one();
  return 0;
}

void Pool::refuse(Job* job) {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    finished_.push(job);
  }
  notify();
}

// One that was started because others were held up steps back when they are not any more.
bool Pool::isSpare(const Lane* lane) const {
  const int64_t now = monotonic();
  for (const std::unique_ptr<Lane>& other : lanes_) {
    if (other != nullptr && other.get() != lane && available(*other, now)) return true;
  }
  return false;
}

Job* Pool::next(Lane* lane) {
  std::unique_lock<std::mutex> guard(mutex_);
  bool looked = !lookout_.pays();
  while (!stopping_) {
    if (!lane->parked && isSpare(lane)) lane->parked = true;
    if (lane->parked) {
      parking_.wait(guard);
    } else if (!queue_.empty()) {
      return begin(lane);
    } else if (!looked) {
      const uint32_t seen = submitted_.load(std::memory_order_acquire);
      guard.unlock();
      const bool came =
          lookout_.look([&] { return submitted_.load(std::memory_order_acquire) != seen; });
      guard.lock();
      lookout_.told(came);
      looked = !came;
    } else {
      sleeping_++;
      work_.wait(guard);
      sleeping_--;
    }
  }
  return nullptr;
}

Job* Pool::begin(Lane* lane) {
  Job* job = queue_.pop();
  lane->since.store(monotonic());
  lane->proceed();
  for (int i = 0; i < kLanes; i++) {
    if (lanes_[i].get() == lane) running_[i] = job->ticket;
  }
  return job;
}

void Pool::finish(Lane* lane, Job* job, bool last) {
  bool wakes = false;
  const bool waited = job->waited;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    lane->since.store(0);
    lane->blocked.store(false);
    // Under the lock and as the lane's last use of it: who sees this joins the lane.
    if (last) lane->ended.store(true);
    for (int i = 0; i < kLanes; i++) {
      if (lanes_[i].get() == lane) running_[i] = 0;
    }
    if (waited) {
      // Not the lane's to touch from here on.
      job->finished.store(true, std::memory_order_release);
    } else {
      wakes = finished_.empty();
      finished_.push(job);
    }
  }
  if (waited) done_.notify_one();
  if (wakes || last) wake_(waker_);
}

void Pool::wait(Job* job) {
  const auto finished = [job] { return job->finished.load(std::memory_order_acquire); };
  if (waitLookout_.pays()) {
    const bool came = waitLookout_.look(finished);
    waitLookout_.told(came);
    if (came) return;
  }
  std::unique_lock<std::mutex> guard(mutex_);
  while (!finished()) {
    done_.wait_for(guard, std::chrono::nanoseconds(kHeldUp));
    growLocked();
  }
}

Job* Pool::cancel(uint32_t ticket, bool* running) {
  const std::lock_guard<std::mutex> guard(mutex_);
  *running = false;
  for (int i = 0; i < kLanes; i++) {
    if (running_[i] != ticket || ticket == 0) continue;
    *running = true;
    lanes_[i]->cancel();
  }
  for (Job* job = queue_.first(); job != nullptr; job = job->next) {
    if (job->ticket != ticket) continue;
    queue_.remove(job);
    return job;
  }
  return nullptr;
}

JobList Pool::takeFinished() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return finished_.take();
}

void Pool::stop() {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  const uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof(one));
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane != nullptr) lane->cancel();
  }
  work_.notify_all();
  parking_.notify_all();
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane != nullptr) lane->join();
  }
  for (std::unique_ptr<Lane>& lane : lanes_) lane.reset();
  while (Job* job = queue_.pop()) delete job;
  while (Job* job = finished_.pop()) delete job;
}

Pool::Counts Pool::counts() {
  const std::lock_guard<std::mutex> guard(mutex_);
  Counts counts = {0, 0, static_cast<int>(queue_.size()), retired_};
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane == nullptr || lane->ended.load()) continue;
    counts.threads++;
    if (lane->since.load() != 0) counts.busy++;
  }
  return counts;
}

}  // namespace netns
