#ifndef NETNS_JOB_H_
#define NETNS_JOB_H_

#include <atomic>
#include <cstdint>

#include "buffer.h"
#include "executor.h"
#include "result.h"

namespace netns {

// A plan on its way: its bytes, and what comes of it.
struct Job {
  Job* next = nullptr;
  Job* previous = nullptr;
  uint32_t ticket = 0;
  bool waited = false;  // somebody blocks for it: it is not delivered
  std::atomic<bool> finished{false};
  Buffer plan;
  Result result;
  Outcome outcome;
};

// First in, first out; any member can leave.
class JobList {
 public:
  bool empty() const { return first_ == nullptr; }
  uint32_t size() const { return size_; }
  Job* first() const { return first_; }
  void push(Job* job) {
    job->next = nullptr;
    job->previous = last_;
    (last_ == nullptr ? first_ : last_->next) = job;
    last_ = job;
    size_++;
  }
  void pushFirst(Job* job) {
    job->previous = nullptr;
    job->next = first_;
    (first_ == nullptr ? last_ : first_->previous) = job;
    first_ = job;
    size_++;
  }
  Job* pop() {
    Job* job = first_;
    if (job == nullptr) return nullptr;
    first_ = job->next;
    (first_ == nullptr ? last_ : first_->previous) = nullptr;
    size_--;
    return job;
  }
  void remove(Job* job) {
    (job->previous == nullptr ? first_ : job->previous->next) = job->next;
    (job->next == nullptr ? last_ : job->next->previous) = job->previous;
    size_--;
  }
  JobList take() {
    JobList all = *this;
    *this = JobList();
    return all;
  }

 private:
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  uint32_t size_ = 0;
};

}  // namespace netns

#endif  // NETNS_JOB_H_
