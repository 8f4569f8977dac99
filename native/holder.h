#ifndef NETNS_HOLDER_H_
#define NETNS_HOLDER_H_

#include <sys/types.h>

#include "executor.h"

namespace netns {

// A holder is a forked process that is alone in new namespaces and keeps them. Being of one thread
// it may enter a user namespace, and so do what plans ask for where this process may not: a plan
// whose first step is HOLDER is sent there, with the descriptors it names, and its result comes
// back as if it had been run here.

// The control socket of the holder that a checked plan is for; -1 for a plan to be run here.
int holderOf(const uint8_t* plan);

// Has a plan run by a holder and waits for it. EPIPE where the holder has gone.
Outcome forward(uint8_t* plan, int control, Context& context, Fd* slots, Result& result);

// Start a holder that runs plans, or one that only waits; its process id or -1 with errno. Over the
// other end of `control` it tells an int, 0 or a negative errno, and with 0 its user namespace.
pid_t startServing(int control, int flags);
pid_t startWaiting(int control, int flags);

}  // namespace netns

#endif  // NETNS_HOLDER_H_
