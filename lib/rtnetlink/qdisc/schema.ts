import {
  binary,
  type Codec,
  flag,
  packed,
  s8,
  s16,
  s32,
  text,
  u8,
  u16,
  u32,
  u64,
} from '../../wire/codecs.ts';
import { attr, struct, table, union } from '../../wire/schema.ts';
import { classKinds, qdiscKinds } from './kinds/index.ts';

/** struct tcmsg: heads qdiscs, classes and filters. */
export const tcmsg = struct('tcmsg', {
  family: u8,
  pad1: u8,
  pad2: u16,
  ifindex: s32,
  handle: u32,
  parent: u32,
  info: u32,
});

const basic = struct('gnet_stats_basic', { bytes: u64, packets: u32 }, { minimum: 12 });
const queue: Codec<{
  queueLength: number;
  backlog: number;
  drops: number;
  requeues: number;
  overlimits: number;
}> = struct('gnet_stats_queue', {
  queueLength: u32,
  backlog: u32,
  drops: u32,
  requeues: u32,
  overlimits: u32,
});

/** TCA_STATS_*: what has passed a qdisc, a class or an action. */
export const statisticsTable = table('stats2', {
  basic: attr(1, basic, { kernel: 'TCA_STATS_BASIC' }),
  rate: attr(2, struct('gnet_stats_rate_est', { bytes: u32, packets: u32 }), {
    kernel: 'TCA_STATS_RATE_EST',
  }),
  queue: attr(3, queue, { kernel: 'TCA_STATS_QUEUE' }),
  app: attr(4, binary, { kernel: 'TCA_STATS_APP' }),
  rate64: attr(5, struct('gnet_stats_rate_est64', { bytes: u64, packets: u64 }), {
    kernel: 'TCA_STATS_RATE_EST64',
    since: '3.11',
  }),
  basicHardware: attr(7, basic, { kernel: 'TCA_STATS_BASIC_HW', since: '4.19' }),
  packets64: attr(8, u64, { kernel: 'TCA_STATS_PKT64', since: '5.5' }),
});

/** TCA_STAB_*: sizes that packets count for, by the size they have. */
export const sizeTableTable = table('stab', {
  base: attr(
    1,
    struct('tc_sizespec', {
      cellLog: u8,
      sizeLog: u8,
      cellAlign: s16,
      overhead: s32,
      linkLayer: u32,
      mpu: u32,
      mtu: u32,
      tableSize: u32,
    }),
    { kernel: 'TCA_STAB_BASE' },
  ),
  data: attr(2, packed(u16), { kernel: 'TCA_STAB_DATA' }),
});

const shared = {
  kind: attr(1, text(15), { kernel: 'TCA_KIND' }),
  stats: attr(3, binary, { kernel: 'TCA_STATS', readonly: true }),
  xstats: attr(4, binary, { kernel: 'TCA_XSTATS', readonly: true }),
  estimator: attr(5, struct('tc_estimator', { interval: s8, ewmaLog: u8 }), {
    kernel: 'TCA_RATE',
  }),
  statistics: attr(7, statisticsTable, { kernel: 'TCA_STATS2', readonly: true }),
};

/** TCA_*: a qdisc. */
export const qdiscTable = table('qdisc', {
  ...shared,
  options: attr(2, union('kind', qdiscKinds), { kernel: 'TCA_OPTIONS' }),
  sizeTable: attr(8, sizeTableTable, { kernel: 'TCA_STAB' }),
  dumpInvisible: attr(10, flag, { kernel: 'TCA_DUMP_INVISIBLE', since: '4.11' }),
  hardwareOffload: attr(12, u8, { kernel: 'TCA_HW_OFFLOAD', since: '4.15', readonly: true }),
  ingressBlock: attr(13, u32, { kernel: 'TCA_INGRESS_BLOCK', since: '4.16' }),
  egressBlock: attr(14, u32, { kernel: 'TCA_EGRESS_BLOCK', since: '4.16' }),
  warning: attr(16, text(1023), { kernel: 'TCA_EXT_WARN_MSG', since: '6.3', readonly: true }),
});

/** TCA_*: a class. */
export const classTable = table('class', {
  ...shared,
  options: attr(2, union('kind', classKinds), { kernel: 'TCA_OPTIONS' }),
});

export { fqTable } from './kinds/fq.ts';
export { fqCodelTable } from './kinds/fq-codel.ts';
export { htbTable } from './kinds/htb.ts';
export { netemLossTable, netemTable } from './kinds/netem.ts';
export { tbfTable } from './kinds/tbf.ts';
