import { oneOf, u8 } from '../wire/codecs.ts';

/** Who installed a route, rule, neighbour or nexthop (RTPROT_* of linux/rtnetlink.h). */
export const ROUTE_PROTOCOLS = {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  mrouted: 17,
  keepalived: 18,
  babel: 42,
  openr: 99,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
} as const;

export const routeProtocol = oneOf(u8, ROUTE_PROTOCOLS);

/** IP protocols (IPPROTO_* of linux/in.h) by the names that /etc/protocols gives them. */
export const IP_PROTOCOLS = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
} as const;

export const protocolNumber = oneOf(u8, IP_PROTOCOLS);

const NAMES = new Map<number, keyof typeof ROUTE_PROTOCOLS>();
for (const name of Object.keys(ROUTE_PROTOCOLS) as (keyof typeof ROUTE_PROTOCOLS)[]) {
  NAMES.set(ROUTE_PROTOCOLS[name], name);
}

/** The name of a number in a header, or the number where it has none. */
export function routeProtocolName(number: number): keyof typeof ROUTE_PROTOCOLS | number {
  return NAMES.get(number) ?? number;
}
