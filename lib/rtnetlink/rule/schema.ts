import { be32, be64, type Codec, ip, text, u8, u16, u32 } from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';
import { protocolNumber, routeProtocol } from '../protocols.ts';

/** struct fib_rule_hdr. */
export const ruleHeader = struct('fib_rule_hdr', {
  family: u8,
  dstLen: u8,
  srcLen: u8,
  tos: u8,
  table: u8,
  reserved1: u8,
  reserved2: u8,
  action: u8,
  flags: u32,
});

/** struct fib_rule_port_range: both ends belong to it. */
const ports: Codec<{ start: number; end: number }> = struct('fib_rule_port_range', {
  start: u16,
  end: u16,
});

/** struct fib_rule_uid_range: both ends belong to it. */
const uids: Codec<{ start: number; end: number }> = struct('fib_rule_uid_range', {
  start: u32,
  end: u32,
});

/** FRA_*: a policy routing rule. */
export const ruleTable = table('rule', {
  dst: attr(1, ip, { kernel: 'FRA_DST' }),
  src: attr(2, ip, { kernel: 'FRA_SRC' }),
  iif: attr(3, text(15), { kernel: 'FRA_IIFNAME' }),
  goto: attr(4, u32, { kernel: 'FRA_GOTO' }),
  priority: attr(6, u32, { kernel: 'FRA_PRIORITY' }),
  fwmark: attr(10, u32, { kernel: 'FRA_FWMARK' }),
  flow: attr(11, u32, { kernel: 'FRA_FLOW' }),
  tunId: attr(12, be64, { kernel: 'FRA_TUN_ID', since: '4.3' }),
  suppressGroup: attr(13, u32, { kernel: 'FRA_SUPPRESS_IFGROUP', since: '3.12' }),
  suppressPrefixLength: attr(14, u32, { kernel: 'FRA_SUPPRESS_PREFIXLEN', since: '3.12' }),
  table: attr(15, u32, { kernel: 'FRA_TABLE' }),
  fwmask: attr(16, u32, { kernel: 'FRA_FWMASK' }),
  oif: attr(17, text(15), { kernel: 'FRA_OIFNAME' }),
  l3mdev: attr(19, u8, { kernel: 'FRA_L3MDEV', since: '4.8' }),
  uidRange: attr(20, uids, { kernel: 'FRA_UID_RANGE', since: '4.10' }),
  protocol: attr(21, routeProtocol, { kernel: 'FRA_PROTOCOL', since: '4.17' }),
  ipProto: attr(22, protocolNumber, { kernel: 'FRA_IP_PROTO', since: '4.17' }),
  sport: attr(23, ports, { kernel: 'FRA_SPORT_RANGE', since: '4.17' }),
  dport: attr(24, ports, { kernel: 'FRA_DPORT_RANGE', since: '4.17' }),
  dscp: attr(25, u8.range(0, 63), { kernel: 'FRA_DSCP', since: '6.13' }),
  flowLabel: attr(26, be32, { kernel: 'FRA_FLOWLABEL', since: '6.14' }),
  flowLabelMask: attr(27, be32, { kernel: 'FRA_FLOWLABEL_MASK', since: '6.14' }),
  sportMask: attr(28, u16, { kernel: 'FRA_SPORT_MASK', since: '6.15' }),
  dportMask: attr(29, u16, { kernel: 'FRA_DPORT_MASK', since: '6.15' }),
  dscpMask: attr(30, u8.range(0, 63), { kernel: 'FRA_DSCP_MASK', since: '6.15' }),
});
