import { binary, bits, ipv6, oneOf, packed, u8, u32 } from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';
import { ADDR_GEN_MODES } from './constants.ts';

/** IPv4's part of a link: IPV4_DEVCONF_* values in their order, from number 1. */
export const inetSpec = table('inet', {
  conf: attr(1, packed(u32), {
    kernel: 'IFLA_INET_CONF',
    doc: 'The sysctls of the link, in the order of IPV4_DEVCONF_*.',
  }),
});

const cacheInfo = struct('ifla_cacheinfo', {
  maxReassemblyLength: u32,
  timestamp: u32,
  reachableTime: u32,
  retransmitTime: u32,
});

/** IPv6's part of a link. */
export const inet6Spec = table('inet6', {
  flags: attr(1, u32, { kernel: 'IFLA_INET6_FLAGS', readonly: true, doc: 'IF_RA_*, IF_READY.' }),
  conf: attr(2, binary, {
    kernel: 'IFLA_INET6_CONF',
    readonly: true,
    doc: 'The sysctls of the link, 32 bits each, in the order of DEVCONF_*.',
  }),
  stats: attr(3, binary, {
    kernel: 'IFLA_INET6_STATS',
    readonly: true,
    doc: 'IPSTATS_MIB_*, 64 bits each.',
  }),
  mcast: attr(4, binary, { kernel: 'IFLA_INET6_MCAST', readonly: true }),
  cacheInfo: attr(5, cacheInfo, { kernel: 'IFLA_INET6_CACHEINFO', readonly: true }),
  icmp6Stats: attr(6, binary, {
    kernel: 'IFLA_INET6_ICMP6STATS',
    readonly: true,
    doc: 'ICMP6_MIB_*, 64 bits each.',
  }),
  token: attr(7, ipv6, {
    kernel: 'IFLA_INET6_TOKEN',
    doc: 'The lower half of addresses from router advertisements.',
  }),
  addrGenMode: attr(8, oneOf(u8, ADDR_GEN_MODES), {
    kernel: 'IFLA_INET6_ADDR_GEN_MODE',
    doc: 'Where the first IPv6 addresses of the link come from.',
  }),
  raMtu: attr(9, u32, {
    kernel: 'IFLA_INET6_RA_MTU',
    since: '5.15',
    readonly: true,
    doc: 'The MTU that a router advertised.',
  }),
});

/** Management component transport (AF_MCTP). */
const mctp = table('mctp', {
  net: attr(1, u32, { kernel: 'IFLA_MCTP_NET', since: '5.15' }),
  physBinding: attr(2, u8, { kernel: 'IFLA_MCTP_PHYS_BINDING', since: '6.15', readonly: true }),
});

/** IFLA_AF_SPEC: what each address family says of the link; the number is the family's. */
export const afSpec = table('af_spec', {
  inet: attr(2, inetSpec, { kernel: 'AF_INET' }),
  inet6: attr(10, inet6Spec, { kernel: 'AF_INET6' }),
  mctp: attr(45, mctp, { kernel: 'AF_MCTP', since: '5.15' }),
});

/** The program that XDP runs on the link. */
export const xdp = table('xdp', {
  fd: attr(1, u32, {
    kernel: 'IFLA_XDP_FD',
    doc: 'A descriptor of the program; 4294967295 detaches.',
  }),
  attached: attr(2, oneOf(u8, { none: 0, driver: 1, generic: 2, offload: 3, multi: 4 }), {
    kernel: 'IFLA_XDP_ATTACHED',
    readonly: true,
  }),
  flags: attr(
    3,
    bits(u32, { updateIfNoExist: 1, generic: 2, driver: 4, offload: 8, replace: 16 }),
    {
      kernel: 'IFLA_XDP_FLAGS',
    },
  ),
  programId: attr(4, u32, { kernel: 'IFLA_XDP_PROG_ID', readonly: true }),
  driverProgramId: attr(5, u32, { kernel: 'IFLA_XDP_DRV_PROG_ID', readonly: true }),
  genericProgramId: attr(6, u32, { kernel: 'IFLA_XDP_SKB_PROG_ID', readonly: true }),
  offloadProgramId: attr(7, u32, { kernel: 'IFLA_XDP_HW_PROG_ID', readonly: true }),
  expectedFd: attr(8, u32, { kernel: 'IFLA_XDP_EXPECTED_FD', since: '5.7' }),
});
