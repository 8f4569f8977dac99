/** linux/rtnetlink.h, linux/if.h, linux/if_link.h, linux/if_arp.h */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWLINKPROP = 108;
export const RTM_DELLINKPROP = 109;

export const IFF_UP = 0x1;
export const IFF_NOTRAILERS = 0x20;
export const IFF_NOARP = 0x80;
export const IFF_PROMISC = 0x100;
export const IFF_ALLMULTI = 0x200;
export const IFF_MULTICAST = 0x1000;
export const IFF_DYNAMIC = 0x8000;
export const IFF_LOWER_UP = 0x10000;

/** The flags in the order and words of iproute2. */
export const FLAG_NAMES = {
  LOOPBACK: 0x8,
  BROADCAST: 0x2,
  POINTOPOINT: 0x10,
  MULTICAST: IFF_MULTICAST,
  NOARP: IFF_NOARP,
  ALLMULTI: IFF_ALLMULTI,
  PROMISC: IFF_PROMISC,
  MASTER: 0x400,
  SLAVE: 0x800,
  DEBUG: 0x4,
  DYNAMIC: IFF_DYNAMIC,
  AUTOMEDIA: 0x4000,
  PORTSEL: 0x2000,
  NOTRAILERS: IFF_NOTRAILERS,
  UP: IFF_UP,
  LOWER_UP: IFF_LOWER_UP,
  DORMANT: 0x20000,
  ECHO: 0x40000,
} as const;

export type LinkFlag = keyof typeof FLAG_NAMES | 'NO-CARRIER';

/** Leaves statistics out of answers: half of each link's bytes (since 4.5). */
export const RTEXT_FILTER_SKIP_STATS = 8;
export const RTEXT_FILTER_VF = 1;

/** Hardware types that links of a namespace have, by iproute2's names. */
export const HARDWARE_TYPES = {
  ether: 1,
  infiniband: 32,
  can: 280,
  ppp: 512,
  rawip: 519,
  ipip: 768,
  tunnel6: 769,
  loopback: 772,
  sit: 776,
  gre: 778,
  'ieee802.11': 801,
  'ieee802.11/radiotap': 803,
  'ieee802.15.4': 804,
  phonet: 820,
  gre6: 823,
  netlink: 824,
  '6lowpan': 825,
  vsockmon: 826,
  void: 0xffff,
  none: 0xfffe,
} as const;

export type HardwareType = keyof typeof HARDWARE_TYPES;

/** Types whose addresses are IP addresses. */
export const ARPHRD_TUNNEL = 768;
export const ARPHRD_TUNNEL6 = 769;
export const ARPHRD_SIT = 776;
export const ARPHRD_IPGRE = 778;
export const ARPHRD_IP6GRE = 823;

/** RFC 2863 operational states, IF_OPER_*. */
export const OPER_STATES = {
  unknown: 0,
  notpresent: 1,
  down: 2,
  lowerlayerdown: 3,
  testing: 4,
  dormant: 5,
  up: 6,
} as const;

export type OperState = keyof typeof OPER_STATES;

/** IF_LINK_MODE_* */
export const LINK_MODES = { default: 0, dormant: 1, testing: 2 } as const;

/** IN6_ADDR_GEN_MODE_*: where the link's first IPv6 addresses come from. */
export const ADDR_GEN_MODES = { eui64: 0, none: 1, 'stable-privacy': 2, random: 3 } as const;
export type AddrGenMode = keyof typeof ADDR_GEN_MODES;
