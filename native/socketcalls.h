#ifndef NETNS_SOCKETCALLS_H_
#define NETNS_SOCKETCALLS_H_

#include <napi.h>

namespace netns {

// Socket calls for the JavaScript thread, none of which blocks. Results below zero are negative
// errnos.
void exportSocketCalls(Napi::Env env, Napi::Object exports);

}  // namespace netns

#endif  // NETNS_SOCKETCALLS_H_
