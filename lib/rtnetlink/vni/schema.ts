import { ipv4, ipv6, u8, u16, u32, u64 } from '../../wire/codecs.ts';
import { attr, many, struct, table } from '../../wire/schema.ts';

/** struct tunnel_msg of linux/if_link.h. */
export const tunnelMessage = struct('tunnel_msg', {
  family: u8,
  flags: u8,
  reserved: u16,
  ifindex: u32,
});

const counter = <const K extends string>(number: number, kernel: K) =>
  attr(number, u64, { kernel, since: '5.18', readonly: true });

/** VNIFILTER_ENTRY_STATS_* of linux/if_link.h. */
export const vniStatisticsTable = table('vniStatistics', {
  rxBytes: counter(1, 'VNIFILTER_ENTRY_STATS_RX_BYTES'),
  rxPackets: counter(2, 'VNIFILTER_ENTRY_STATS_RX_PKTS'),
  rxDrops: counter(3, 'VNIFILTER_ENTRY_STATS_RX_DROPS'),
  rxErrors: counter(4, 'VNIFILTER_ENTRY_STATS_RX_ERRORS'),
  txBytes: counter(5, 'VNIFILTER_ENTRY_STATS_TX_BYTES'),
  txPackets: counter(6, 'VNIFILTER_ENTRY_STATS_TX_PKTS'),
  txDrops: counter(7, 'VNIFILTER_ENTRY_STATS_TX_DROPS'),
  txErrors: counter(8, 'VNIFILTER_ENTRY_STATS_TX_ERRORS'),
});

/** VXLAN_VNIFILTER_ENTRY_*: a VNI, or a range, that a VXLAN link listens to. */
export const vniEntryTable = table('vni', {
  vni: attr(1, u32.range(0, 0xffffff), { kernel: 'VXLAN_VNIFILTER_ENTRY_START', since: '5.18' }),
  vniEnd: attr(2, u32.range(0, 0xffffff), { kernel: 'VXLAN_VNIFILTER_ENTRY_END', since: '5.18' }),
  group: attr(3, ipv4, { kernel: 'VXLAN_VNIFILTER_ENTRY_GROUP', since: '5.18' }),
  group6: attr(4, ipv6, { kernel: 'VXLAN_VNIFILTER_ENTRY_GROUP6', since: '5.18' }),
  statistics: attr(5, vniStatisticsTable, {
    kernel: 'VXLAN_VNIFILTER_ENTRY_STATS',
    since: '5.18',
    readonly: true,
  }),
});

/** VXLAN_VNIFILTER_*. */
export const vniTable = table('vnis', {
  entries: many(1, vniEntryTable, { kernel: 'VXLAN_VNIFILTER_ENTRY', since: '5.18' }),
});
