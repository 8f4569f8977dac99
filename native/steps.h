#ifndef NETNS_STEPS_H_
#define NETNS_STEPS_H_

#include "executor.h"

// The step functions, by the file they live in.
namespace netns::steps {

// netns.cc
int unshareNet(Run& run, const Operands& operands);
int enter(Run& run, const Operands& operands);
int home(Run& run, const Operands& operands);
int cookie(Run& run, const Operands& operands);

// files.cc
int open(Run& run, const Operands& operands);
int create(Run& run, const Operands& operands);
int unlink(Run& run, const Operands& operands);
int write(Run& run, const Operands& operands);
int read(Run& run, const Operands& operands);
int close(Run& run, const Operands& operands);
int stat(Run& run, const Operands& operands);
int lock(Run& run, const Operands& operands);

// mount.cc
int bind(Run& run, const Operands& operands);
int unmount(Run& run, const Operands& operands);
int runDir(Run& run, const Operands& operands);
int mounted(Run& run, const Operands& operands);

// sockets.cc
int socket(Run& run, const Operands& operands);
int sockaddr(Run& run, const Operands& operands);
int listen(Run& run, const Operands& operands);
int setsockopt(Run& run, const Operands& operands);
int getsockname(Run& run, const Operands& operands);

// device.cc
int tun(Run& run, const Operands& operands);
int ethtool(Run& run, const Operands& operands);
int linkName(Run& run, const Operands& operands);

// holder.cc
int holder(Run& run, const Operands& operands);

// exchange.cc
int transact(Run& run, const Operands& operands);

}  // namespace netns::steps

#endif  // NETNS_STEPS_H_
