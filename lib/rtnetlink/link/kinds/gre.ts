import {
  be16,
  be32,
  bits,
  bool,
  flag,
  ipv4,
  ipv6,
  oneOf,
  u8,
  u16,
  u32,
} from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';
import { deviceOrNone } from '../../device.ts';
import {
  encapFlags,
  encapType,
  flowInfo,
  inheritedTos,
  inheritedTtl,
  tunnel6Flags,
} from './iptunnel.ts';

/**
 * Generic routing encapsulation: IFLA_GRE_* over IPv4 (gre, gretap, erspan) and over IPv6 (ip6gre,
 * ip6gretap, ip6erspan).
 */

/** GRE_* of linux/if_tunnel.h, in network byte order: what the header carries. */
const headerFlags = bits(be16, {
  csum: 0x8000,
  routing: 0x4000,
  key: 0x2000,
  seq: 0x1000,
});

const COMMON = {
  dev: attr(1, deviceOrNone, {
    kernel: 'IFLA_GRE_LINK',
    since: '2.6.28',
    doc: 'Bound to this link.',
  }),
  iflags: attr(2, headerFlags, {
    kernel: 'IFLA_GRE_IFLAGS',
    since: '2.6.28',
    doc: 'What received packets carry.',
  }),
  oflags: attr(3, headerFlags, {
    kernel: 'IFLA_GRE_OFLAGS',
    since: '2.6.28',
    doc: 'What sent packets carry.',
  }),
  ikey: attr(4, be32, { kernel: 'IFLA_GRE_IKEY', since: '2.6.28', doc: 'With iflags.key.' }),
  okey: attr(5, be32, { kernel: 'IFLA_GRE_OKEY', since: '2.6.28', doc: 'With oflags.key.' }),
  ttl: attr(8, inheritedTtl, { kernel: 'IFLA_GRE_TTL', since: '2.6.28' }),
  encapType: attr(14, encapType, { kernel: 'IFLA_GRE_ENCAP_TYPE', since: '3.18' }),
  encapFlags: attr(15, encapFlags, { kernel: 'IFLA_GRE_ENCAP_FLAGS', since: '3.18' }),
  encapSport: attr(16, be16, {
    kernel: 'IFLA_GRE_ENCAP_SPORT',
    since: '3.18',
    doc: '0 chooses by flow.',
  }),
  encapDport: attr(17, be16, { kernel: 'IFLA_GRE_ENCAP_DPORT', since: '3.18' }),
  external: attr(18, flag, {
    kernel: 'IFLA_GRE_COLLECT_METADATA',
    since: '4.3',
    doc: 'The end points come with each packet.',
  }),
  fwmark: attr(20, u32, { kernel: 'IFLA_GRE_FWMARK', since: '4.12' }),
};

const ERSPAN = {
  erspanIndex: attr(21, u32.range(0, 0xfffff), {
    kernel: 'IFLA_GRE_ERSPAN_INDEX',
    since: '4.14',
    doc: 'Version 1: the port that is mirrored.',
  }),
  erspanVersion: attr(22, u8.range(0, 2), { kernel: 'IFLA_GRE_ERSPAN_VER', since: '4.16' }),
  erspanDirection: attr(23, oneOf(u8, { ingress: 0, egress: 1 }), {
    kernel: 'IFLA_GRE_ERSPAN_DIR',
    since: '4.16',
    doc: 'Version 2: what is mirrored.',
  }),
  erspanHwid: attr(24, u16.range(0, 63), {
    kernel: 'IFLA_GRE_ERSPAN_HWID',
    since: '4.16',
    doc: 'Version 2: the engine that mirrors.',
  }),
};

const V4 = {
  local: attr(6, ipv4, { kernel: 'IFLA_GRE_LOCAL', since: '2.6.28' }),
  remote: attr(7, ipv4, { kernel: 'IFLA_GRE_REMOTE', since: '2.6.28' }),
  tos: attr(9, inheritedTos, { kernel: 'IFLA_GRE_TOS', since: '2.6.28' }),
  pmtudisc: attr(10, bool, { kernel: 'IFLA_GRE_PMTUDISC', since: '2.6.28' }),
  ignoreDf: attr(19, bool, { kernel: 'IFLA_GRE_IGNORE_DF', since: '4.8' }),
};

const V6 = {
  local: attr(6, ipv6, { kernel: 'IFLA_GRE_LOCAL', since: '3.7' }),
  remote: attr(7, ipv6, { kernel: 'IFLA_GRE_REMOTE', since: '3.7' }),
  encapLimit: attr(11, u8, { kernel: 'IFLA_GRE_ENCAP_LIMIT', since: '3.7' }),
  flowInfo: attr(12, flowInfo, { kernel: 'IFLA_GRE_FLOWINFO', since: '3.7' }),
  flags: attr(13, tunnel6Flags, { kernel: 'IFLA_GRE_FLAGS', since: '3.7', doc: 'IP6_TNL_F_*.' }),
};

/** IP over GRE over IPv4; Ethernet with the kind gretap. */
export const gre = table('gre', { ...COMMON, ...V4 });

/** IP over GRE over IPv6; Ethernet with the kind ip6gretap. */
export const ip6gre = table('ip6gre', { ...COMMON, ...V6 });

/** Mirrored frames over GRE over IPv4. */
export const erspan = table('erspan', { ...COMMON, ...V4, ...ERSPAN });

/** Mirrored frames over GRE over IPv6 (since 4.16). */
export const ip6erspan = table('ip6erspan', { ...COMMON, ...V6, ...ERSPAN });
