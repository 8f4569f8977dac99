import { be16, be32, bool, flag, ipv6, oneOf, u8, u32 } from '../../../wire/codecs.ts';
import { attr, struct } from '../../../wire/schema.ts';
import { DualTable, dualIpv4 } from './dual.ts';

/** Generic network virtualization encapsulation (since 4.2; RFC 8926). */
export const geneve = new DualTable('geneve', {
  id: attr(1, u32.range(0, 0xffffff), {
    kernel: 'IFLA_GENEVE_ID',
    since: '4.2',
    doc: 'The network identifier (VNI), 0 to 16777215.',
  }),
  remote: attr(2, dualIpv4, { kernel: 'IFLA_GENEVE_REMOTE', since: '4.2', doc: 'The peer.' }),
  ttl: attr(3, oneOf(u8, { auto: 0 }), { kernel: 'IFLA_GENEVE_TTL', since: '4.2' }),
  tos: attr(4, oneOf(u8, { inherit: 1 }), { kernel: 'IFLA_GENEVE_TOS', since: '4.2' }),
  dstPort: attr(5, be16, {
    kernel: 'IFLA_GENEVE_PORT',
    since: '4.3',
    doc: 'UDP port. Default 6081.',
  }),
  external: attr(6, flag, { kernel: 'IFLA_GENEVE_COLLECT_METADATA', since: '4.3' }),
  remote6: attr(7, ipv6, { kernel: 'IFLA_GENEVE_REMOTE6', since: '4.4' }),
  udpCsum: attr(8, bool, { kernel: 'IFLA_GENEVE_UDP_CSUM', since: '4.5' }),
  udp6ZeroCsumTx: attr(9, bool, { kernel: 'IFLA_GENEVE_UDP_ZERO_CSUM6_TX', since: '4.5' }),
  udp6ZeroCsumRx: attr(10, bool, { kernel: 'IFLA_GENEVE_UDP_ZERO_CSUM6_RX', since: '4.5' }),
  flowLabel: attr(11, be32, { kernel: 'IFLA_GENEVE_LABEL', since: '4.6' }),
  ttlInherit: attr(12, bool, { kernel: 'IFLA_GENEVE_TTL_INHERIT', since: '4.20' }),
  df: attr(13, oneOf(u8, { unset: 0, set: 1, inherit: 2 }), {
    kernel: 'IFLA_GENEVE_DF',
    since: '5.1',
  }),
  innerProtoInherit: attr(14, flag, { kernel: 'IFLA_GENEVE_INNER_PROTO_INHERIT', since: '5.18' }),
  srcPort: attr(15, struct('ifla_geneve_port_range', { low: be16, high: be16 }), {
    kernel: 'IFLA_GENEVE_PORT_RANGE',
    since: '6.15',
    doc: 'UDP source ports to choose from.',
  }),
  groHint: attr(16, flag, { kernel: 'IFLA_GENEVE_GRO_HINT', since: '7.0' }),
  local: attr(17, dualIpv4, { kernel: 'IFLA_GENEVE_LOCAL', since: '7.1' }),
  local6: attr(18, ipv6, { kernel: 'IFLA_GENEVE_LOCAL6', since: '7.1' }),
});
