/** linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h */

/** NETLINK_NETFILTER */
export const NETLINK_NETFILTER = 12;

export const NFNL_MSG_BATCH_BEGIN = 0x10;
export const NFNL_MSG_BATCH_END = 0x11;
export const NFNL_SUBSYS_NFTABLES = 10;
export const NFNL_BATCH_GENID = 1;

const message = (number: number): number => (NFNL_SUBSYS_NFTABLES << 8) | number;

export const NFT_MSG_NEWTABLE = message(0);
export const NFT_MSG_GETTABLE = message(1);
export const NFT_MSG_DELTABLE = message(2);
export const NFT_MSG_NEWCHAIN = message(3);
export const NFT_MSG_GETCHAIN = message(4);
export const NFT_MSG_DELCHAIN = message(5);
export const NFT_MSG_NEWRULE = message(6);
export const NFT_MSG_GETRULE = message(7);
export const NFT_MSG_DELRULE = message(8);
export const NFT_MSG_NEWSET = message(9);
export const NFT_MSG_GETSET = message(10);
export const NFT_MSG_DELSET = message(11);
export const NFT_MSG_NEWSETELEM = message(12);
export const NFT_MSG_GETSETELEM = message(13);
export const NFT_MSG_DELSETELEM = message(14);
export const NFT_MSG_NEWGEN = message(15);
export const NFT_MSG_GETGEN = message(16);

/** enum nfproto (linux/netfilter.h): the family of a table. */
export const NFPROTO = {
  unspecified: 0,
  inet: 1,
  ip: 2,
  arp: 3,
  netdev: 5,
  bridge: 7,
  ip6: 10,
} as const;
export type Family = keyof typeof NFPROTO;

/** enum nf_inet_hooks; of a netdev table only `ingress` and `egress` exist, with other numbers. */
export const HOOKS = {
  prerouting: 0,
  input: 1,
  forward: 2,
  output: 3,
  postrouting: 4,
  ingress: 5,
} as const;

/** Where standard chains stand (linux/netfilter_ipv4.h): a lower one is asked earlier. */
export const PRIORITY = {
  raw: -300,
  conntrack: -200,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
} as const;

/** Verdicts of netfilter (linux/netfilter.h) and of nf_tables, as the unsigned numbers on the wire. */
export const VERDICT = {
  drop: 0,
  accept: 1,
  queue: 3,
  continue: 0xffff_ffff,
  break: 0xffff_fffe,
  jump: 0xffff_fffd,
  goto: 0xffff_fffc,
  return: 0xffff_fffb,
} as const;

/** The verdict's register, the four of 16 bytes, and those of 4 bytes that they overlap. */
export const NFT_REG_VERDICT = 0;
export const NFT_REG_1 = 1;
export const NFT_REG32_00 = 8;

export const META = {
  len: 0,
  protocol: 1,
  priority: 2,
  mark: 3,
  iif: 4,
  oif: 5,
  iifname: 6,
  oifname: 7,
  iiftype: 8,
  oiftype: 9,
  skuid: 10,
  skgid: 11,
  nftrace: 12,
  rtclassid: 13,
  secmark: 14,
  nfproto: 15,
  l4proto: 16,
  ibrname: 17,
  obrname: 18,
  pkttype: 19,
  cpu: 20,
  iifgroup: 21,
  oifgroup: 22,
  cgroup: 23,
} as const;

export const CMP = { '==': 0, '!=': 1, '<': 2, '<=': 3, '>': 4, '>=': 5 } as const;

export const PAYLOAD_BASE = { link: 0, network: 1, transport: 2, inner: 3 } as const;

export const CT = {
  state: 0,
  direction: 1,
  status: 2,
  mark: 3,
  secmark: 4,
  expiration: 5,
  helper: 6,
  l3protocol: 7,
  src: 8,
  dst: 9,
  protocol: 10,
  protoSrc: 11,
  protoDst: 12,
  labels: 13,
  packets: 14,
  bytes: 15,
  average: 16,
  zone: 17,
} as const;

/** Bits of `ct state`. */
export const CT_STATE = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const;
/** Bits of `ct status` (enum ip_conntrack_status). */
export const CT_STATUS = {
  expected: 1,
  seenReply: 2,
  assured: 4,
  confirmed: 8,
  snat: 16,
  dnat: 32,
} as const;

export const FIB_RESULT = { oif: 1, oifname: 2, addressType: 3 } as const;
export const FIB_FLAGS = { saddr: 1, daddr: 2, mark: 4, iif: 8, oif: 16, present: 32 } as const;
/** RTN_LOCAL of linux/rtnetlink.h: an address of this host. */
export const RTN_LOCAL = 2;
/** RTN_UNICAST of linux/rtnetlink.h: one other host. */
export const RTN_UNICAST = 1;

export const SET_FLAGS = {
  anonymous: 0x1,
  constant: 0x2,
  interval: 0x4,
  map: 0x8,
  timeout: 0x10,
  eval: 0x20,
  object: 0x40,
  concat: 0x80,
} as const;
export const ELEMENT_FLAGS = { intervalEnd: 1, catchall: 2 } as const;

export const CHAIN_TYPES = ['filter', 'nat', 'route'] as const;
export type ChainType = (typeof CHAIN_TYPES)[number];
export const POLICY = { drop: 0, accept: 1 } as const;
