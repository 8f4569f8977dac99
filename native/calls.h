#ifndef NETNS_CALLS_H_
#define NETNS_CALLS_H_

#include <napi.h>

namespace netns {

// Single system calls for the JavaScript thread. Results below zero are negative errnos.
void exportCalls(Napi::Env env, Napi::Object exports);

}  // namespace netns

#endif  // NETNS_CALLS_H_
