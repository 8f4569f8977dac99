#include "environment.h"

#include <fcntl.h>

#include "error.h"
#include "poll.h"

namespace netns {
namespace {

constexpr uint32_t kSpareJobs = 64;
constexpr size_t kSpareBytes = size_t{256} * 1024;

}  // namespace

Environment* Environment::of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Environment*>(data);
}

Environment* Environment::create(napi_env env) {
  auto* self = new Environment(env);
  if (napi_get_uv_event_loop(env, &self->loop) != napi_ok) {
    delete self;
    return nullptr;
  }
  self->here_.sockets = &self->sockets_;
  self->async_ = new uv_async_t;
  uv_async_init(self->loop, self->async_,
                [](uv_async_t* async) { static_cast<Environment*>(async->data)->deliverAll(); });
  self->async_->data = self;
  self->pool_ = std::make_unique<Pool>(
      &self->sockets_, [](void* async) { uv_async_send(static_cast<uv_async_t*>(async)); },
      self->async_);
  (void)self->rehome();
  uv_unref(reinterpret_cast<uv_handle_t*>(self->async_));
  napi_set_instance_data(
      env, self, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); },
      nullptr);
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle hook, void* data) {
        static_cast<Environment*>(data)->cleanUp(hook);
      },
      self, nullptr);
  return self;
}

Environment::~Environment() {
  while (Job* job = spare_.pop()) delete job;
}

// Runs on the environment's thread after the last JavaScript. Lanes are joined first: what they
// still had is dropped and its descriptors closed.
void Environment::cleanUp(napi_async_cleanup_hook_handle hook) {
  pool_.reset();
  while (!polls_.empty()) polls_.back()->shut();
  owned.closeAll();
  hook_ = hook;
  closes();
  uv_close(reinterpret_cast<uv_handle_t*>(async_), [](uv_handle_t* handle) {
    auto* self = static_cast<Environment*>(handle->data);
    delete reinterpret_cast<uv_async_t*>(handle);
    self->async_ = nullptr;
    self->closed();
  });
}

void Environment::closed() {
  if (--closings_ == 0 && hook_ != nullptr) napi_remove_async_cleanup_hook(hook_);
}

void Environment::remove(Poll* poll) {
  for (Poll*& other : polls_) {
    if (other != poll) continue;
    other = polls_.back();
    polls_.pop_back();
    return;
  }
}

int Environment::rehome() {
  if (pool_->counts().threads > 0) return -EBUSY;
  home_.reset(retry([] { return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }));
  pool_->setHome(home_.get());
  return home_.valid() ? 0 : -errno;
}

int Environment::makeInboxes() {
  if (inbox_.make(env_, Inbox::kSize) != 0 || outbox_.make(env_, Inbox::kSize) != 0) {
    return -ENOMEM;
  }
  napi_value buffer;
  napi_value array;
  void* data = nullptr;
  if (napi_create_arraybuffer(env_, 16, &data, &buffer) != napi_ok ||
      napi_create_typedarray(env_, napi_int32_array, 4, buffer, 0, &array) != napi_ok ||
      napi_create_reference(env_, array, 1, &outcome) != napi_ok) {
    return -ENOMEM;
  }
  outcomeData_ = static_cast<int32_t*>(data);
  return 0;
}

int Environment::start(napi_value deliver) {
  if (inbox_.data == nullptr && makeInboxes() != 0) return -ENOMEM;
  if (deliver_ != nullptr) napi_delete_reference(env_, deliver_);
  deliver_ = nullptr;
  return napi_create_reference(env_, deliver, 1, &deliver_) == napi_ok ? 0 : -ENOMEM;
}

Job* Environment::makeJob(const uint8_t* plan, size_t length, int* error) {
  Job* job = spare_.pop();
  if (job == nullptr) job = new Job;
  if (job == roomy_) roomy_ = nullptr;
  job->plan.truncate(0);
  // A copy: JavaScript goes on writing into its own, and what was checked must stay as it was.
  *error = job->plan.append(plan, length) ? checkPlan(job->plan.data(), length) : -ENOMEM;
  return job;
}

void Environment::recycle(Job* job) {
  job->result.discard();
  if (spare_.size() >= kSpareJobs) {
    delete job;
    return;
  }
  job->plan.shrink(kSpareBytes);
  // One keeps the room for a long dump, for the next of its kind: fresh memory is dear.
  job->result.bytes.shrink(roomy_ == nullptr ? Inbox::kMost : kSpareBytes);
  if (job->result.bytes.capacity() > kSpareBytes) roomy_ = job;
  job->waited = false;
  job->finished.store(false, std::memory_order_relaxed);
  // Last in, first out: what is used again is warm.
  spare_.pushFirst(job);
}

int Environment::submit(const uint8_t* plan, size_t length) {
  if (deliver_ == nullptr) return -EINVAL;
  int error = 0;
  Job* job = makeJob(plan, length, &error);
  tickets_ = tickets_ % 0x7fffffff + 1;
  const auto ticket = static_cast<int>(tickets_);
  job->ticket = tickets_;
  if (error == 0) error = pool_->submit(job);
  if (error != 0) {
    // Told like any other failure: who submits has one way to hear of it.
    job->outcome = {error, 0, -1};
    job->result.begin(0);
    pool_->refuse(job);
  }
  if (inFlight_++ == 0) uv_ref(reinterpret_cast<uv_handle_t*>(async_));
  return ticket;
}

void Environment::landed() {
  if (--inFlight_ == 0) uv_unref(reinterpret_cast<uv_handle_t*>(async_));
}

int Environment::cancel(uint32_t ticket) {
  bool running = false;
  Job* job = pool_->cancel(ticket, &running);
  if (job == nullptr) return running ? 1 : 2;
  recycle(job);
  landed();
  return 0;
}

napi_value Environment::runSync(const uint8_t* plan, size_t length, bool here) {
  if (deliver_ == nullptr) return nullptr;
  int error = 0;
  Job* job = makeJob(plan, length, &error);
  job->waited = true;
  job->ticket = 0;
  if (error == 0 && here && movesThread(job->plan.data())) error = -EINVAL;
  if (error == 0 && here) {
    Fd slots[kSlots];
    job->outcome = run(job->plan.data(), here_, slots, job->result);
  } else if (error == 0) {
    error = pool_->submit(job);
    if (error == 0) pool_->wait(job);
  }
  if (error != 0) {
    job->outcome = {error, 0, -1};
    job->result.begin(0);
  }
  outcomeData_[0] = job->outcome.error;
  outcomeData_[1] = job->outcome.step;
  outcomeData_[2] = job->outcome.message;
  outcomeData_[3] = static_cast<int32_t>(job->result.bytes.size());
  job->result.release([this](int fd) { owned.add(fd); });
  const napi_value bytes = takeBytes(&job->result, &outbox_);
  recycle(job);
  return bytes;
}

bool Environment::close(int fd) {
  if (!owned.remove(fd)) return false;
  // The number may be somebody else's in a moment.
  for (size_t i = polls_.size(); i > 0; i--) {
    if (polls_[i - 1]->fd() == fd) polls_[i - 1]->shut();
  }
  ::close(fd);
  return true;
}

Pool::Counts Environment::lanes() {
  pool_->grow();
  return pool_->counts();
}

}  // namespace netns
