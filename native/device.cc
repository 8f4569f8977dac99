#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "buffer.h"
#include "error.h"
#include "lookup.h"
#include "steps.h"

namespace netns::steps {
namespace {

constexpr int kMaxCommand = 1024 * 1024;
constexpr size_t kGuard = size_t{1024} * 1024;

// Some ethtool commands write as much as the driver has, whatever room they were told of. Behind
// these bytes nothing is mapped that could be overwritten: the kernel gets EFAULT instead.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t size) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t usable = (size + page - 1) / page * page;
    length_ = usable + kGuard;
    void* at = mmap(nullptr, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return;
    data_ = static_cast<uint8_t*>(at);
    if (mprotect(at, usable, PROT_READ | PROT_WRITE) != 0) {
      munmap(at, length_);
      data_ = nullptr;
    }
  }
  ~GuardedBytes() {
    if (data_ != nullptr) munmap(data_, length_);
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  uint8_t* data() const { return data_; }

 private:
  uint8_t* data_ = nullptr;
  size_t length_ = 0;
};

bool setName(ifreq* request, const Text& name) {
  if (name.length >= IFNAMSIZ) return false;
  memcpy(request->ifr_name, name.data, name.length + 1);
  return true;
}

}  // namespace

int tun(Run& run, const Operands& operands) {
  const int* n = operands.number;
  ifreq request = {};
  if (!setName(&request, operands.text[0])) return run.fail("TUNSETIFF", -ENAMETOOLONG);
  request.ifr_flags = static_cast<short>(n[1]);
  // The device belongs to the namespace the opener is in, not to that of the ioctl.
  Fd fd(retry([] { return ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC); }));
  if (!fd.valid()) return run.fail("open");
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0) return run.fail("TUNSETIFF");
  if (n[2] >= 0 && ioctl(fd.get(), TUNSETOWNER, static_cast<unsigned long>(n[2])) != 0) {
    return run.fail("TUNSETOWNER");
  }
  if (n[3] >= 0 && ioctl(fd.get(), TUNSETGROUP, static_cast<unsigned long>(n[3])) != 0) {
    return run.fail("TUNSETGROUP");
  }
  if (n[4] >= 0 && ioctl(fd.get(), TUNSETPERSIST, static_cast<unsigned long>(n[4])) != 0) {
    return run.fail("TUNSETPERSIST");
  }
  run.slots[n[0]] = std::move(fd);
  run.data(request.ifr_name, strnlen(request.ifr_name, IFNAMSIZ) + 1);
  return 0;
}

int ethtool(Run& run, const Operands& operands) {
  const int* n = operands.number;
  const Text& command = operands.text[1];
  ifreq request = {};
  if (!setName(&request, operands.text[0])) return run.fail("SIOCETHTOOL", -ENODEV);
  if (command.length < 4 || n[1] < 0 || n[1] > kMaxCommand) {
    return run.fail("SIOCETHTOOL", -EINVAL);
  }
  const auto answer = static_cast<size_t>(n[1]);
  const GuardedBytes bytes(answer > command.length ? answer : command.length);
  if (bytes.data() == nullptr) return run.fail("mmap");
  memcpy(bytes.data(), command.data, command.length);
  request.ifr_data = reinterpret_cast<char*>(bytes.data());
  if (ioctl(run.descriptor(n[0]), SIOCETHTOOL, &request) != 0) return run.fail("SIOCETHTOOL");
  run.data(bytes.data(), answer);
  return 0;
}

// By its number: asked for a name that no link has, the kernel first has modprobe look for a module
// of that name, twice.
int linkName(Run& run, const Operands& operands) {
  ifreq request = {};
  request.ifr_ifindex = operands.number[1];
  if (ioctl(run.descriptor(operands.number[0]), SIOCGIFNAME, &request) != 0) {
    return run.fail("SIOCGIFNAME");
  }
  run.data(request.ifr_name, strnlen(request.ifr_name, IFNAMSIZ));
  return 0;
}

}  // namespace netns::steps
