#ifndef NETNS_RIGHTS_H_
#define NETNS_RIGHTS_H_

#include <cstddef>

#include "fd.h"

namespace netns {

// What one message carries at most (SCM_MAX_FD).
constexpr size_t kMaxRights = 253;

// Bytes over a stream socket, descriptors going with the first of them. 0 or a negative errno,
// EPIPE at the stream's end.
int sendRights(int socket, const void* bytes, size_t length, const int* fds, size_t count);
int sendAll(int socket, const void* bytes, size_t length);
// Receives exactly `length` bytes; `count` descriptors at most go to `fds`, the rest is closed.
int receiveRights(int socket, void* bytes, size_t length, Fd* fds, size_t count);
int receiveAll(int socket, void* bytes, size_t length);

}  // namespace netns

#endif  // NETNS_RIGHTS_H_
