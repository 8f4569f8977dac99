import {
  array,
  bits,
  bool,
  type Codec,
  ipv4,
  ipv6,
  oneOf,
  text,
  u8,
  u16,
  u32,
  u64,
} from '../../wire/codecs.ts';
import { attr, many, struct, table } from '../../wire/schema.ts';
import { device } from '../device.ts';
import { routerPort } from '../mdb/schema.ts';

/** struct ifinfomsg: heads the older messages, which are of links. */
export const bridgeLinkMessage = struct('ifinfomsg', {
  family: u8,
  pad: u8,
  type: u16,
  ifindex: u32,
  flags: u32,
  change: u32,
});

/** BRIDGE_VLAN_INFO_*. */
export const vlanFlags = bits(u16, {
  master: 0x01,
  pvid: 0x02,
  untagged: 0x04,
  rangeBegin: 0x08,
  rangeEnd: 0x10,
  brEntry: 0x20,
  onlyOptions: 0x40,
});

type Info = { flags: ReturnType<(typeof vlanFlags)['read']>; vid: number };

/** struct bridge_vlan_info. */
export const vlanInfo: Codec<Info> = struct('bridge_vlan_info', { flags: vlanFlags, vid: u16 });

/** IFLA_BRIDGE_VLAN_TUNNEL_*: a VLAN's tunnel (VXLAN VNI). */
export const vlanTunnelTable = table('vlanTunnel', {
  id: attr(1, u32, { kernel: 'IFLA_BRIDGE_VLAN_TUNNEL_ID', since: '4.11' }),
  vid: attr(2, u16, { kernel: 'IFLA_BRIDGE_VLAN_TUNNEL_VID', since: '4.11' }),
  flags: attr(3, vlanFlags, { kernel: 'IFLA_BRIDGE_VLAN_TUNNEL_FLAGS', since: '4.11' }),
});

/** IFLA_AF_SPEC of AF_BRIDGE. */
export const bridgeSpecTable = table('bridgeSpec', {
  flags: attr(0, u16, { kernel: 'IFLA_BRIDGE_FLAGS' }),
  mode: attr(1, oneOf(u16, { veb: 0, vepa: 1, undef: 0xffff }), { kernel: 'IFLA_BRIDGE_MODE' }),
  vlans: many(2, vlanInfo, { kernel: 'IFLA_BRIDGE_VLAN_INFO' }),
  tunnels: many(3, vlanTunnelTable, { kernel: 'IFLA_BRIDGE_VLAN_TUNNEL_INFO', since: '4.11' }),
});

/** What the older messages are made of, as far as VLANs go. */
export const bridgeLinkTable = table('bridgeLink', {
  name: attr(3, text(15), { kernel: 'IFLA_IFNAME' }),
  master: attr(10, device, { kernel: 'IFLA_MASTER' }),
  spec: attr(26, bridgeSpecTable, { kernel: 'IFLA_AF_SPEC' }),
  extMask: attr(29, u32, { kernel: 'IFLA_EXT_MASK' }),
});

/** struct br_vlan_msg: heads the newer messages (since 5.6). */
export const vlanMessage = struct('br_vlan_msg', {
  family: u8,
  reserved1: u8,
  reserved2: u16,
  ifindex: u32,
});

/** BRIDGE_VLANDB_TINFO_*. */
export const tunnelInfoTable = table('tunnelInfo', {
  id: attr(1, u32, { kernel: 'BRIDGE_VLANDB_TINFO_ID', since: '5.7' }),
  command: attr(2, oneOf(u32, { add: 19, delete: 17 }), {
    kernel: 'BRIDGE_VLANDB_TINFO_CMD',
    since: '5.7',
  }),
});

/** BRIDGE_VLANDB_STATS_*. */
export const vlanStatisticsTable = table('vlanStatistics', {
  rxBytes: attr(1, u64, { kernel: 'BRIDGE_VLANDB_STATS_RX_BYTES', since: '5.7' }),
  rxPackets: attr(2, u64, { kernel: 'BRIDGE_VLANDB_STATS_RX_PACKETS', since: '5.7' }),
  txBytes: attr(3, u64, { kernel: 'BRIDGE_VLANDB_STATS_TX_BYTES', since: '5.7' }),
  txPackets: attr(4, u64, { kernel: 'BRIDGE_VLANDB_STATS_TX_PACKETS', since: '5.7' }),
});

/** The state of a port in the spanning tree (BR_STATE_*). */
export const stpState = oneOf(u8, {
  disabled: 0,
  listening: 1,
  learning: 2,
  forwarding: 3,
  blocking: 4,
});

const multicastRouter = oneOf(u8, { disabled: 0, tempQuery: 1, permanent: 2, temp: 3 });

/** BRIDGE_VLANDB_ENTRY_*: a VLAN of a port or of the bridge itself. */
export const vlanEntryTable = table('vlan', {
  info: attr(1, vlanInfo, { kernel: 'BRIDGE_VLANDB_ENTRY_INFO', since: '5.6' }),
  range: attr(2, u16, { kernel: 'BRIDGE_VLANDB_ENTRY_RANGE', since: '5.6' }),
  state: attr(3, stpState, { kernel: 'BRIDGE_VLANDB_ENTRY_STATE', since: '5.6' }),
  tunnel: attr(4, tunnelInfoTable, { kernel: 'BRIDGE_VLANDB_ENTRY_TUNNEL_INFO', since: '5.7' }),
  stats: attr(5, vlanStatisticsTable, {
    kernel: 'BRIDGE_VLANDB_ENTRY_STATS',
    since: '5.7',
    readonly: true,
  }),
  multicastRouter: attr(6, multicastRouter, {
    kernel: 'BRIDGE_VLANDB_ENTRY_MCAST_ROUTER',
    since: '5.15',
  }),
  multicastGroups: attr(7, u32, {
    kernel: 'BRIDGE_VLANDB_ENTRY_MCAST_N_GROUPS',
    since: '6.3',
    readonly: true,
  }),
  multicastMaxGroups: attr(8, u32, {
    kernel: 'BRIDGE_VLANDB_ENTRY_MCAST_MAX_GROUPS',
    since: '6.3',
  }),
  neighbourSuppress: attr(9, bool, {
    kernel: 'BRIDGE_VLANDB_ENTRY_NEIGH_SUPPRESS',
    since: '6.4',
  }),
  neighbourForwardGratuitous: attr(10, bool, {
    kernel: 'BRIDGE_VLANDB_ENTRY_NEIGH_FORWARD_GRAT',
    since: '7.1',
  }),
});

/** BRIDGE_QUERIER_*: who asks for multicast members. */
export const querierTable = table('querier', {
  address: attr(1, ipv4, { kernel: 'BRIDGE_QUERIER_IP_ADDRESS', since: '5.15' }),
  port: attr(2, u32, { kernel: 'BRIDGE_QUERIER_IP_PORT', since: '5.15' }),
  otherTimer: attr(3, u64, { kernel: 'BRIDGE_QUERIER_IP_OTHER_TIMER', since: '5.15' }),
  address6: attr(5, ipv6, { kernel: 'BRIDGE_QUERIER_IPV6_ADDRESS', since: '5.15' }),
  port6: attr(6, u32, { kernel: 'BRIDGE_QUERIER_IPV6_PORT', since: '5.15' }),
  otherTimer6: attr(7, u64, { kernel: 'BRIDGE_QUERIER_IPV6_OTHER_TIMER', since: '5.15' }),
});

/** BRIDGE_VLANDB_GOPTS_*: what a VLAN is on the whole bridge. Intervals in hundredths of a second. */
export const vlanGlobalTable = table('vlanGlobal', {
  vid: attr(1, u16, { kernel: 'BRIDGE_VLANDB_GOPTS_ID', since: '5.15' }),
  vidEnd: attr(2, u16, { kernel: 'BRIDGE_VLANDB_GOPTS_RANGE', since: '5.15' }),
  multicastSnooping: attr(3, bool, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_SNOOPING',
    since: '5.15',
  }),
  multicastIgmpVersion: attr(4, u8, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_IGMP_VERSION',
    since: '5.15',
  }),
  multicastMldVersion: attr(5, u8, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_MLD_VERSION',
    since: '5.15',
  }),
  multicastLastMemberCount: attr(6, u32, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_LAST_MEMBER_CNT',
    since: '5.15',
  }),
  multicastStartupQueryCount: attr(7, u32, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_STARTUP_QUERY_CNT',
    since: '5.15',
  }),
  multicastLastMemberInterval: attr(8, u64, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_LAST_MEMBER_INTVL',
    since: '5.15',
  }),
  multicastMembershipInterval: attr(10, u64, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_MEMBERSHIP_INTVL',
    since: '5.15',
  }),
  multicastQuerierInterval: attr(11, u64, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_QUERIER_INTVL',
    since: '5.15',
  }),
  multicastQueryInterval: attr(12, u64, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_QUERY_INTVL',
    since: '5.15',
  }),
  multicastQueryResponseInterval: attr(13, u64, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_QUERY_RESPONSE_INTVL',
    since: '5.15',
  }),
  multicastStartupQueryInterval: attr(14, u64, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_STARTUP_QUERY_INTVL',
    since: '5.15',
  }),
  multicastQuerier: attr(15, bool, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_QUERIER',
    since: '5.15',
  }),
  multicastRouterPorts: attr(16, array(routerPort, 1), {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_ROUTER_PORTS',
    since: '5.15',
    readonly: true,
  }),
  multicastQuerierState: attr(17, querierTable, {
    kernel: 'BRIDGE_VLANDB_GOPTS_MCAST_QUERIER_STATE',
    since: '5.15',
    readonly: true,
  }),
  msti: attr(18, u16, { kernel: 'BRIDGE_VLANDB_GOPTS_MSTI', since: '5.18' }),
});

/** BRIDGE_VLANDB_*. */
export const vlanTable = table('vlanDump', {
  entries: many(1, vlanEntryTable, { kernel: 'BRIDGE_VLANDB_ENTRY', since: '5.6' }),
  globals: many(2, vlanGlobalTable, { kernel: 'BRIDGE_VLANDB_GLOBAL_OPTIONS', since: '5.15' }),
});

/** BRIDGE_VLANDB_DUMP_*: what a dump tells. */
export const vlanDumpTable = table('vlanDumpFlags', {
  flags: attr(1, u32, { kernel: 'BRIDGE_VLANDB_DUMP_FLAGS', since: '5.7' }),
});
