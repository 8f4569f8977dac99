// The floor of the benchmark: the same kernel work as the library does, in bare C, with nothing
// around it. Each mode prints one line of JSON. Run by bench/run.ts in a host of its own.
//
//   floor create N                  create and close an anonymous namespace
//   floor attach N bridge|bridge-named|routed|macvlan [LIVE]
//                                   whole attaches, all kept until the end
//   floor churn KIND LIVE SECONDS [RATE]
//                                   attach + destroy with LIVE alive, flat out or at RATE a second
//   floor take N                    address and route into a namespace made ahead
//   floor list N                    dump all links, receiving the bytes alone
//   floor get N NAME                one link by name
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kGroup = 0x6e73, kFirstIndex = 100000, kIff = IFF_UP, kIfNoArp = IFF_NOARP };

// The benchmark's bridge, the parent of its macvlans, and the addresses they serve.
static const char kBridge[] = "bench0";
static const char kParent[] = "parent0";

static int home = -1;  // the namespace that plays the host
static int host = -1;  // a socket in it, kept
static int bridgeIndex = 0;
static int parentIndex = 0;

static void fail(const char* what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// --- messages

struct Buffer {
  char bytes[8192];
  size_t length;
  struct nlmsghdr* message;
};

static uint32_t sequence = 1;

static void* begin(struct Buffer* b, uint16_t type, uint16_t flags, size_t header) {
  b->message = (struct nlmsghdr*)(b->bytes + b->length);
  memset(b->message, 0, NLMSG_HDRLEN + header);
  b->message->nlmsg_type = type;
  b->message->nlmsg_flags = NLM_F_REQUEST | flags;
  b->message->nlmsg_seq = sequence++;
  b->length += NLMSG_HDRLEN + NLMSG_ALIGN(header);
  return NLMSG_DATA(b->message);
}

static void end(struct Buffer* b) {
  b->message->nlmsg_len = b->bytes + b->length - (char*)b->message;
}

static void put(struct Buffer* b, uint16_t type, const void* data, size_t length) {
  struct rtattr* a = (struct rtattr*)(b->bytes + b->length);
  a->rta_type = type;
  a->rta_len = RTA_LENGTH(length);
  if (length > 0) memcpy(RTA_DATA(a), data, length);
  b->length += RTA_SPACE(length);
}

static void putU32(struct Buffer* b, uint16_t type, uint32_t value) { put(b, type, &value, 4); }

static void putText(struct Buffer* b, uint16_t type, const char* text) {
  put(b, type, text, strlen(text) + 1);
}

static struct rtattr* nest(struct Buffer* b, uint16_t type) {
  struct rtattr* a = (struct rtattr*)(b->bytes + b->length);
  a->rta_type = type;
  b->length += RTA_LENGTH(0);
  return a;
}

static void unnest(struct Buffer* b, struct rtattr* a) {
  a->rta_len = b->bytes + b->length - (char*)a;
}

static int openSocket(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) fail("socket");
  return fd;
}

// Sends all of it at once and waits for the one acknowledgement asked for, that of the last
// message.
static void transact(int fd, struct Buffer* b, const char* what) {
  char reply[4096];
  b->message->nlmsg_flags |= NLM_F_ACK;
  if (send(fd, b->bytes, b->length, 0) < 0) fail(what);
  for (;;) {
    ssize_t n = recv(fd, reply, sizeof reply, 0);
    if (n < 0) fail(what);
    struct nlmsghdr* m = (struct nlmsghdr*)reply;
    if (m->nlmsg_type != NLMSG_ERROR) continue;
    struct nlmsgerr* e = NLMSG_DATA(m);
    if (e->error != 0) {
      errno = -e->error;
      fail(what);
    }
    if (m->nlmsg_seq == b->message->nlmsg_seq) return;
  }
}

static struct ifinfomsg* beginLink(struct Buffer* b, uint16_t type, uint16_t flags, int index,
                                   unsigned on) {
  struct ifinfomsg* i = begin(b, type, flags, sizeof *i);
  i->ifi_index = index;
  i->ifi_flags = on;
  i->ifi_change = on;
  return i;
}

static void linkUp(struct Buffer* b, int index, unsigned flags) {
  beginLink(b, RTM_NEWLINK, 0, index, flags);
  end(b);
}

// No IPv6 link-local address of the kernel's own: must come before the link is up.
static void noAddressGeneration(struct Buffer* b, int index) {
  uint8_t none = IN6_ADDR_GEN_MODE_NONE;
  beginLink(b, RTM_SETLINK, 0, index, 0);
  struct rtattr* spec = nest(b, IFLA_AF_SPEC);
  struct rtattr* family = nest(b, AF_INET6);
  put(b, IFLA_INET6_ADDR_GEN_MODE, &none, 1);
  unnest(b, family);
  unnest(b, spec);
  end(b);
}

static void addAddress(struct Buffer* b, int index, uint32_t address, int bits, int noPrefixRoute) {
  struct ifaddrmsg* a = begin(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *a);
  a->ifa_family = AF_INET;
  a->ifa_prefixlen = bits;
  a->ifa_index = index;
  put(b, IFA_LOCAL, &address, 4);
  put(b, IFA_ADDRESS, &address, 4);
  if (noPrefixRoute) putU32(b, IFA_FLAGS, IFA_F_NOPREFIXROUTE);
  end(b);
}

static void addRoute(struct Buffer* b, int bits, uint32_t dst, uint32_t via, int index, int flags) {
  struct rtmsg* r = begin(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof *r);
  r->rtm_family = AF_INET;
  r->rtm_dst_len = bits;
  r->rtm_table = RT_TABLE_MAIN;
  r->rtm_protocol = RTPROT_BOOT;
  r->rtm_scope = via != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  r->rtm_type = RTN_UNICAST;
  r->rtm_flags = flags;
  if (bits > 0) put(b, RTA_DST, &dst, 4);
  if (via != 0) put(b, RTA_GATEWAY, &via, 4);
  putU32(b, RTA_OIF, index);
  end(b);
}

// --- attaches

enum Kind { kNamed, kAnonymous, kRouted, kMacvlan, kPrepared };

struct Sandbox {
  int fd;      // its namespace
  int socket;  // kept for kPrepared alone
  char path[64];
};

static uint32_t addressOf(uint32_t n) { return htonl((10U << 24) | (88U << 16) | (n % 65000 + 2)); }
static uint32_t gateway(void) { return htonl((10U << 24) | (88U << 16) | 1); }

static void macOf(uint32_t n, uint8_t first, uint8_t mac[6]) {
  const uint8_t all[6] = {first, 0x42, n >> 24, n >> 16, n >> 8, n};
  memcpy(mac, all, 6);
}

static void putPeer(struct Buffer* b, int fd, unsigned flags, const uint8_t mac[6]) {
  struct rtattr* peer = nest(b, VETH_INFO_PEER);
  struct ifinfomsg* i = (struct ifinfomsg*)(b->bytes + b->length);
  memset(i, 0, sizeof *i);
  i->ifi_index = 2;
  i->ifi_flags = flags;
  i->ifi_change = flags;
  b->length += NLMSG_ALIGN(sizeof *i);
  putText(b, IFLA_IFNAME, "eth0");
  putU32(b, IFLA_NET_NS_FD, fd);
  putU32(b, IFLA_NUM_TX_QUEUES, 1);
  putU32(b, IFLA_NUM_RX_QUEUES, 1);
  put(b, IFLA_ADDRESS, mac, 6);
  unnest(b, peer);
}

static void hostSide(struct Buffer* b, enum Kind kind, uint32_t n, int fd) {
  const int index = kFirstIndex + (int)n;
  uint8_t mac[6], peerMac[6];
  char name[16];
  snprintf(name, sizeof name, "f%u", n);
  if (kind == kMacvlan) {
    uint32_t address = addressOf(n), mode = MACVLAN_MODE_BRIDGE;
    macOf(n, 0x0a, mac);
    beginLink(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 2, 0);
    putText(b, IFLA_IFNAME, "eth0");
    putU32(b, IFLA_LINK, parentIndex);
    putU32(b, IFLA_NET_NS_FD, fd);
    putU32(b, IFLA_NUM_TX_QUEUES, 1);
    putU32(b, IFLA_NUM_RX_QUEUES, 1);
    put(b, IFLA_ADDRESS, mac, 6);
    struct rtattr* info = nest(b, IFLA_LINKINFO);
    putText(b, IFLA_INFO_KIND, "macvlan");
    struct rtattr* data = nest(b, IFLA_INFO_DATA);
    putU32(b, IFLA_MACVLAN_MODE, mode);
    unnest(b, data);
    unnest(b, info);
    end(b);
    struct ndmsg* d = begin(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof *d);
    d->ndm_family = AF_INET;
    d->ndm_ifindex = parentIndex;
    d->ndm_state = NUD_PERMANENT;
    put(b, NDA_DST, &address, 4);
    put(b, NDA_LLADDR, mac, 6);
    end(b);
    return;
  }
  const int routed = kind == kRouted;
  macOf(routed ? 0 : n, 0x0e, mac);
  macOf(routed ? 0 : n, routed ? 0x0e : 0x0a, peerMac);
  beginLink(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, kIff | (routed ? kIfNoArp : 0));
  putText(b, IFLA_IFNAME, name);
  if (!routed) putU32(b, IFLA_MASTER, bridgeIndex);
  putU32(b, IFLA_GROUP, kGroup);
  putU32(b, IFLA_NUM_TX_QUEUES, 1);
  putU32(b, IFLA_NUM_RX_QUEUES, 1);
  put(b, IFLA_ADDRESS, mac, 6);
  struct rtattr* info = nest(b, IFLA_LINKINFO);
  putText(b, IFLA_INFO_KIND, "veth");
  struct rtattr* data = nest(b, IFLA_INFO_DATA);
  putPeer(b, fd, 0, peerMac);
  unnest(b, data);
  unnest(b, info);
  end(b);
  if (routed) addRoute(b, 32, addressOf(n), 0, index, 0);
  else noAddressGeneration(b, index);
}

static void inside(struct Buffer* b, enum Kind kind, uint32_t n) {
  const unsigned up = kind == kRouted ? kIff | kIfNoArp : kIff;
  linkUp(b, 1, kIff);
  noAddressGeneration(b, 2);
  linkUp(b, 2, up);
  if (kind == kPrepared) return;
  addAddress(b, 2, addressOf(n), kind == kRouted ? 32 : 16, kind == kRouted);
  if (kind == kRouted) addRoute(b, 0, 0, inet_addr("169.254.1.1"), 2, RTNH_F_ONLINK);
  else addRoute(b, 0, 0, gateway(), 2, 0);
}

// The recipe: 12 system calls with a name, 9 without.
static void attach(struct Sandbox* s, enum Kind kind, uint32_t n) {
  struct Buffer b;
  if (unshare(CLONE_NEWNET) != 0) fail("unshare");
  s->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (s->fd < 0) fail("open /proc/thread-self/ns/net");
  s->path[0] = 0;
  if (kind == kNamed) {
    snprintf(s->path, sizeof s->path, "/run/netns/floor-%u", n);
    int file = open(s->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
    if (file < 0) fail(s->path);
    close(file);
    if (mount("/proc/thread-self/ns/net", s->path, "none", MS_BIND, NULL) != 0) fail("mount");
  }
  b.length = 0;
  hostSide(&b, kind, n, s->fd);
  transact(host, &b, "attach: host side");
  int fd = openSocket();
  b.length = 0;
  inside(&b, kind, n);
  transact(fd, &b, "attach: inside");
  if (kind == kPrepared) s->socket = fd;
  else close(fd);
  if (setns(home, CLONE_NEWNET) != 0) fail("setns");
}

static void destroy(struct Sandbox* s, enum Kind kind) {
  if (s->path[0] != 0) {
    umount2(s->path, MNT_DETACH);
    unlink(s->path);
  }
  if (kind == kPrepared) close(s->socket);
  close(s->fd);
}

// All host ends at once, waiting for the kernel: what is timed next must not pay for it.
static void deleteGroup(void) {
  struct Buffer b;
  b.length = 0;
  beginLink(&b, RTM_DELLINK, 0, 0, 0);
  putU32(&b, IFLA_GROUP, kGroup);
  end(&b);
  transact(host, &b, "delete group");
}

// --- output

static void printSamples(const char* mode, const int64_t* samples, size_t count) {
  printf("{\"mode\":\"%s\",\"samples\":[", mode);
  for (size_t i = 0; i < count; i++) printf("%s%lld", i > 0 ? "," : "", (long long)samples[i]);
  printf("]}\n");
}

static int64_t* allocate(size_t count) {
  int64_t* samples = calloc(count + 1, sizeof *samples);
  if (samples == NULL) fail("calloc");
  return samples;
}

// --- modes

static void modeCreate(size_t count) {
  int64_t* samples = allocate(count);
  for (size_t i = 0; i < count; i++) {
    const int64_t from = now();
    if (unshare(CLONE_NEWNET) != 0) fail("unshare");
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail("open");
    if (setns(home, CLONE_NEWNET) != 0) fail("setns");
    close(fd);
    samples[i] = now() - from;
  }
  printSamples("create", samples, count);
}

static enum Kind kindOf(const char* name) {
  if (strcmp(name, "bridge") == 0) return kAnonymous;
  if (strcmp(name, "bridge-named") == 0) return kNamed;
  if (strcmp(name, "routed") == 0) return kRouted;
  if (strcmp(name, "macvlan") == 0) return kMacvlan;
  errno = EINVAL;
  fail(name);
  return kNamed;
}

static void modeAttach(size_t count, enum Kind kind) {
  int64_t* samples = allocate(count);
  struct Sandbox* all = calloc(count, sizeof *all);
  for (size_t i = 0; i < count; i++) {
    const int64_t from = now();
    attach(&all[i], kind, i);
    samples[i] = now() - from;
  }
  if (kind != kMacvlan) deleteGroup();
  for (size_t i = 0; i < count; i++) destroy(&all[i], kind);
  printSamples("attach", samples, count);
}

static void modeTake(size_t count) {
  int64_t* samples = allocate(count);
  struct Sandbox* all = calloc(count, sizeof *all);
  for (size_t i = 0; i < count; i++) attach(&all[i], kPrepared, i);
  for (size_t i = 0; i < count; i++) {
    struct Buffer b;
    const int64_t from = now();
    b.length = 0;
    addAddress(&b, 2, addressOf(i), 16, 0);
    addRoute(&b, 0, 0, gateway(), 2, 0);
    transact(all[i].socket, &b, "take");
    samples[i] = now() - from;
  }
  deleteGroup();
  for (size_t i = 0; i < count; i++) destroy(&all[i], kPrepared);
  printSamples("take", samples, count);
}

static void modeList(size_t count) {
  int64_t* samples = allocate(count);
  static char reply[1 << 18];
  const int strict = 1;
  size_t bytes = 0;
  setsockopt(host, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof strict);
  for (size_t i = 0; i < count; i++) {
    struct Buffer b;
    b.length = 0;
    beginLink(&b, RTM_GETLINK, NLM_F_DUMP, 0, 0);
    putU32(&b, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    end(&b);
    bytes = 0;
    const int64_t from = now();
    if (send(host, b.bytes, b.length, 0) < 0) fail("list");
    for (int done = 0; !done;) {
      ssize_t n = recv(host, reply, sizeof reply, 0);
      if (n < 0) fail("list");
      bytes += n;
      struct nlmsghdr* m = (struct nlmsghdr*)reply;
      for (size_t left = n; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
        if (m->nlmsg_type == NLMSG_ERROR) fail("list");
        if (m->nlmsg_type == NLMSG_DONE) done = 1;
      }
    }
    samples[i] = now() - from;
  }
  fprintf(stderr, "floor: a dump is %zu bytes\n", bytes);
  printSamples("list", samples, count);
}

static void modeGet(size_t count, const char* name) {
  int64_t* samples = allocate(count);
  char reply[16384];
  for (size_t i = 0; i < count; i++) {
    struct Buffer b;
    const int64_t from = now();
    b.length = 0;
    beginLink(&b, RTM_GETLINK, 0, 0, 0);
    putText(&b, IFLA_IFNAME, name);
    putU32(&b, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    end(&b);
    if (send(host, b.bytes, b.length, 0) < 0) fail("get");
    if (recv(host, reply, sizeof reply, 0) < 0) fail("get");
    if (((struct nlmsghdr*)reply)->nlmsg_type != RTM_NEWLINK) fail("get");
    samples[i] = now() - from;
  }
  printSamples("get", samples, count);
}

// Flat out, a sample is the attach; at a rate, it is the time from the arrival to ready.
static void modeChurn(enum Kind kind, size_t live, double seconds, double rate) {
  const int64_t start = now(), stop = start + (int64_t)(seconds * 1e9);
  const size_t most = (size_t)(seconds * (rate > 0 ? rate : 20000)) + live + 16;
  int64_t* samples = allocate(most);
  struct Sandbox* ring = calloc(live, sizeof *ring);
  size_t count = 0, series[4096] = {0};
  uint32_t n = 0;
  for (; n < live; n++) attach(&ring[n], kind, n);
  const int64_t begun = now(), until = begun + (stop - start);
  while (count < most) {
    int64_t from = now();
    if (from >= until) break;
    if (rate > 0) {
      const int64_t arrival = begun + (int64_t)(count * 1e9 / rate);
      if (arrival >= until) break;
      if (arrival > from) {
        const struct timespec at = {arrival / 1000000000LL, arrival % 1000000000LL};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
      }
      from = arrival;
    }
    struct Sandbox* s = &ring[n % live];
    destroy(s, kind);
    attach(s, kind, n++);
    const int64_t ready = now();
    samples[count++] = ready - from;
    const size_t second = (ready - begun) / 1000000000LL;
    if (second < 4096) series[second]++;
  }
  const double took = (now() - begun) / 1e9;
  printf("{\"mode\":\"churn\",\"seconds\":%.3f,\"series\":[", took);
  for (size_t i = 0; i < (size_t)seconds; i++) printf("%s%zu", i > 0 ? "," : "", series[i]);
  printf("],\"samples\":[");
  for (size_t i = 0; i < count; i++) printf("%s%lld", i > 0 ? "," : "", (long long)samples[i]);
  printf("]}\n");
  fflush(stdout);
  if (kind != kMacvlan) deleteGroup();
  for (size_t i = 0; i < live; i++) destroy(&ring[i], kind);
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: floor create|attach|churn|take|list|get …\n");
    return 2;
  }
  struct rlimit files = {65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  host = openSocket();
  bridgeIndex = (int)if_nametoindex(kBridge);
  parentIndex = (int)if_nametoindex(kParent);
  const char* mode = argv[1];
  if (strcmp(mode, "create") == 0) modeCreate(strtoul(argv[2], NULL, 10));
  else if (strcmp(mode, "attach") == 0 && argc > 3)
    modeAttach(strtoul(argv[2], NULL, 10), kindOf(argv[3]));
  else if (strcmp(mode, "take") == 0) modeTake(strtoul(argv[2], NULL, 10));
  else if (strcmp(mode, "list") == 0) modeList(strtoul(argv[2], NULL, 10));
  else if (strcmp(mode, "get") == 0 && argc > 3) modeGet(strtoul(argv[2], NULL, 10), argv[3]);
  else if (strcmp(mode, "churn") == 0 && argc > 4)
    modeChurn(kindOf(argv[2]), strtoul(argv[3], NULL, 10), strtod(argv[4], NULL),
              argc > 5 ? strtod(argv[5], NULL) : 0);
  else {
    fprintf(stderr, "floor: unknown mode %s\n", mode);
    return 2;
  }
  return 0;
}
