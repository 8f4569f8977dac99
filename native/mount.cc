#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cstdio>

#include "buffer.h"
#include "error.h"
#include "mount.h"
#include "steps.h"

namespace netns {
namespace {

int makeDirectories(Run& run, const Text& path) {
  char part[4096];
  if (path.length >= sizeof(part)) return run.fail("mkdir", -ENAMETOOLONG);
  if (mkdir(path.data, 0755) == 0 || errno == EEXIST) return 0;
  if (errno != ENOENT) return run.fail("mkdir");
  for (uint32_t i = 1; i <= path.length; i++) {
    if (path.data[i] != '/' && i != path.length) continue;
    memcpy(part, path.data, i);
    part[i] = 0;
    if (mkdir(part, 0755) != 0 && errno != EEXIST) return run.fail("mkdir");
  }
  return 0;
}

}  // namespace

namespace steps {

int bind(Run& run, const Operands& operands) {
  char source[32];
  snprintf(source, sizeof(source), "/proc/self/fd/%d", run.descriptor(operands.number[0]));
  if (::mount(source, operands.text[0].data, "none", MS_BIND, nullptr) != 0) {
    return run.fail("mount");
  }
  return 0;
}

int unmount(Run& run, const Operands& operands) {
  return ::umount2(operands.text[0].data, MNT_DETACH) == 0 ? 0 : run.fail("umount2");
}

// The same steps under the same lock as iproute2 takes. Shared, so that unmounting a name here
// unmounts it in every mount namespace that got a copy; only once, because every further bind of
// the directory onto itself doubles all the mounts in it.
int runDir(Run& run, const Operands& operands) {
  const Text& path = operands.text[0];
  const int error = makeDirectories(run, path);
  if (error != 0) return error;
  const Fd directory(retry([&] { return ::open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!directory.valid()) return run.fail("open");
  const int locked = lockFile(run, directory.get());
  if (locked != 0) return locked;
  if (::mount("", path.data, "none", MS_SHARED | MS_REC, nullptr) == 0) return 0;
  if (errno != EINVAL) return run.fail("mount");
  if (::mount(path.data, path.data, "none", MS_BIND | MS_REC, nullptr) != 0) {
    return run.fail("mount");
  }
  if (::mount("", path.data, "none", MS_SHARED | MS_REC, nullptr) != 0) return run.fail("mount");
  return 0;
}

int mounted(Run& run, const Operands& operands) {
  struct statfs status;
  if (retry([&] { return ::statfs(operands.text[0].data, &status); }) != 0) {
    return run.fail("statfs");
  }
  // Anything else is the bare file that a crash between creating and mounting leaves behind.
  const uint32_t is = status.f_type == NSFS_MAGIC ? 1 : 0;
  run.data(&is, sizeof(is));
  return 0;
}

}  // namespace steps
}  // namespace netns
