#ifndef NETNS_PROCESS_H_
#define NETNS_PROCESS_H_

#include <napi.h>

namespace netns {

// What runs on the calling JavaScript thread itself: a function inside a namespace, and what
// children and their ends need.
void exportProcess(Napi::Env env, Napi::Object exports);

}  // namespace netns

#endif  // NETNS_PROCESS_H_
