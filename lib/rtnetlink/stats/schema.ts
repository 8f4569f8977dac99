import { u8, u16, u32, u64 } from '../../wire/codecs.ts';
import { attr, many, struct, table } from '../../wire/schema.ts';
import { vlanFlags } from '../vlan/schema.ts';

/** struct if_stats_msg of linux/if_link.h; the mask asks for attributes, bit 0 for the first. */
export const statsMessage = struct('if_stats_msg', {
  family: u8,
  pad1: u8,
  pad2: u16,
  ifindex: u32,
  filterMask: u32,
});

/** A counter of each direction (BR_MCAST_DIR_RX, BR_MCAST_DIR_TX). */
const both = <const N extends string>(name: N) =>
  ({ [`${name}Rx`]: u64, [`${name}Tx`]: u64 }) as Record<`${N}Rx` | `${N}Tx`, typeof u64>;

/** struct br_mcast_stats: the multicast control messages that a bridge or a port has seen. */
export const multicastStatistics = struct('br_mcast_stats', {
  ...both('igmpV1Queries'),
  ...both('igmpV2Queries'),
  ...both('igmpV3Queries'),
  ...both('igmpLeaves'),
  ...both('igmpV1Reports'),
  ...both('igmpV2Reports'),
  ...both('igmpV3Reports'),
  igmpParseErrors: u64,
  ...both('mldV1Queries'),
  ...both('mldV2Queries'),
  ...both('mldLeaves'),
  ...both('mldV1Reports'),
  ...both('mldV2Reports'),
  mldParseErrors: u64,
  ...both('bytes'),
  ...both('packets'),
});

/** struct bridge_vlan_xstats: what has passed in a VLAN (with vlanStatsEnabled). */
export const vlanCounters = struct('bridge_vlan_xstats', {
  rxBytes: u64,
  rxPackets: u64,
  txBytes: u64,
  txPackets: u64,
  vid: u16,
  flags: vlanFlags,
  pad: u32,
});

/** struct bridge_stp_xstats: of a port, what the spanning tree did to it. */
export const stpStatistics = struct('bridge_stp_xstats', {
  transitionsToBlocking: u64,
  transitionsToForwarding: u64,
  rxBpdu: u64,
  txBpdu: u64,
  rxTcn: u64,
  txTcn: u64,
});

/** BRIDGE_XSTATS_* of linux/if_bridge.h. */
export const bridgeExtrasTable = table('bridgeExtras', {
  vlans: many(1, vlanCounters, { kernel: 'BRIDGE_XSTATS_VLAN' }),
  multicast: attr(2, multicastStatistics, { kernel: 'BRIDGE_XSTATS_MCAST', readonly: true }),
  stp: attr(4, stpStatistics, { kernel: 'BRIDGE_XSTATS_STP', since: '5.6', readonly: true }),
});

/** BOND_3AD_STAT_* of linux/if_bonding.h: frames of the aggregation protocol (802.3ad). */
export const aggregationTable = table('aggregation', {
  lacpduRx: attr(0, u64, { kernel: 'BOND_3AD_STAT_LACPDU_RX', since: '5.1' }),
  lacpduTx: attr(1, u64, { kernel: 'BOND_3AD_STAT_LACPDU_TX', since: '5.1' }),
  lacpduUnknownRx: attr(2, u64, { kernel: 'BOND_3AD_STAT_LACPDU_UNKNOWN_RX', since: '5.1' }),
  lacpduIllegalRx: attr(3, u64, { kernel: 'BOND_3AD_STAT_LACPDU_ILLEGAL_RX', since: '5.1' }),
  markerRx: attr(4, u64, { kernel: 'BOND_3AD_STAT_MARKER_RX', since: '5.1' }),
  markerTx: attr(5, u64, { kernel: 'BOND_3AD_STAT_MARKER_TX', since: '5.1' }),
  markerResponseRx: attr(6, u64, { kernel: 'BOND_3AD_STAT_MARKER_RESP_RX', since: '5.1' }),
  markerResponseTx: attr(7, u64, { kernel: 'BOND_3AD_STAT_MARKER_RESP_TX', since: '5.1' }),
  markerUnknownRx: attr(8, u64, { kernel: 'BOND_3AD_STAT_MARKER_UNKNOWN_RX', since: '5.1' }),
});

/** BOND_XSTATS_*. */
export const bondExtrasTable = table('bondExtras', {
  aggregation: attr(1, aggregationTable, { kernel: 'BOND_XSTATS_3AD', since: '5.1' }),
});

/** LINK_XSTATS_TYPE_* of linux/if_link.h: by the kind of the link, or of its master. */
export const extrasTable = table('extras', {
  bridge: attr(1, bridgeExtrasTable, { kernel: 'LINK_XSTATS_TYPE_BRIDGE' }),
  bond: attr(2, bondExtrasTable, { kernel: 'LINK_XSTATS_TYPE_BOND', since: '5.1' }),
});

/** IFLA_STATS_*. Hardware's and MPLS's own are not asked for. */
export const statsTable = table('stats', {
  extras: attr(2, extrasTable, { kernel: 'IFLA_STATS_LINK_XSTATS', readonly: true }),
  portExtras: attr(3, extrasTable, { kernel: 'IFLA_STATS_LINK_XSTATS_SLAVE', readonly: true }),
});
