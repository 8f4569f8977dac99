import { invalidType, invalidValue } from '../../../errors.ts';
import {
  be16,
  binary,
  bool,
  bool32,
  type Codec,
  flag,
  ipv4,
  ipv6,
  mac,
  oneOf,
  readHex,
  u8,
  u16,
  u32,
  u64,
} from '../../../wire/codecs.ts';
import { DecodeError } from '../../../wire/errors.ts';
import { attr, table } from '../../../wire/schema.ts';
import { deviceOrNone } from '../../device.ts';
import { flagsAndMask } from '../../masked.ts';

/** A bridge's identifier: priority and MAC, '8000.020000000001' as brctl and sysfs write it. */
const bridgeId: Codec<string> = {
  type: 'bridge identifier',
  size: 8,
  samples: ['8000.020000000001', '0000.000000000000'],
  write(w, value, path) {
    const allowed = "a bridge identifier like '8000.020000000001'";
    if (typeof value !== 'string') throw invalidType(path.toString(), value, allowed);
    if (!/^[0-9a-f]{4}\.[0-9a-f]{12}$/.test(value))
      throw invalidValue(path.toString(), value, allowed);
    w.raw(Buffer.from(value.replace('.', ''), 'hex'));
  },
  read(bytes, _view, at, length) {
    if (length < 8) throw new DecodeError(`a bridge identifier of ${length} bytes`, at);
    return `${readHex(bytes, at, 2)}.${readHex(bytes, at + 2, 6)}`;
  },
};

/** Times the kernel counts in hundredths of a second (USER_HZ). */
const centiseconds = (what: string) => `${what}, in 1/100 s.`;

/** Who asks about multicast on the bridge's own network now. */
export const querierState = table('mcast_querier_state', {
  ipAddress: attr(1, ipv4, { kernel: 'BRIDGE_QUERIER_IP_ADDRESS', since: '5.15' }),
  ipPort: attr(2, u32, { kernel: 'BRIDGE_QUERIER_IP_PORT', since: '5.15' }),
  ipOtherTimer: attr(3, u64, { kernel: 'BRIDGE_QUERIER_IP_OTHER_TIMER', since: '5.15' }),
  pad: attr(4, binary, { kernel: 'BRIDGE_QUERIER_PAD', since: '5.15', readonly: true }),
  ipv6Address: attr(5, ipv6, { kernel: 'BRIDGE_QUERIER_IPV6_ADDRESS', since: '5.15' }),
  ipv6Port: attr(6, u32, { kernel: 'BRIDGE_QUERIER_IPV6_PORT', since: '5.15' }),
  ipv6OtherTimer: attr(7, u64, { kernel: 'BRIDGE_QUERIER_IPV6_OTHER_TIMER', since: '5.15' }),
});

/** A switch in the kernel. Names and units are iproute2's; kernel 4.9 has all without `since`. */
export const bridge = table('bridge', {
  forwardDelay: attr(1, u32, {
    kernel: 'IFLA_BR_FORWARD_DELAY',
    doc: centiseconds('STP: listening and learning, 200 to 3000 with STP'),
  }),
  helloTime: attr(2, u32, {
    kernel: 'IFLA_BR_HELLO_TIME',
    doc: centiseconds('STP: between hellos, 100 to 1000'),
  }),
  maxAge: attr(3, u32, {
    kernel: 'IFLA_BR_MAX_AGE',
    doc: centiseconds("STP: a root's lifetime, 600 to 4000"),
  }),
  ageingTime: attr(4, u32, {
    kernel: 'IFLA_BR_AGEING_TIME',
    doc: centiseconds('Lifetime of learnt addresses, 30000 unless set'),
  }),
  stpState: attr(5, bool32, { kernel: 'IFLA_BR_STP_STATE', doc: 'Spanning tree.' }),
  priority: attr(6, u16, {
    kernel: 'IFLA_BR_PRIORITY',
    doc: 'STP: the lowest becomes root, 32768 unless set.',
  }),
  vlanFiltering: attr(7, bool, { kernel: 'IFLA_BR_VLAN_FILTERING' }),
  vlanProtocol: attr(8, oneOf(be16, { '802.1Q': 0x8100, '802.1ad': 0x88a8 }), {
    kernel: 'IFLA_BR_VLAN_PROTOCOL',
  }),
  groupFwdMask: attr(9, u16, {
    kernel: 'IFLA_BR_GROUP_FWD_MASK',
    doc: 'Link-local groups 01:80:c2:00:00:0X that are forwarded: bit X.',
  }),
  rootId: attr(10, bridgeId, { kernel: 'IFLA_BR_ROOT_ID', readonly: true }),
  bridgeId: attr(11, bridgeId, { kernel: 'IFLA_BR_BRIDGE_ID', readonly: true }),
  rootPort: attr(12, u16, { kernel: 'IFLA_BR_ROOT_PORT', readonly: true }),
  rootPathCost: attr(13, u32, { kernel: 'IFLA_BR_ROOT_PATH_COST', readonly: true }),
  topologyChange: attr(14, bool, { kernel: 'IFLA_BR_TOPOLOGY_CHANGE', readonly: true }),
  topologyChangeDetected: attr(15, bool, {
    kernel: 'IFLA_BR_TOPOLOGY_CHANGE_DETECTED',
    readonly: true,
  }),
  helloTimer: attr(16, u64, {
    kernel: 'IFLA_BR_HELLO_TIMER',
    readonly: true,
    doc: centiseconds('Left'),
  }),
  tcnTimer: attr(17, u64, {
    kernel: 'IFLA_BR_TCN_TIMER',
    readonly: true,
    doc: centiseconds('Left'),
  }),
  topologyChangeTimer: attr(18, u64, {
    kernel: 'IFLA_BR_TOPOLOGY_CHANGE_TIMER',
    readonly: true,
    doc: centiseconds('Left'),
  }),
  gcTimer: attr(19, u64, { kernel: 'IFLA_BR_GC_TIMER', readonly: true, doc: centiseconds('Left') }),
  groupAddress: attr(20, mac, {
    kernel: 'IFLA_BR_GROUP_ADDR',
    doc: "STP's own: 01:80:c2:00:00:0X.",
  }),
  fdbFlush: attr(21, flag, {
    kernel: 'IFLA_BR_FDB_FLUSH',
    doc: 'Forgets the learnt addresses, once.',
  }),
  mcastRouter: attr(22, u8.range(0, 2), {
    kernel: 'IFLA_BR_MCAST_ROUTER',
    doc: '0 never, 1 learnt, 2 always.',
  }),
  mcastSnooping: attr(23, bool, { kernel: 'IFLA_BR_MCAST_SNOOPING' }),
  mcastQueryUseIfaddr: attr(24, bool, { kernel: 'IFLA_BR_MCAST_QUERY_USE_IFADDR' }),
  mcastQuerier: attr(25, bool, { kernel: 'IFLA_BR_MCAST_QUERIER' }),
  mcastHashElasticity: attr(26, u32, {
    kernel: 'IFLA_BR_MCAST_HASH_ELASTICITY',
    doc: 'No effect since 4.20.',
  }),
  mcastHashMax: attr(27, u32, { kernel: 'IFLA_BR_MCAST_HASH_MAX' }),
  mcastLastMemberCnt: attr(28, u32, { kernel: 'IFLA_BR_MCAST_LAST_MEMBER_CNT' }),
  mcastStartupQueryCnt: attr(29, u32, { kernel: 'IFLA_BR_MCAST_STARTUP_QUERY_CNT' }),
  mcastLastMemberIntvl: attr(30, u64, {
    kernel: 'IFLA_BR_MCAST_LAST_MEMBER_INTVL',
    doc: centiseconds('Interval'),
  }),
  mcastMembershipIntvl: attr(31, u64, {
    kernel: 'IFLA_BR_MCAST_MEMBERSHIP_INTVL',
    doc: centiseconds('Interval'),
  }),
  mcastQuerierIntvl: attr(32, u64, {
    kernel: 'IFLA_BR_MCAST_QUERIER_INTVL',
    doc: centiseconds('Interval'),
  }),
  mcastQueryIntvl: attr(33, u64, {
    kernel: 'IFLA_BR_MCAST_QUERY_INTVL',
    doc: centiseconds('Interval'),
  }),
  mcastQueryResponseIntvl: attr(34, u64, {
    kernel: 'IFLA_BR_MCAST_QUERY_RESPONSE_INTVL',
    doc: centiseconds('Interval'),
  }),
  mcastStartupQueryIntvl: attr(35, u64, {
    kernel: 'IFLA_BR_MCAST_STARTUP_QUERY_INTVL',
    doc: centiseconds('Interval'),
  }),
  nfCallIptables: attr(36, bool, { kernel: 'IFLA_BR_NF_CALL_IPTABLES' }),
  nfCallIp6tables: attr(37, bool, { kernel: 'IFLA_BR_NF_CALL_IP6TABLES' }),
  nfCallArptables: attr(38, bool, { kernel: 'IFLA_BR_NF_CALL_ARPTABLES' }),
  vlanDefaultPvid: attr(39, u16.range(0, 4094), {
    kernel: 'IFLA_BR_VLAN_DEFAULT_PVID',
    doc: '0 is none.',
  }),
  pad: attr(40, binary, { kernel: 'IFLA_BR_PAD', readonly: true }),
  vlanStatsEnabled: attr(41, bool, { kernel: 'IFLA_BR_VLAN_STATS_ENABLED' }),
  mcastStatsEnabled: attr(42, bool, { kernel: 'IFLA_BR_MCAST_STATS_ENABLED' }),
  mcastIgmpVersion: attr(43, u8.range(2, 3), { kernel: 'IFLA_BR_MCAST_IGMP_VERSION' }),
  mcastMldVersion: attr(44, u8.range(1, 2), { kernel: 'IFLA_BR_MCAST_MLD_VERSION' }),
  vlanStatsPerPort: attr(45, bool, { kernel: 'IFLA_BR_VLAN_STATS_PER_PORT', since: '4.20' }),
  options: attr(
    46,
    flagsAndMask(u32, {
      noLinklocalLearn: 1,
      mcastVlanSnooping: 2,
      mstEnabled: 4,
      mdbOffloadFailNotification: 8,
      fdbLocalVlan0: 16,
    }),
    {
      kernel: 'IFLA_BR_MULTI_BOOLOPT',
      since: '4.20',
      doc: 'BR_BOOLOPT_*; those left out stay as they are.',
    },
  ),
  mcastQuerierState: attr(47, querierState, {
    kernel: 'IFLA_BR_MCAST_QUERIER_STATE',
    since: '5.15',
    readonly: true,
  }),
  fdbNLearned: attr(48, u32, { kernel: 'IFLA_BR_FDB_N_LEARNED', since: '6.7', readonly: true }),
  fdbMaxLearned: attr(49, u32, {
    kernel: 'IFLA_BR_FDB_MAX_LEARNED',
    since: '6.7',
    doc: '0 is no limit.',
  }),
  stpMode: attr(50, oneOf(u32, { auto: 0, user: 1, kernel: 2 }), {
    kernel: 'IFLA_BR_STP_MODE',
    since: '7.1',
  }),
});

/** A port of a bridge: IFLA_INFO_SLAVE_DATA and, in AF_BRIDGE messages, IFLA_PROTINFO. */
export const bridgePort = table('bridge_slave', {
  state: attr(
    1,
    oneOf(u8, { disabled: 0, listening: 1, learning: 2, forwarding: 3, blocking: 4 }),
    {
      kernel: 'IFLA_BRPORT_STATE',
      doc:
        'STP; settable while the bridge runs none (EBUSY otherwise). The kernel takes a port from ' +
        "'blocking' to 'forwarding' at once, unless a program runs the spanning tree; 'disabled' stays.",
    },
  ),
  priority: attr(2, u16, { kernel: 'IFLA_BRPORT_PRIORITY', doc: 'STP: 0 to 63.' }),
  cost: attr(3, u32, { kernel: 'IFLA_BRPORT_COST', doc: 'STP: 1 to 65535.' }),
  hairpin: attr(4, bool, {
    kernel: 'IFLA_BRPORT_MODE',
    doc: 'Frames may go back where they came from.',
  }),
  guard: attr(5, bool, { kernel: 'IFLA_BRPORT_GUARD', doc: 'An STP message disables the port.' }),
  rootBlock: attr(6, bool, {
    kernel: 'IFLA_BRPORT_PROTECT',
    doc: 'Never becomes the way to the root.',
  }),
  fastLeave: attr(7, bool, { kernel: 'IFLA_BRPORT_FAST_LEAVE' }),
  learning: attr(8, bool, { kernel: 'IFLA_BRPORT_LEARNING' }),
  flood: attr(9, bool, {
    kernel: 'IFLA_BRPORT_UNICAST_FLOOD',
    doc: 'Frames for addresses not known.',
  }),
  proxyArp: attr(10, bool, { kernel: 'IFLA_BRPORT_PROXYARP' }),
  learningSync: attr(11, bool, { kernel: 'IFLA_BRPORT_LEARNING_SYNC' }),
  proxyArpWifi: attr(12, bool, { kernel: 'IFLA_BRPORT_PROXYARP_WIFI' }),
  rootId: attr(13, bridgeId, { kernel: 'IFLA_BRPORT_ROOT_ID', readonly: true }),
  bridgeId: attr(14, bridgeId, { kernel: 'IFLA_BRPORT_BRIDGE_ID', readonly: true }),
  designatedPort: attr(15, u16, { kernel: 'IFLA_BRPORT_DESIGNATED_PORT', readonly: true }),
  designatedCost: attr(16, u16, { kernel: 'IFLA_BRPORT_DESIGNATED_COST', readonly: true }),
  id: attr(17, u16, { kernel: 'IFLA_BRPORT_ID', readonly: true }),
  no: attr(18, u16, { kernel: 'IFLA_BRPORT_NO', readonly: true }),
  topologyChangeAck: attr(19, bool, { kernel: 'IFLA_BRPORT_TOPOLOGY_CHANGE_ACK', readonly: true }),
  configPending: attr(20, bool, { kernel: 'IFLA_BRPORT_CONFIG_PENDING', readonly: true }),
  messageAgeTimer: attr(21, u64, {
    kernel: 'IFLA_BRPORT_MESSAGE_AGE_TIMER',
    readonly: true,
    doc: centiseconds('Left'),
  }),
  forwardDelayTimer: attr(22, u64, {
    kernel: 'IFLA_BRPORT_FORWARD_DELAY_TIMER',
    readonly: true,
    doc: centiseconds('Left'),
  }),
  holdTimer: attr(23, u64, {
    kernel: 'IFLA_BRPORT_HOLD_TIMER',
    readonly: true,
    doc: centiseconds('Left'),
  }),
  flush: attr(24, flag, {
    kernel: 'IFLA_BRPORT_FLUSH',
    doc: 'Forgets the addresses learnt here, once.',
  }),
  multicastRouter: attr(25, u8.range(0, 3), {
    kernel: 'IFLA_BRPORT_MULTICAST_ROUTER',
    doc: '0 never, 1 learnt, 2 always, 3 for a while.',
  }),
  pad: attr(26, binary, { kernel: 'IFLA_BRPORT_PAD', readonly: true }),
  mcastFlood: attr(27, bool, { kernel: 'IFLA_BRPORT_MCAST_FLOOD' }),
  mcastToUnicast: attr(28, bool, { kernel: 'IFLA_BRPORT_MCAST_TO_UCAST', since: '4.11' }),
  vlanTunnel: attr(29, bool, { kernel: 'IFLA_BRPORT_VLAN_TUNNEL', since: '4.11' }),
  bcastFlood: attr(30, bool, { kernel: 'IFLA_BRPORT_BCAST_FLOOD', since: '4.12' }),
  groupFwdMask: attr(31, u16, { kernel: 'IFLA_BRPORT_GROUP_FWD_MASK', since: '4.15' }),
  neighSuppress: attr(32, bool, { kernel: 'IFLA_BRPORT_NEIGH_SUPPRESS', since: '4.15' }),
  isolated: attr(33, bool, {
    kernel: 'IFLA_BRPORT_ISOLATED',
    since: '4.18',
    doc: 'Isolated ports do not reach each other.',
  }),
  backupPort: attr(34, deviceOrNone, { kernel: 'IFLA_BRPORT_BACKUP_PORT', since: '4.19' }),
  mrpRingOpen: attr(35, bool, {
    kernel: 'IFLA_BRPORT_MRP_RING_OPEN',
    since: '5.8',
    readonly: true,
  }),
  mrpInOpen: attr(36, bool, { kernel: 'IFLA_BRPORT_MRP_IN_OPEN', since: '5.9', readonly: true }),
  mcastEhtHostsLimit: attr(37, u32, { kernel: 'IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT', since: '5.12' }),
  mcastEhtHostsCnt: attr(38, u32, {
    kernel: 'IFLA_BRPORT_MCAST_EHT_HOSTS_CNT',
    since: '5.12',
    readonly: true,
  }),
  locked: attr(39, bool, {
    kernel: 'IFLA_BRPORT_LOCKED',
    since: '5.18',
    doc: 'Only known source addresses get in.',
  }),
  mab: attr(40, bool, { kernel: 'IFLA_BRPORT_MAB', since: '6.2' }),
  mcastNGroups: attr(41, u32, {
    kernel: 'IFLA_BRPORT_MCAST_N_GROUPS',
    since: '6.3',
    readonly: true,
  }),
  mcastMaxGroups: attr(42, u32, {
    kernel: 'IFLA_BRPORT_MCAST_MAX_GROUPS',
    since: '6.3',
    doc: '0 is no limit.',
  }),
  neighVlanSuppress: attr(43, bool, { kernel: 'IFLA_BRPORT_NEIGH_VLAN_SUPPRESS', since: '6.4' }),
  backupNhid: attr(44, u32, { kernel: 'IFLA_BRPORT_BACKUP_NHID', since: '6.6' }),
  neighForwardGrat: attr(45, bool, { kernel: 'IFLA_BRPORT_NEIGH_FORWARD_GRAT', since: '7.1' }),
});
