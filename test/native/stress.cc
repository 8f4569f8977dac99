// Drives the pool as an environment does, without Node, for the sanitizers:
//   cmake -S native -B build/tsan -DNETNS_SANITIZE=thread && cmake --build build/tsan
//   scripts/test-host build/tsan/netns-stress
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "fd.h"
#include "job.h"
#include "plan.h"
#include "pool.h"

namespace {

using netns::Job;
using netns::Op;

// Writes a plan, one step at a time.
class Plan {
 public:
  Plan& step(Op op, std::vector<int32_t> numbers, const char* text = nullptr, uint16_t flags = 0) {
    const netns::StepHeader header = {static_cast<uint16_t>(op), flags, 0};
    const size_t start = bytes_.size();
    put(&header, sizeof(header));
    for (const int32_t number : numbers) put(&number, 4);
    if (text != nullptr) {
      const auto length = static_cast<uint32_t>(strlen(text));
      put(&length, 4);
      put(text, length + 1);
      bytes_.resize(netns::align4(bytes_.size()));
    }
    const auto length = static_cast<uint32_t>(bytes_.size() - start);
    memcpy(bytes_.data() + start + 4, &length, 4);
    steps_++;
    return *this;
  }
  void into(Job* job, uint32_t exports = 0, uint32_t flags = 0) {
    const netns::PlanHeader header = {static_cast<uint32_t>(bytes_.size()), steps_, exports, flags};
    memcpy(bytes_.data(), &header, sizeof(header));
    job->plan.truncate(0);
    job->plan.append(bytes_.data(), bytes_.size());
    if (netns::checkPlan(job->plan.data(), job->plan.size()) != 0) {
      fputs("a plan is refused\n", stderr);
      abort();
    }
  }

 private:
  void put(const void* from, size_t length) {
    const auto* at = static_cast<const uint8_t*>(from);
    bytes_.insert(bytes_.end(), at, at + length);
  }
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(sizeof(netns::PlanHeader));
  uint32_t steps_ = 0;
};

std::string lockPath;

void fill(Job* job) {
  Plan plan;
  switch (rand() % 5) {
    case 0:
      plan.step(Op::kUnshare, {0, 0}).step(Op::kStat, {~0}).into(job, 1);
      break;
    case 1:
      plan.step(Op::kUnshare, {0, 0}).into(job, 1, rand() % 4 == 0 ? netns::kFailHome : 0);
      break;
    case 2:
      plan.step(Op::kLock, {0}, lockPath.c_str()).step(Op::kCookie, {netns::kHere}).into(job);
      break;
    case 3:
      plan.step(Op::kOpen, {0, 0, 0}, "/missing").into(job);
      break;
    default:
      plan.step(Op::kCookie, {netns::kHere}).step(Op::kRead, {}, "/proc/self/comm").into(job);
  }
}

struct Counts {
  uint32_t submitted = 0;
  uint32_t delivered = 0;
  uint32_t cancelled = 0;
  uint32_t waited = 0;
  int retired = 0;
};

void drain(netns::Pool* pool, Counts* counts) {
  pool->grow();
  netns::JobList finished = pool->takeFinished();
  while (Job* job = finished.pop()) {
    counts->delivered++;
    delete job;
  }
}

void round(Counts* counts) {
  netns::SocketTable sockets;
  std::atomic<int> wakes{0};
  netns::Pool pool(
      &sockets, [](void* data) { static_cast<std::atomic<int>*>(data)->fetch_add(1); }, &wakes);
  const netns::Fd home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  pool.setHome(home.get());
  uint32_t ticket = 0;
  for (int i = 0; i < 200; i++) {
    auto* job = new Job;
    fill(job);
    if (rand() % 8 == 0) {
      job->waited = true;
      if (pool.submit(job) != 0) abort();
      pool.wait(job);
      counts->waited++;
      delete job;
    } else {
      job->ticket = ++ticket;
      if (pool.submit(job) != 0) abort();
      counts->submitted++;
    }
    bool running = false;
    if (rand() % 10 == 0) {
      Job* cancelled = pool.cancel(ticket - static_cast<uint32_t>(rand() % 5), &running);
      if (cancelled != nullptr) counts->cancelled++;
      delete cancelled;
    }
    if (rand() % 4 == 0) drain(&pool, counts);
    if (rand() % 50 == 0) usleep(static_cast<useconds_t>(rand() % 3000));
  }
  // Half of the pools end while plans are under way.
  while (rand() % 2 == 0 && counts->delivered + counts->cancelled < counts->submitted) {
    drain(&pool, counts);
    usleep(100);
  }
  counts->retired += pool.counts().retired;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 100;
  lockPath = "/tmp/netns-stress-" + std::to_string(getpid());
  const netns::Fd lock(open(lockPath.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  Counts total;
  for (int i = 0; i < rounds; i++) {
    srand(static_cast<unsigned>(i));
    Counts counts;
    round(&counts);
    total.submitted += counts.submitted;
    total.delivered += counts.delivered;
    total.cancelled += counts.cancelled;
    total.waited += counts.waited;
    total.retired += counts.retired;
  }
  unlink(lockPath.c_str());
  printf("submitted %u, delivered %u, cancelled %u, waited for %u, lanes retired %d\n",
         total.submitted, total.delivered, total.cancelled, total.waited, total.retired);
  return total.delivered > 0 && total.retired > 0 ? 0 : 1;
}
