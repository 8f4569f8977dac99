#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "error.h"
#include "mount.h"
#include "steps.h"

namespace netns {
namespace {

constexpr size_t kMaxFile = size_t{4} * 1024 * 1024;
// A named pipe would block its opener for good, and with it the end of the environment.
constexpr int kFileFlags = O_NONBLOCK | O_CLOEXEC;
constexpr size_t kFirstRead = 4096;
constexpr size_t kNextRead = size_t{64} * 1024;
constexpr int kLockMilliseconds = 30'000;

}  // namespace

// flock() can't be woken by anything but a signal, and lanes block those: so it is tried and tried
// again, sleeping on the stop descriptor in between.
int lockFile(Run& run, int fd) {
  int waited = 0;
  int pause = 1;
  while (retry([fd] { return flock(fd, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return run.fail("flock");
    if (waited >= kLockMilliseconds) return run.fail("flock", -ETIMEDOUT);
    if (waited == 0 && run.context.onWait != nullptr) run.context.onWait(run.context.waiter);
    const int stopped = waitReadable(run.context, -1, pause);
    if (stopped != -ETIMEDOUT) return run.fail("flock", stopped);
    if (run.cancelled()) return run.fail("flock", -ECANCELED);
    waited += pause;
    if (pause < 10) pause++;
  }
  return 0;
}

namespace steps {

int open(Run& run, const Operands& operands) {
  const int* n = operands.number;
  const int fd = retry([&] { return ::open(operands.text[0].data, n[1] | O_CLOEXEC, n[2]); });
  return run.open(n[0], fd, "open");
}

int create(Run& run, const Operands& operands) {
  const int fd = retry(
      [&] { return ::open(operands.text[0].data, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0); });
  if (fd < 0) return run.fail("open");
  Fd created(fd);
  return 0;
}

int unlink(Run& run, const Operands& operands) {
  return ::unlink(operands.text[0].data) == 0 ? 0 : run.fail("unlink");
}

int write(Run& run, const Operands& operands) {
  const char* path = operands.text[0].data;
  const Fd file(retry([&] { return ::open(path, O_WRONLY | kFileFlags); }));
  if (!file.valid()) return run.fail("open");
  // In one call: a sysctl takes what one write brings for the whole value.
  const Text& bytes = operands.text[1];
  const ssize_t n = retry([&] { return ::write(file.get(), bytes.data, bytes.length); });
  if (n < 0) return run.fail("write");
  return static_cast<size_t>(n) == bytes.length ? 0 : run.fail("write", -EIO);
}

int read(Run& run, const Operands& operands) {
  const char* path = operands.text[0].data;
  const Fd file(retry([&] { return ::open(path, O_RDONLY | kFileFlags); }));
  if (!file.valid()) return run.fail("open");
  const size_t record = run.result.open(Kind::kData, run.step, 0, 0);
  if (record == 0) return -ENOMEM;
  Buffer& bytes = run.result.bytes;
  const size_t from = bytes.size();
  // Not all the room there is: for a sysctl the kernel allocates as much as it is asked for, and
  // from 4 MB on that is ENOMEM.
  size_t chunk = kFirstRead;
  for (;;) {
    if (!bytes.reserve(chunk)) {
      run.result.drop(record);
      return run.fail("read", -ENOMEM);
    }
    const ssize_t n = retry([&] { return ::read(file.get(), bytes.end(), chunk); });
    if (n < 0 || bytes.size() - from > kMaxFile) {
      const int error = n < 0 ? -errno : -EFBIG;
      run.result.drop(record);
      return run.fail("read", error);
    }
    if (n == 0) break;
    bytes.extend(static_cast<size_t>(n));
    chunk = kNextRead;
  }
  // `extra` is the real length: the record is padded.
  store<int32_t>(bytes.data() + record + 12, static_cast<int32_t>(bytes.size() - from));
  run.result.close(record);
  return 0;
}

int close(Run& run, const Operands& operands) {
  Fd& slot = run.slots[~operands.number[0]];
  if (!slot.valid()) return run.fail("close", -EBADF);
  slot.reset();
  return 0;
}

int stat(Run& run, const Operands& operands) {
  struct stat status;
  if (fstat(run.descriptor(operands.number[0]), &status) != 0) return run.fail("fstat");
  const uint64_t identity[2] = {status.st_dev, status.st_ino};
  run.data(identity, sizeof(identity));
  return 0;
}

int lock(Run& run, const Operands& operands) {
  Fd file(retry([&] { return ::open(operands.text[0].data, O_RDONLY | O_CLOEXEC); }));
  if (!file.valid()) return run.fail("open");
  const int error = lockFile(run, file.get());
  if (error != 0) return error;
  run.slots[operands.number[0]] = std::move(file);
  return 0;
}

}  // namespace steps
}  // namespace netns
