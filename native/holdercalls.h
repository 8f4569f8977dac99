#ifndef NETNS_HOLDERCALLS_H_
#define NETNS_HOLDERCALLS_H_

#include <napi.h>

namespace netns {

// Adds the calls that start and bury holders.
void exportHolderCalls(Napi::Env env, Napi::Object exports);

}  // namespace netns

#endif  // NETNS_HOLDERCALLS_H_
