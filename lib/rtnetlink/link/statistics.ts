import { u8, u16, u32, u64 } from '../../wire/codecs.ts';
import { type Struct, struct } from '../../wire/schema.ts';

/** The counters of a link, in their order (struct rtnl_link_stats64). */
const counters = <C>(codec: C) => ({
  rxPackets: codec,
  txPackets: codec,
  rxBytes: codec,
  txBytes: codec,
  rxErrors: codec,
  txErrors: codec,
  rxDropped: codec,
  txDropped: codec,
  multicast: codec,
  collisions: codec,
  rxLengthErrors: codec,
  rxOverErrors: codec,
  rxCrcErrors: codec,
  rxFrameErrors: codec,
  rxFifoErrors: codec,
  rxMissedErrors: codec,
  txAbortedErrors: codec,
  txCarrierErrors: codec,
  txFifoErrors: codec,
  txHeartbeatErrors: codec,
  txWindowErrors: codec,
  rxCompressed: codec,
  txCompressed: codec,
  rxNohandler: codec,
});

export const stats32 = struct('rtnl_link_stats', counters(u32), { minimum: 92 });
/** Older kernels send fewer counters at the end. */
export const stats64 = struct(
  'rtnl_link_stats64',
  { ...counters(u64), rxOtherhostDropped: u64 },
  { minimum: 184 },
);

export const ifmap = struct('rtnl_link_ifmap', {
  memStart: u64,
  memEnd: u64,
  baseAddr: u64,
  irq: u16,
  dma: u8,
  port: u8,
});

/** Counters since the link was made; numbers past 2^53 lose their last digits. */
export type LinkStatistics = typeof stats64 extends Struct<infer T> ? T : never;
