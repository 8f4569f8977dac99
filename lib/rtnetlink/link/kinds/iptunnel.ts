import {
  be16,
  be32,
  bits,
  bool,
  flag,
  ipv4,
  ipv6,
  mapped,
  oneOf,
  u8,
  u16,
  u32,
} from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';
import { deviceOrNone } from '../../device.ts';

/**
 * IFLA_IPTUN_*, shared by ipip, sit and ip6tnl: the same numbers, but addresses and flags are not of
 * the same form.
 */

export const encapType = oneOf(u16, { none: 0, fou: 1, gue: 2, mpls: 3 });
export const encapFlags = bits(u16, { csum: 1, csum6: 2, remcsum: 4 });

/** A TTL or TOS of which one number means: as the inner packet's. */
export const inheritedTtl = oneOf(u8, { inherit: 0 });
export const inheritedTos = oneOf(u8, { inherit: 1 });

/** What an IP tunnel carries (IPPROTO_*). */
const payload = oneOf(u8, { any: 0, ipip: 4, ipv6: 41, mpls: 137 });

/** IP6_TNL_F_* of linux/ip6_tunnel.h: what a user may set. */
export const tunnel6Flags = bits(u32, {
  ignoreEncapLimit: 0x1,
  useOriginalTrafficClass: 0x2,
  useOriginalFlowLabel: 0x4,
  mip6Device: 0x8,
  receiveDscpCopy: 0x10,
  useOriginalFwmark: 0x20,
  allowLocalRemote: 0x40,
});

const FLOW_LABEL = 0x000fffff;

/** Traffic class and flow label in one word, as they stand in an IPv6 header. */
export const flowInfo = mapped<number, { trafficClass?: number; flowLabel?: number }>(
  be32,
  'be32: traffic class and flow label',
  (value) => (((value.trafficClass ?? 0) << 20) | ((value.flowLabel ?? 0) & FLOW_LABEL)) >>> 0,
  (word) => ({ trafficClass: (word >>> 20) & 0xff, flowLabel: word & FLOW_LABEL }),
  [{ trafficClass: 0xb8, flowLabel: 0x12345 }],
);

const ENCAPSULATION = {
  encapType: attr(15, encapType, {
    kernel: 'IFLA_IPTUN_ENCAP_TYPE',
    since: '3.18',
    doc: 'UDP around the tunnel: foo-over-UDP or generic UDP encapsulation.',
  }),
  encapFlags: attr(16, encapFlags, { kernel: 'IFLA_IPTUN_ENCAP_FLAGS', since: '3.18' }),
  encapSport: attr(17, be16, {
    kernel: 'IFLA_IPTUN_ENCAP_SPORT',
    since: '3.18',
    doc: '0 chooses by flow.',
  }),
  encapDport: attr(18, be16, { kernel: 'IFLA_IPTUN_ENCAP_DPORT', since: '3.18' }),
  external: attr(19, flag, {
    kernel: 'IFLA_IPTUN_COLLECT_METADATA',
    since: '4.9',
    doc: 'The end points come with each packet, from a route or a program.',
  }),
  fwmark: attr(20, u32, { kernel: 'IFLA_IPTUN_FWMARK', since: '4.12' }),
};

const V4 = {
  dev: attr(1, deviceOrNone, {
    kernel: 'IFLA_IPTUN_LINK',
    since: '3.8',
    doc: 'Bound to this link.',
  }),
  local: attr(2, ipv4, { kernel: 'IFLA_IPTUN_LOCAL', since: '3.8' }),
  remote: attr(3, ipv4, { kernel: 'IFLA_IPTUN_REMOTE', since: '3.8' }),
  ttl: attr(4, inheritedTtl, { kernel: 'IFLA_IPTUN_TTL', since: '3.8' }),
  tos: attr(5, inheritedTos, { kernel: 'IFLA_IPTUN_TOS', since: '3.8' }),
  proto: attr(9, payload, {
    kernel: 'IFLA_IPTUN_PROTO',
    since: '3.8',
    doc: 'What it carries: IP in IP, MPLS in IP, IPv6 in IP, any of them.',
  }),
  pmtudisc: attr(10, bool, { kernel: 'IFLA_IPTUN_PMTUDISC', since: '3.8' }),
};

/** IPv4 (or MPLS) in IPv4. */
export const ipip = table('ipip', { ...V4, ...ENCAPSULATION });

/** IPv6 in IPv4: configured tunnels, 6to4, 6rd, ISATAP. */
export const sit = table('sit', {
  ...V4,
  flags: attr(8, bits(u16, { isatap: 0x1 }), { kernel: 'IFLA_IPTUN_FLAGS', since: '3.8' }),
  sixRdPrefix: attr(11, ipv6, { kernel: 'IFLA_IPTUN_6RD_PREFIX', since: '3.8' }),
  sixRdRelayPrefix: attr(12, ipv4, { kernel: 'IFLA_IPTUN_6RD_RELAY_PREFIX', since: '3.8' }),
  sixRdPrefixLen: attr(13, u16.range(0, 128), {
    kernel: 'IFLA_IPTUN_6RD_PREFIXLEN',
    since: '3.8',
  }),
  sixRdRelayPrefixLen: attr(14, u16.range(0, 32), {
    kernel: 'IFLA_IPTUN_6RD_RELAY_PREFIXLEN',
    since: '3.8',
  }),
  ...ENCAPSULATION,
});

/** IPv4 or IPv6 in IPv6. */
export const ip6tnl = table('ip6tnl', {
  dev: attr(1, deviceOrNone, {
    kernel: 'IFLA_IPTUN_LINK',
    since: '3.8',
    doc: 'Bound to this link.',
  }),
  local: attr(2, ipv6, { kernel: 'IFLA_IPTUN_LOCAL', since: '3.8' }),
  remote: attr(3, ipv6, { kernel: 'IFLA_IPTUN_REMOTE', since: '3.8' }),
  ttl: attr(4, inheritedTtl, { kernel: 'IFLA_IPTUN_TTL', since: '3.8', doc: 'The hop limit.' }),
  encapLimit: attr(6, u8, {
    kernel: 'IFLA_IPTUN_ENCAP_LIMIT',
    since: '3.8',
    doc: 'Tunnels within tunnels; not sent with the flag ignoreEncapLimit.',
  }),
  flowInfo: attr(7, flowInfo, { kernel: 'IFLA_IPTUN_FLOWINFO', since: '3.8' }),
  flags: attr(8, tunnel6Flags, {
    kernel: 'IFLA_IPTUN_FLAGS',
    since: '3.8',
    doc: 'IP6_TNL_F_*.',
  }),
  proto: attr(9, payload, { kernel: 'IFLA_IPTUN_PROTO', since: '3.8' }),
  ...ENCAPSULATION,
});
