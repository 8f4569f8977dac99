import {
  be16,
  bits,
  type Codec,
  flag,
  hardwareAddress,
  ip,
  s32,
  text,
  u8,
  u16,
  u32,
  u64,
} from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';
import { device } from '../device.ts';
import { routeProtocol } from '../protocols.ts';
import { NTF_EXT_EXT_VALIDATED, NTF_EXT_LOCKED, NTF_EXT_MANAGED } from './constants.ts';

/** struct ndmsg: heads neighbours and forwarding entries. */
export const ndmsg = struct('ndmsg', {
  family: u8,
  pad1: u8,
  pad2: u16,
  ifindex: s32,
  state: u16,
  flags: u8,
  type: u8,
});

/** struct nda_cacheinfo: times in clock ticks (100 a second) since. */
export const cacheInfo: Codec<{
  confirmed: number;
  used: number;
  updated: number;
  refcount: number;
}> = struct('nda_cacheinfo', { confirmed: u32, used: u32, updated: u32, refcount: u32 });

/** NFEA_*: what a forwarding entry notes beside. */
export const fdbExtensionTable = table('fdb_ext', {
  activityNotify: attr(1, bits(u8, { notify: 1, inactive: 2 }), {
    kernel: 'NFEA_ACTIVITY_NOTIFY',
    since: '5.14',
  }),
  dontRefresh: attr(2, flag, { kernel: 'NFEA_DONT_REFRESH', since: '5.14' }),
});

/** NDA_*: a neighbour, or an entry of a bridge's or VXLAN's forwarding database. */
export const neighbourTable = table('neighbour', {
  dst: attr(1, ip, { kernel: 'NDA_DST' }),
  lladdr: attr(2, hardwareAddress, { kernel: 'NDA_LLADDR' }),
  cacheInfo: attr(3, cacheInfo, { kernel: 'NDA_CACHEINFO', readonly: true }),
  probes: attr(4, u32, { kernel: 'NDA_PROBES', readonly: true }),
  vlan: attr(5, u16.range(0, 4095), { kernel: 'NDA_VLAN', since: '3.9' }),
  port: attr(6, be16, { kernel: 'NDA_PORT', since: '3.10' }),
  vni: attr(7, u32.range(0, 0xffffff), { kernel: 'NDA_VNI', since: '3.10' }),
  via: attr(8, device, { kernel: 'NDA_IFINDEX', since: '3.10' }),
  master: attr(9, device, { kernel: 'NDA_MASTER', since: '4.4' }),
  linkNetnsId: attr(10, s32, { kernel: 'NDA_LINK_NETNSID', since: '4.4' }),
  srcVni: attr(11, u32.range(0, 0xffffff), { kernel: 'NDA_SRC_VNI', since: '4.12' }),
  protocol: attr(12, routeProtocol, { kernel: 'NDA_PROTOCOL', since: '5.0' }),
  nhid: attr(13, u32, { kernel: 'NDA_NH_ID', since: '5.8' }),
  extension: attr(14, fdbExtensionTable, { kernel: 'NDA_FDB_EXT_ATTRS', since: '5.14' }),
  extendedFlags: attr(
    15,
    bits(u32, {
      managed: NTF_EXT_MANAGED,
      locked: NTF_EXT_LOCKED,
      validated: NTF_EXT_EXT_VALIDATED,
    }),
    { kernel: 'NDA_FLAGS_EXT', since: '5.16' },
  ),
  stateMask: attr(16, u16, { kernel: 'NDA_NDM_STATE_MASK', since: '6.0' }),
  flagsMask: attr(17, u8, { kernel: 'NDA_NDM_FLAGS_MASK', since: '6.0' }),
});

/** struct ndtmsg. */
export const ndtmsg = struct('ndtmsg', { family: u8, pad1: u8, pad2: u16 });

/** struct ndt_config: the state of a neighbour table; times in milliseconds ago. */
const configuration: Codec<{
  keyLength: number;
  entrySize: number;
  entries: number;
  lastFlush: number;
  lastRandom: number;
  hashRandom: number;
  hashMask: number;
  hashChainGc: number;
  proxyQueueLength: number;
}> = struct('ndt_config', {
  keyLength: u16,
  entrySize: u16,
  entries: u32,
  lastFlush: u32,
  lastRandom: u32,
  hashRandom: u32,
  hashMask: u32,
  hashChainGc: u32,
  proxyQueueLength: u32,
});

/** struct ndt_stats; kernels before 4.1 send no `tableFulls`. */
const statistics: Codec<{
  allocations: number;
  destroys: number;
  hashGrows: number;
  resolutionsFailed: number;
  lookups: number;
  hits: number;
  multicastProbes: number;
  unicastProbes: number;
  periodicGcRuns: number;
  forcedGcRuns: number;
  tableFulls: number;
}> = struct('ndt_stats', {
  allocations: u64,
  destroys: u64,
  hashGrows: u64,
  resolutionsFailed: u64,
  lookups: u64,
  hits: u64,
  multicastProbes: u64,
  unicastProbes: u64,
  periodicGcRuns: u64,
  forcedGcRuns: u64,
  tableFulls: u64,
});

/** NDTPA_*: how neighbours are resolved and kept, for a table or for one link. Times in milliseconds. */
export const parametersTable = table('parms', {
  dev: attr(1, device, { kernel: 'NDTPA_IFINDEX' }),
  refcount: attr(2, u32, { kernel: 'NDTPA_REFCNT', readonly: true }),
  reachableTime: attr(3, u64, { kernel: 'NDTPA_REACHABLE_TIME', readonly: true }),
  baseReachableTime: attr(4, u64, { kernel: 'NDTPA_BASE_REACHABLE_TIME' }),
  retransTime: attr(5, u64, { kernel: 'NDTPA_RETRANS_TIME' }),
  gcStaleTime: attr(6, u64, { kernel: 'NDTPA_GC_STALETIME' }),
  delayProbeTime: attr(7, u64, { kernel: 'NDTPA_DELAY_PROBE_TIME' }),
  queueLen: attr(8, u32, { kernel: 'NDTPA_QUEUE_LEN' }),
  appProbes: attr(9, u32, { kernel: 'NDTPA_APP_PROBES' }),
  unicastProbes: attr(10, u32, { kernel: 'NDTPA_UCAST_PROBES' }),
  multicastProbes: attr(11, u32, { kernel: 'NDTPA_MCAST_PROBES' }),
  anycastDelay: attr(12, u64, { kernel: 'NDTPA_ANYCAST_DELAY' }),
  proxyDelay: attr(13, u64, { kernel: 'NDTPA_PROXY_DELAY' }),
  proxyQueueLen: attr(14, u32, { kernel: 'NDTPA_PROXY_QLEN' }),
  lockTime: attr(15, u64, { kernel: 'NDTPA_LOCKTIME' }),
  queueLenBytes: attr(16, u32, { kernel: 'NDTPA_QUEUE_LENBYTES', since: '3.3' }),
  multicastReprobes: attr(17, u32, { kernel: 'NDTPA_MCAST_REPROBES', since: '4.1' }),
  intervalProbeTime: attr(19, u64, { kernel: 'NDTPA_INTERVAL_PROBE_TIME_MS', since: '6.0' }),
});

/** NDTA_*: a table of neighbours, one for ARP and one for IPv6. */
export const neighbourTablesTable = table('neighbourTable', {
  name: attr(1, text(31), { kernel: 'NDTA_NAME' }),
  thresh1: attr(2, u32, { kernel: 'NDTA_THRESH1' }),
  thresh2: attr(3, u32, { kernel: 'NDTA_THRESH2' }),
  thresh3: attr(4, u32, { kernel: 'NDTA_THRESH3' }),
  config: attr(5, configuration, { kernel: 'NDTA_CONFIG', readonly: true }),
  parms: attr(6, parametersTable, { kernel: 'NDTA_PARMS' }),
  stats: attr(7, statistics, { kernel: 'NDTA_STATS', readonly: true }),
  gcInterval: attr(8, u64, { kernel: 'NDTA_GC_INTERVAL' }),
});
