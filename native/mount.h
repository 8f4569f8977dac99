#ifndef NETNS_MOUNT_H_
#define NETNS_MOUNT_H_

#include "executor.h"

namespace netns {

// Takes the lock of an open file, as flock(LOCK_EX) does, but gives up when told to stop
// (-ECANCELED) or after 30 s (-ETIMEDOUT).
int lockFile(Run& run, int fd);

}  // namespace netns

#endif  // NETNS_MOUNT_H_
