/** linux/rtnetlink.h */
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;

/** RTN_* by the words of ip-route(8). */
export const ROUTE_TYPES = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
  xresolve: 11,
} as const;

export type RouteType = keyof typeof ROUTE_TYPES;

/** Types of routes that lead nowhere, and so have no next hop. */
export const DEAD_ENDS: ReadonlySet<string> = new Set([
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
]);

/** RTNH_F_*: flags of a next hop. */
export const NEXTHOP_FLAGS = {
  dead: 1,
  pervasive: 2,
  onlink: 4,
  offload: 8,
  linkdown: 16,
  unresolved: 32,
  trap: 64,
} as const;

export type NextHopFlag = keyof typeof NEXTHOP_FLAGS;

/** RTM_F_* of rtm_flags, beyond the next hop's. */
export const RTM_F_NOTIFY = 0x100;
export const RTM_F_CLONED = 0x200;
export const RTM_F_LOOKUP_TABLE = 0x1000;
export const RTM_F_FIB_MATCH = 0x2000;

export const RT_TABLE_UNSPEC = 0;
export const RT_TABLE_COMPAT = 252;
export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;
export const RTPROT_BOOT = 3;
export const RTPROT_STATIC = 4;
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_LINK = 253;
export const RT_SCOPE_HOST = 254;
export const RT_SCOPE_NOWHERE = 255;

/** ICMPV6_ROUTER_PREF_* of linux/icmpv6.h. */
export const ROUTER_PREFERENCES = { medium: 0, high: 1, low: 3 } as const;
