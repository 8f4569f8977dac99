import { interfaceName } from '../../check.ts';
import {
  binary,
  bool,
  type Codec,
  hardwareAddress,
  mapped,
  oneOf,
  s32,
  text,
  u8,
  u16,
  u32,
} from '../../wire/codecs.ts';
import { attr, many, struct, table } from '../../wire/schema.ts';
import { deviceOrNone } from '../device.ts';
import { linkGroups } from '../names.ts';
import { afSpec, xdp } from './afspec.ts';
import { LINK_MODES, OPER_STATES } from './constants.ts';
import { ifmap, stats32, stats64 } from './statistics.ts';
import { vfInfoList } from './vf.ts';

export const ifinfomsg = struct('ifinfomsg', {
  family: u8,
  type: u16,
  index: s32,
  flags: u32,
  change: u32,
});

/** A link group: a number, or a name of iproute2's `group` file; read back as a number. */
const group = mapped<number, number | string>(
  u32,
  'link group: number or name',
  (value, path) => linkGroups.number(path, value),
  (number) => number,
  [0, 5, 0xffff_ffff],
);

/** Whether it is surely a good name: short ASCII, as nearly all are. */
function isPlainName(value: unknown, maxBytes: number): boolean {
  if (typeof value !== 'string' || value.length === 0 || value.length > maxBytes) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    // '/' and ':' the kernel refuses; '.' and '..' have to be looked at.
    if (code <= 0x2f || code > 0x7e || code === 0x3a) {
      if (code !== 0x2d && (code !== 0x2e || value.length < 3)) return false;
    }
  }
  return true;
}

/** A name the kernel takes for a link; what it tells is not held to it. */
function linkName(maxBytes: number): Codec<string> {
  const inner = text(maxBytes);
  return {
    ...inner,
    type: `link name of at most ${maxBytes} bytes`,
    write(w, value, path) {
      if (!isPlainName(value, maxBytes)) interfaceName(path.toString(), value, maxBytes);
      w.string(value);
    },
  };
}

const altNames = table('prop_list', {
  altNames: many(53, linkName(127), { kernel: 'IFLA_ALT_IFNAME', since: '5.5' }),
});

const protoDownReason = table('proto_down_reason', {
  mask: attr(1, u32, { kernel: 'IFLA_PROTO_DOWN_REASON_MASK', since: '5.9' }),
  value: attr(2, u32, { kernel: 'IFLA_PROTO_DOWN_REASON_VALUE', since: '5.9' }),
});

/** The attributes that all links share, but for IFLA_LINKINFO. */
export const sharedAttributes = {
  address: attr(1, hardwareAddress, { kernel: 'IFLA_ADDRESS' }),
  broadcast: attr(2, hardwareAddress, { kernel: 'IFLA_BROADCAST' }),
  name: attr(3, linkName(15), { kernel: 'IFLA_IFNAME' }),
  mtu: attr(4, u32, { kernel: 'IFLA_MTU' }),
  link: attr(5, deviceOrNone, { kernel: 'IFLA_LINK' }),
  qdisc: attr(6, text(15, { allowEmpty: true }), { kernel: 'IFLA_QDISC', readonly: true }),
  stats: attr(7, stats32, { kernel: 'IFLA_STATS', readonly: true }),
  master: attr(10, deviceOrNone, { kernel: 'IFLA_MASTER' }),
  wireless: attr(11, binary, { kernel: 'IFLA_WIRELESS', readonly: true }),
  protInfo: attr(12, binary, { kernel: 'IFLA_PROTINFO', readonly: true }),
  txQueueLen: attr(13, u32, { kernel: 'IFLA_TXQLEN' }),
  map: attr(14, ifmap, { kernel: 'IFLA_MAP' }),
  weight: attr(15, u32, { kernel: 'IFLA_WEIGHT' }),
  operState: attr(16, oneOf(u8, OPER_STATES), { kernel: 'IFLA_OPERSTATE' }),
  linkMode: attr(17, oneOf(u8, LINK_MODES), { kernel: 'IFLA_LINKMODE' }),
  netnsPid: attr(19, u32, { kernel: 'IFLA_NET_NS_PID' }),
  alias: attr(20, text(255, { allowEmpty: true }), { kernel: 'IFLA_IFALIAS' }),
  numVf: attr(21, u32, { kernel: 'IFLA_NUM_VF', readonly: true }),
  vfInfo: attr(22, vfInfoList, { kernel: 'IFLA_VFINFO_LIST', readonly: true }),
  stats64: attr(23, stats64, { kernel: 'IFLA_STATS64', readonly: true }),
  vfPorts: attr(24, binary, { kernel: 'IFLA_VF_PORTS', readonly: true }),
  portSelf: attr(25, binary, { kernel: 'IFLA_PORT_SELF', readonly: true }),
  afSpec: attr(26, afSpec, { kernel: 'IFLA_AF_SPEC' }),
  group: attr(27, group, { kernel: 'IFLA_GROUP' }),
  netnsFd: attr(28, u32, { kernel: 'IFLA_NET_NS_FD' }),
  extMask: attr(29, u32, { kernel: 'IFLA_EXT_MASK' }),
  promiscuity: attr(30, u32, { kernel: 'IFLA_PROMISCUITY', readonly: true }),
  numTxQueues: attr(31, u32, { kernel: 'IFLA_NUM_TX_QUEUES' }),
  numRxQueues: attr(32, u32, { kernel: 'IFLA_NUM_RX_QUEUES' }),
  carrier: attr(33, bool, { kernel: 'IFLA_CARRIER' }),
  physPortId: attr(34, binary, { kernel: 'IFLA_PHYS_PORT_ID', readonly: true }),
  carrierChanges: attr(35, u32, { kernel: 'IFLA_CARRIER_CHANGES', readonly: true }),
  physSwitchId: attr(36, binary, { kernel: 'IFLA_PHYS_SWITCH_ID', readonly: true }),
  linkNetnsId: attr(37, s32, { kernel: 'IFLA_LINK_NETNSID' }),
  physPortName: attr(38, text(255, { allowEmpty: true }), {
    kernel: 'IFLA_PHYS_PORT_NAME',
    readonly: true,
  }),
  protoDown: attr(39, bool, { kernel: 'IFLA_PROTO_DOWN' }),
  gsoMaxSegs: attr(40, u32, { kernel: 'IFLA_GSO_MAX_SEGS' }),
  gsoMaxSize: attr(41, u32, { kernel: 'IFLA_GSO_MAX_SIZE' }),
  pad: attr(42, binary, { kernel: 'IFLA_PAD', readonly: true }),
  xdp: attr(43, xdp, { kernel: 'IFLA_XDP' }),
  event: attr(
    44,
    oneOf(u32, {
      none: 0,
      reboot: 1,
      features: 2,
      'bonding-failover': 3,
      'notify-peers': 4,
      'igmp-resend': 5,
      'bonding-options': 6,
    }),
    { kernel: 'IFLA_EVENT', since: '4.13', readonly: true },
  ),
  newNetnsId: attr(45, s32, { kernel: 'IFLA_NEW_NETNSID', since: '4.16', readonly: true }),
  targetNetnsId: attr(46, s32, { kernel: 'IFLA_TARGET_NETNSID', since: '4.16' }),
  carrierUpCount: attr(47, u32, { kernel: 'IFLA_CARRIER_UP_COUNT', since: '4.16', readonly: true }),
  carrierDownCount: attr(48, u32, {
    kernel: 'IFLA_CARRIER_DOWN_COUNT',
    since: '4.16',
    readonly: true,
  }),
  newIndex: attr(49, s32, { kernel: 'IFLA_NEW_IFINDEX', since: '4.16' }),
  minMtu: attr(50, u32, { kernel: 'IFLA_MIN_MTU', since: '4.19', readonly: true }),
  maxMtu: attr(51, u32, { kernel: 'IFLA_MAX_MTU', since: '4.19', readonly: true }),
  propList: attr(52, altNames, { kernel: 'IFLA_PROP_LIST', since: '5.5' }),
  altName: attr(53, linkName(127), { kernel: 'IFLA_ALT_IFNAME', since: '5.5' }),
  permanentAddress: attr(54, hardwareAddress, {
    kernel: 'IFLA_PERM_ADDRESS',
    since: '5.6',
    readonly: true,
  }),
  protoDownReason: attr(55, protoDownReason, { kernel: 'IFLA_PROTO_DOWN_REASON', since: '5.9' }),
  parentDev: attr(56, text(255), { kernel: 'IFLA_PARENT_DEV_NAME', since: '5.15', readonly: true }),
  parentBus: attr(57, text(255), {
    kernel: 'IFLA_PARENT_DEV_BUS_NAME',
    since: '5.15',
    readonly: true,
  }),
  groMaxSize: attr(58, u32, { kernel: 'IFLA_GRO_MAX_SIZE', since: '5.19' }),
  tsoMaxSize: attr(59, u32, { kernel: 'IFLA_TSO_MAX_SIZE', since: '5.19', readonly: true }),
  tsoMaxSegs: attr(60, u32, { kernel: 'IFLA_TSO_MAX_SEGS', since: '5.19', readonly: true }),
  allMultiCount: attr(61, u32, { kernel: 'IFLA_ALLMULTI', since: '6.0', readonly: true }),
  devlinkPort: attr(62, binary, { kernel: 'IFLA_DEVLINK_PORT', since: '6.2', readonly: true }),
  gsoIpv4MaxSize: attr(63, u32, { kernel: 'IFLA_GSO_IPV4_MAX_SIZE', since: '6.3' }),
  groIpv4MaxSize: attr(64, u32, { kernel: 'IFLA_GRO_IPV4_MAX_SIZE', since: '6.3' }),
  dpllPin: attr(65, binary, { kernel: 'IFLA_DPLL_PIN', since: '6.7', readonly: true }),
  maxPacingOffloadHorizon: attr(66, u32, {
    kernel: 'IFLA_MAX_PACING_OFFLOAD_HORIZON',
    since: '6.13',
    readonly: true,
  }),
  netnsImmutable: attr(67, bool, { kernel: 'IFLA_NETNS_IMMUTABLE', since: '6.15', readonly: true }),
  headroom: attr(68, u16, { kernel: 'IFLA_HEADROOM', since: '6.16', readonly: true }),
  tailroom: attr(69, u16, { kernel: 'IFLA_TAILROOM', since: '6.16', readonly: true }),
} as const;

const {
  address,
  broadcast,
  name,
  mtu,
  link,
  master,
  txQueueLen,
  operState,
  linkMode,
  alias,
  numTxQueues,
  numRxQueues,
  carrier,
  linkNetnsId,
  protoDown,
  protoDownReason: reason,
  gsoMaxSegs,
  gsoMaxSize,
  groMaxSize,
  gsoIpv4MaxSize,
  groIpv4MaxSize,
} = sharedAttributes;

/** All of them; IFLA_LINKINFO is added by schema.ts. */
export const linkAttributes = table('link', sharedAttributes);

/** What a caller sets flat in a spec, written as it is told. */
export const settableAttributes = table('link', {
  name,
  address,
  broadcast,
  mtu,
  link,
  master,
  alias,
  txQueueLen,
  numTxQueues,
  numRxQueues,
  group: sharedAttributes.group,
  operState,
  linkMode,
  carrier,
  linkNetnsId,
  protoDown,
  protoDownReason: reason,
  gsoMaxSegs,
  gsoMaxSize,
  groMaxSize,
  gsoIpv4MaxSize,
  groIpv4MaxSize,
  xdp: sharedAttributes.xdp,
});
