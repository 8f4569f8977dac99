import { integer } from '../../../check.ts';
import { type Codec, s32, u8, u32 } from '../../../wire/codecs.ts';
import { struct, table } from '../../../wire/schema.ts';
import { compact, options } from '../kind.ts';
import { type Size, sizeInBytes } from '../units.ts';
import { fixedBytes } from './priomap.ts';

/** Kinds whose options are a C struct, or none. */

/** struct tc_fifo_qopt. */
const limitOnly: Codec<{ limit: number }> = struct('tc_fifo_qopt', { limit: u32 });

/** First in, first out: `limit` packets may wait. Default the link's txQueueLen. */
export interface Pfifo {
  limit?: number;
}

export const pfifo = options<Pfifo, { limit: number }>(limitOnly, {
  keys: ['limit'],
  samples: [{ limit: 100 }],
  toWire: (spec, path) => ({ limit: integer(`${path}.limit`, spec.limit, 0, 0xffffffff) }),
  fromWire: (wire) => wire,
});

/** First in, first out: `limit` bytes may wait. Default the link's txQueueLen times its MTU. */
export interface Bfifo {
  limit?: Size;
}

export const bfifo = options<Bfifo, { limit: number }>(limitOnly, {
  keys: ['limit'],
  samples: [{ limit: 15000 }],
  toWire: (spec, path) => ({ limit: sizeInBytes(`${path}.limit`, spec.limit ?? 0) }),
  fromWire: (wire) => wire,
});

/** struct tc_prio_qopt. */
const priorities: Codec<{ bands: number; priomap: number[] }> = struct('tc_prio_qopt', {
  bands: s32,
  priomap: fixedBytes(16),
});

/** Bands of priority: a band is served while those before it are empty. */
export interface Prio {
  /** 2 to 16. Default 3. */
  bands?: number;
  /** The band of each of the 16 priorities. */
  priomap?: number[];
}

const DEFAULT_PRIOMAP = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];

export const prio = options<Prio, { bands: number; priomap: number[] }>(priorities, {
  keys: ['bands', 'priomap'],
  always: true,
  samples: [{ bands: 3, priomap: DEFAULT_PRIOMAP }],
  toWire: (spec, path) => ({
    bands: spec.bands === undefined ? 3 : integer(`${path}.bands`, spec.bands, 2, 16),
    priomap: spec.priomap ?? DEFAULT_PRIOMAP,
  }),
  fromWire: (wire) => wire,
});

/** struct tc_sfq_qopt_v1, whose beginning is struct tc_sfq_qopt. */
const fairness: Codec<{
  quantum: number;
  perturb: number;
  limit: number;
  divisor: number;
  flows: number;
  depth: number;
  headDrop: number;
  redLimit: number;
  redMin: number;
  redMax: number;
  weightLog: number;
  probabilityLog: number;
  cellLog: number;
  flags: number;
  maxProbability: number;
  reserved: number[];
}> = struct(
  'tc_sfq_qopt_v1',
  {
    quantum: u32,
    perturb: s32,
    limit: u32,
    divisor: u32,
    flows: u32,
    depth: u32,
    headDrop: u32,
    redLimit: u32,
    redMin: u32,
    redMax: u32,
    weightLog: u8,
    probabilityLog: u8,
    cellLog: u8,
    flags: u8,
    maxProbability: u32,
    reserved: fixedBytes(24),
  },
  { minimum: 20 },
);

/** Stochastic fairness: flows take turns. */
export interface Sfq {
  /** Packets that may wait in all. Default 127. */
  limit?: number;
  /** Bytes of a turn. Default the link's MTU. */
  quantum?: Size;
  /** Seconds between changes of the hash; 0 never. */
  perturb?: number;
  /** Cells of the hash: a power of two. Default 1024. */
  divisor?: number;
  flows?: number;
  /** Packets that may wait of one flow. */
  depth?: number;
  /** Drops the oldest packet of a full flow, not the newest. */
  headDrop?: boolean;
}

const SFQ_KEYS = ['limit', 'quantum', 'perturb', 'divisor', 'flows', 'depth', 'headDrop'] as const;

export const sfq = options<Sfq, ReturnType<typeof fairness.read>>(fairness, {
  keys: SFQ_KEYS,
  samples: [
    {
      limit: 127,
      quantum: 1514,
      perturb: 10,
      divisor: 1024,
      flows: 128,
      depth: 127,
      headDrop: true,
    },
  ],
  toWire: (spec, path) => ({
    quantum: spec.quantum === undefined ? 0 : sizeInBytes(`${path}.quantum`, spec.quantum),
    perturb: spec.perturb ?? 0,
    limit: spec.limit ?? 0,
    divisor: spec.divisor ?? 0,
    flows: spec.flows ?? 0,
    depth: spec.depth ?? 0,
    headDrop: spec.headDrop ? 1 : 0,
    redLimit: 0,
    redMin: 0,
    redMax: 0,
    weightLog: 0,
    probabilityLog: 0,
    cellLog: 0,
    flags: 0,
    maxProbability: 0,
    reserved: new Array<number>(24).fill(0),
  }),
  fromWire: (wire) =>
    compact<Sfq>({
      limit: wire.limit,
      quantum: wire.quantum,
      perturb: wire.perturb,
      divisor: wire.divisor,
      flows: wire.flows,
      depth: wire.depth,
      headDrop: wire.headDrop === undefined ? undefined : wire.headDrop !== 0,
    }),
});

/** Kinds without options. */
const nothing = table('none', {});
export type NoOptions = Record<never, never>;
export const none = options<NoOptions, object>(nothing, {
  keys: [],
  samples: [],
  toWire: () => ({}),
  fromWire: () => ({}),
});
