#include "packet.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <ctime>

#include "arguments.h"
#include "buffer.h"
#include "error.h"

namespace netns {
namespace {

// What is told of one captured packet. JavaScript reads it by these offsets.
struct PacketRecord {
  uint32_t offset;    // of its bytes in the buffer
  uint32_t captured;  // bytes stored
  uint32_t length;    // bytes it had
  int32_t ifindex;
  int64_t time;       // nanoseconds since 1970, by the kernel
  uint16_t type;      // PACKET_HOST, PACKET_OUTGOING, ...
  uint16_t hardware;  // ARPHRD_* of its link
  uint16_t vlanTag;   // taken out of the bytes by the kernel; valid where the protocol is not 0
  uint16_t vlanProtocol;
};
// In place of a type: `ifindex` is a negative errno, and there is no packet.
constexpr uint16_t kFailure = 0xffff;
static_assert(sizeof(PacketRecord) == 32, "JavaScript knows the layout");

void readControl(msghdr* message, PacketRecord* record) {
  for (cmsghdr* at = CMSG_FIRSTHDR(message); at != nullptr; at = CMSG_NXTHDR(message, at)) {
    const uint8_t* data = CMSG_DATA(at);
    const size_t length = at->cmsg_len - CMSG_LEN(0);
    if (at->cmsg_level == SOL_PACKET && at->cmsg_type == PACKET_AUXDATA &&
        length >= sizeof(tpacket_auxdata)) {
      const auto aux = load<tpacket_auxdata>(data);
      if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
      record->vlanTag = aux.tp_vlan_tci;
      // Kernels before 3.14 did not tell the protocol: then it was 802.1Q.
      record->vlanProtocol =
          (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : 0x8100;
    } else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPNS &&
               length >= sizeof(timespec)) {
      const auto time = load<timespec>(data);
      record->time = int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
    }
  }
}

// Takes what waits on a packet socket: each packet cut at `snap` bytes, back to back in `into`
// (4-aligned), until nothing waits or there is no room for one more. Returns how many, or a
// negative errno when there was none (EAGAIN: nothing waits; ENETDOWN: its link went down).
int receive(int fd, const Bytes& into, size_t snap, const Bytes& records) {
  size_t used = 0;
  size_t taken = 0;
  while ((taken + 1) * sizeof(PacketRecord) <= records.length && used + snap <= into.length) {
    sockaddr_ll from = {};
    iovec part = {into.data + used, snap};
    alignas(cmsghdr) uint8_t control[256];
    msghdr message = {};
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    // MSG_TRUNC: the result is the packet's length, however little of it is stored.
    const ssize_t length = retry([&] { return recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC); });
    if (length < 0) {
      if (taken == 0) return -errno;
      if (errno == EAGAIN) break;
      // The kernel tells an error once: it must not be lost for the packets before it.
      PacketRecord failure = {};
      failure.type = kFailure;
      failure.ifindex = -errno;
      store(records.data + taken * sizeof(PacketRecord), failure);
      taken++;
      break;
    }
    const auto whole = static_cast<size_t>(length);
    PacketRecord record = {};
    record.offset = static_cast<uint32_t>(used);
    record.length = static_cast<uint32_t>(whole);
    record.captured = static_cast<uint32_t>(whole < snap ? whole : snap);
    record.ifindex = from.sll_ifindex;
    record.type = from.sll_pkttype;
    record.hardware = from.sll_hatype;
    readControl(&message, &record);
    store(records.data + taken * sizeof(PacketRecord), record);
    taken++;
    used += align4(record.captured);
  }
  return static_cast<int>(taken);
}

// receivePackets(fd, into, snap, records)
Napi::Value receivePackets(const Napi::CallbackInfo& info) {
  const Bytes into(info.Env(), info[1]);
  const Bytes records(info.Env(), info[3]);
  const int snap = integer(info, 2);
  int result = -EINVAL;
  if (into.data != nullptr && records.data != nullptr && snap > 0) {
    result = receive(integer(info, 0), into, static_cast<size_t>(snap), records);
  }
  return Napi::Number::New(info.Env(), result);
}

}  // namespace

void exportPacketCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("receivePackets", Napi::Function::New(env, receivePackets, "receivePackets"));
}

}  // namespace netns
