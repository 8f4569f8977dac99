import { invalidType, outOfRange } from '../../errors.ts';
import {
  array,
  type Codec,
  flag,
  ip,
  oneOf,
  packed,
  u8,
  u16,
  u32,
  u64,
} from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';
import { device } from '../device.ts';

/** struct nhmsg. */
export const nexthopMessage = struct('nhmsg', {
  family: u8,
  scope: u8,
  protocol: u8,
  reserved: u8,
  flags: u32,
});

/** A nexthop in a group: the share of traffic is `weight` in the sum of all. */
export interface GroupMember {
  id: number;
  /** 1 to 256 (65536 since 6.13). Default 1. */
  weight?: number;
}

const MAX_WEIGHT = 0x10000;

/** struct nexthop_grp: the weight less one, in a low byte and, since 6.13, a high one. */
const groupMember: Codec<GroupMember> = {
  type: 'struct nexthop_grp',
  size: 8,
  alignment: 4,
  samples: [
    { id: 1, weight: 1 },
    { id: 0xffffffff, weight: 256 },
    { id: 7, weight: MAX_WEIGHT },
  ],
  write(w, value, path) {
    if (typeof value !== 'object' || value === null)
      throw invalidType(path.toString(), value, 'an object');
    const weight = value.weight ?? 1;
    path.enter();
    path.set('id');
    u32.write(w, value.id, path);
    path.set('weight');
    if (!Number.isInteger(weight) || weight < 1 || weight > MAX_WEIGHT) {
      throw outOfRange(path.toString(), weight, `a whole number from 1 to ${MAX_WEIGHT}`);
    }
    path.leave();
    w.u8((weight - 1) & 0xff);
    w.u8((weight - 1) >>> 8);
    w.u16(0);
  },
  read: (_bytes, view, at) => ({
    id: view.getUint32(at, true),
    weight: view.getUint8(at + 4) + view.getUint8(at + 5) * 256 + 1,
  }),
};

/** NHA_RES_GROUP_*; times in hundredths of a second. */
export const resilientGroupTable = table('resilient', {
  buckets: attr(1, u16, { kernel: 'NHA_RES_GROUP_BUCKETS', since: '5.13' }),
  idleTimer: attr(2, u32, { kernel: 'NHA_RES_GROUP_IDLE_TIMER', since: '5.13' }),
  unbalancedTimer: attr(3, u32, { kernel: 'NHA_RES_GROUP_UNBALANCED_TIMER', since: '5.13' }),
  unbalancedTime: attr(4, u64, {
    kernel: 'NHA_RES_GROUP_UNBALANCED_TIME',
    since: '5.13',
    readonly: true,
  }),
});

/** NHA_RES_BUCKET_*. */
export const resilientBucketTable = table('bucket', {
  index: attr(1, u16, { kernel: 'NHA_RES_BUCKET_INDEX', since: '5.13' }),
  idleTime: attr(2, u64, { kernel: 'NHA_RES_BUCKET_IDLE_TIME', since: '5.13' }),
  nexthop: attr(3, u32, { kernel: 'NHA_RES_BUCKET_NH_ID', since: '5.13' }),
});

/** A counter that is sent in four bytes or eight. */
const counter: Codec<number> = {
  type: 'u32 or u64',
  samples: [0, 0xffffffff],
  write: (w, value, path) => u64.write(w, value, path),
  read: (bytes, view, at, length) => (length >= 8 ? u64 : u32).read(bytes, view, at, length),
};

/** NHA_GROUP_STATS_ENTRY_*. */
export const groupStatisticsTable = table('groupStatistics', {
  id: attr(1, u32, { kernel: 'NHA_GROUP_STATS_ENTRY_ID', since: '6.9' }),
  packets: attr(2, counter, { kernel: 'NHA_GROUP_STATS_ENTRY_PACKETS', since: '6.9' }),
  hardwarePackets: attr(3, counter, {
    kernel: 'NHA_GROUP_STATS_ENTRY_PACKETS_HW',
    since: '6.9',
  }),
});

/** NHA_*: a next hop of routes as an object of its own (since 5.3). */
export const nexthopTable = table('nexthop', {
  id: attr(1, u32, { kernel: 'NHA_ID', since: '5.3' }),
  group: attr(2, packed(groupMember), { kernel: 'NHA_GROUP', since: '5.3' }),
  groupType: attr(3, oneOf(u16, { mpath: 0, resilient: 1 }), {
    kernel: 'NHA_GROUP_TYPE',
    since: '5.3',
  }),
  blackhole: attr(4, flag, { kernel: 'NHA_BLACKHOLE', since: '5.3' }),
  dev: attr(5, device, { kernel: 'NHA_OIF', since: '5.3' }),
  via: attr(6, ip, { kernel: 'NHA_GATEWAY', since: '5.3' }),
  groups: attr(9, flag, { kernel: 'NHA_GROUPS', since: '5.3' }),
  master: attr(10, device, { kernel: 'NHA_MASTER', since: '5.3' }),
  fdb: attr(11, flag, { kernel: 'NHA_FDB', since: '5.8' }),
  resilient: attr(12, resilientGroupTable, { kernel: 'NHA_RES_GROUP', since: '5.13' }),
  bucket: attr(13, resilientBucketTable, { kernel: 'NHA_RES_BUCKET', since: '5.13' }),
  operationFlags: attr(14, u32, { kernel: 'NHA_OP_FLAGS', since: '6.9' }),
  groupStatistics: attr(15, array(groupStatisticsTable, 1), {
    kernel: 'NHA_GROUP_STATS',
    since: '6.9',
    readonly: true,
  }),
  hardwareStatistics: attr(16, u32, { kernel: 'NHA_HW_STATS_ENABLE', since: '6.9' }),
  hardwareStatisticsUsed: attr(17, u32, {
    kernel: 'NHA_HW_STATS_USED',
    since: '6.9',
    readonly: true,
  }),
});
