import { be16, be32, bool, bytes, flag, ipv6, oneOf, u8, u32 } from '../../../wire/codecs.ts';
import { attr, struct } from '../../../wire/schema.ts';
import { device } from '../../device.ts';
import { DualTable, dualIpv4 } from './dual.ts';

/** Ethernet in UDP (since 3.7; RFC 7348). */
export const vxlan = new DualTable('vxlan', {
  id: attr(1, u32.range(0, 0xffffff), {
    kernel: 'IFLA_VXLAN_ID',
    since: '3.7',
    doc: 'The network identifier (VNI), 0 to 16777215; none with `external`.',
  }),
  remote: attr(2, dualIpv4, {
    kernel: 'IFLA_VXLAN_GROUP',
    since: '3.7',
    doc: 'Where frames of unknown destination go: a peer, or a multicast group (with `dev`).',
  }),
  dev: attr(3, device, {
    kernel: 'IFLA_VXLAN_LINK',
    since: '3.7',
    doc: 'The link underneath.',
  }),
  local: attr(4, dualIpv4, {
    kernel: 'IFLA_VXLAN_LOCAL',
    since: '3.7',
    doc: 'The source address.',
  }),
  ttl: attr(5, oneOf(u8, { auto: 0 }), { kernel: 'IFLA_VXLAN_TTL', since: '3.7' }),
  tos: attr(6, oneOf(u8, { inherit: 1 }), { kernel: 'IFLA_VXLAN_TOS', since: '3.7' }),
  learning: attr(7, bool, {
    kernel: 'IFLA_VXLAN_LEARNING',
    since: '3.7',
    doc: 'Learns the remote of each source address. Default true.',
  }),
  ageing: attr(8, u32, {
    kernel: 'IFLA_VXLAN_AGEING',
    since: '3.7',
    doc: 'Lifetime of learnt entries in seconds. Default 300.',
  }),
  maxAddress: attr(9, u32, {
    kernel: 'IFLA_VXLAN_LIMIT',
    since: '3.7',
    doc: 'The most fdb entries; 0 is no limit.',
  }),
  srcPort: attr(10, struct('ifla_vxlan_port_range', { low: be16, high: be16 }), {
    kernel: 'IFLA_VXLAN_PORT_RANGE',
    since: '3.7',
    doc: 'UDP source ports to choose from.',
  }),
  proxy: attr(11, bool, {
    kernel: 'IFLA_VXLAN_PROXY',
    since: '3.8',
    doc: 'Answers ARP and neighbour solicitations itself.',
  }),
  rsc: attr(12, bool, { kernel: 'IFLA_VXLAN_RSC', since: '3.8', doc: 'Route short circuit.' }),
  l2miss: attr(13, bool, { kernel: 'IFLA_VXLAN_L2MISS', since: '3.8' }),
  l3miss: attr(14, bool, { kernel: 'IFLA_VXLAN_L3MISS', since: '3.8' }),
  dstPort: attr(15, be16, {
    kernel: 'IFLA_VXLAN_PORT',
    since: '3.9',
    doc: "The peers' UDP port. The kernel's default is 8472, IANA's number 4789.",
  }),
  remote6: attr(16, ipv6, { kernel: 'IFLA_VXLAN_GROUP6', since: '3.12' }),
  local6: attr(17, ipv6, { kernel: 'IFLA_VXLAN_LOCAL6', since: '3.12' }),
  udpCsum: attr(18, bool, { kernel: 'IFLA_VXLAN_UDP_CSUM', since: '3.16' }),
  udp6ZeroCsumTx: attr(19, bool, { kernel: 'IFLA_VXLAN_UDP_ZERO_CSUM6_TX', since: '3.16' }),
  udp6ZeroCsumRx: attr(20, bool, { kernel: 'IFLA_VXLAN_UDP_ZERO_CSUM6_RX', since: '3.16' }),
  remCsumTx: attr(21, bool, { kernel: 'IFLA_VXLAN_REMCSUM_TX', since: '4.0' }),
  remCsumRx: attr(22, bool, { kernel: 'IFLA_VXLAN_REMCSUM_RX', since: '4.0' }),
  gbp: attr(23, flag, {
    kernel: 'IFLA_VXLAN_GBP',
    since: '4.0',
    doc: 'The group policy extension.',
  }),
  remCsumNoPartial: attr(24, flag, { kernel: 'IFLA_VXLAN_REMCSUM_NOPARTIAL', since: '4.0' }),
  external: attr(25, bool, {
    kernel: 'IFLA_VXLAN_COLLECT_METADATA',
    since: '4.3',
    doc: 'The VNI and the peer come with each packet, from a route or a program.',
  }),
  flowLabel: attr(26, be32, { kernel: 'IFLA_VXLAN_LABEL', since: '4.6' }),
  gpe: attr(27, flag, {
    kernel: 'IFLA_VXLAN_GPE',
    since: '4.7',
    doc: 'The generic protocol extension; needs `external`.',
  }),
  ttlInherit: attr(28, flag, {
    kernel: 'IFLA_VXLAN_TTL_INHERIT',
    since: '4.18',
    doc: "The inner packet's TTL.",
  }),
  df: attr(29, oneOf(u8, { unset: 0, set: 1, inherit: 2 }), {
    kernel: 'IFLA_VXLAN_DF',
    since: '5.1',
    doc: "The outer header's don't-fragment bit.",
  }),
  vniFilter: attr(30, bool, {
    kernel: 'IFLA_VXLAN_VNIFILTER',
    since: '5.18',
    doc: 'Only VNIs that are set up are received; needs `external`.',
  }),
  localBypass: attr(31, bool, { kernel: 'IFLA_VXLAN_LOCALBYPASS', since: '6.5' }),
  flowLabelPolicy: attr(32, oneOf(u32, { fixed: 0, inherit: 1 }), {
    kernel: 'IFLA_VXLAN_LABEL_POLICY',
    since: '6.7',
  }),
  reservedBits: attr(33, bytes(8), {
    kernel: 'IFLA_VXLAN_RESERVED_BITS',
    since: '6.14',
    doc: 'Bits of the VXLAN header that may be set in what is received.',
  }),
  multicastRoute: attr(34, bool, { kernel: 'IFLA_VXLAN_MC_ROUTE', since: '6.17' }),
});
