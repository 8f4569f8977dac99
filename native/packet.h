#ifndef NETNS_PACKET_H_
#define NETNS_PACKET_H_

#include <napi.h>

namespace netns {

// Reading packet sockets (AF_PACKET) from the JavaScript thread, without blocking.
void exportPacketCalls(Napi::Env env, Napi::Object exports);

}  // namespace netns

#endif  // NETNS_PACKET_H_
