#ifndef NETNS_LOOKUP_H_
#define NETNS_LOOKUP_H_

#include "executor.h"

namespace netns {

// Index of the link with this name (or alternative name) in the namespace of the socket, or a
// negative errno, with the run's syscall set.
int findLink(Run& run, int fd, const char* name, uint32_t length);

}  // namespace netns

#endif  // NETNS_LOOKUP_H_
