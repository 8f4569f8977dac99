import { boolean, checkKeys, integer, object } from '../../../check.ts';
import { invalidValue } from '../../../errors.ts';
import {
  bool32,
  type Codec,
  packed,
  s16,
  s32,
  s64,
  u32,
  u64,
  u64big,
} from '../../../wire/codecs.ts';
import { attr, headed, type Infer, struct, table } from '../../../wire/schema.ts';
import { compact, options } from '../kind.ts';
import { MAX_RATE32, microsecondsToTicks, ticksToMicroseconds } from '../rate.ts';
import {
  bytesPerSecond,
  nanoseconds,
  percent,
  type Rate,
  type Size,
  share,
  sizeInBytes,
  type Time,
} from '../units.ts';

/** struct tc_netem_qopt: times in ticks, shares of 2^32-1. */
const parameters = struct('tc_netem_qopt', {
  latency: u32,
  limit: u32,
  loss: u32,
  gap: u32,
  duplicate: u32,
  jitter: u32,
});

const correlations: Codec<{ delay: number; loss: number; duplicate: number }> = struct(
  'tc_netem_corr',
  { delay: u32, loss: u32, duplicate: u32 },
);
const chance: Codec<{ probability: number; correlation: number }> = struct('tc_netem_reorder', {
  probability: u32,
  correlation: u32,
});
const rateStruct: Codec<{
  rate: number;
  packetOverhead: number;
  cellSize: number;
  cellOverhead: number;
}> = struct('tc_netem_rate', { rate: u32, packetOverhead: s32, cellSize: u32, cellOverhead: s32 });
const slotStruct: Codec<{
  minDelay: number;
  maxDelay: number;
  maxPackets: number;
  maxBytes: number;
  distDelay: number;
  distJitter: number;
}> = struct('tc_netem_slot', {
  minDelay: s64,
  maxDelay: s64,
  maxPackets: s32,
  maxBytes: s32,
  distDelay: s64,
  distJitter: s64,
});

/** NETEM_LOSS_*: models of loss in bursts; shares of 2^32-1. */
export const netemLossTable = table('netemLoss', {
  state: attr(
    1,
    struct('tc_netem_gimodel', { p13: u32, p31: u32, p32: u32, p14: u32, p23: u32 }).partial,
    { kernel: 'NETEM_LOSS_GI', since: '3.1' },
  ),
  gemodel: attr(2, struct('tc_netem_gemodel', { p: u32, r: u32, h: u32, k1: u32 }).partial, {
    kernel: 'NETEM_LOSS_GE',
    since: '3.1',
  }),
});

/** TCA_NETEM_*, behind struct tc_netem_qopt. Times in nanoseconds. */
export const netemTable = table('netem', {
  correlation: attr(1, correlations, { kernel: 'TCA_NETEM_CORR' }),
  delayDistribution: attr(2, packed(s16), { kernel: 'TCA_NETEM_DELAY_DIST' }),
  reorder: attr(3, chance, { kernel: 'TCA_NETEM_REORDER' }),
  corrupt: attr(4, chance, { kernel: 'TCA_NETEM_CORRUPT' }),
  loss: attr(5, netemLossTable, { kernel: 'TCA_NETEM_LOSS', since: '3.1' }),
  rate: attr(6, rateStruct, { kernel: 'TCA_NETEM_RATE', since: '3.3' }),
  ecn: attr(7, bool32, { kernel: 'TCA_NETEM_ECN', since: '3.5' }),
  rate64: attr(8, u64, { kernel: 'TCA_NETEM_RATE64', since: '3.14' }),
  latency64: attr(10, s64, { kernel: 'TCA_NETEM_LATENCY64', since: '4.16' }),
  jitter64: attr(11, s64, { kernel: 'TCA_NETEM_JITTER64', since: '4.16' }),
  slot: attr(12, slotStruct, { kernel: 'TCA_NETEM_SLOT', since: '4.16' }),
  slotDistribution: attr(13, packed(s16), { kernel: 'TCA_NETEM_SLOT_DIST', since: '4.20' }),
  seed: attr(14, u64big, { kernel: 'TCA_NETEM_PRNG_SEED', since: '6.6' }),
});

const wire = headed(parameters, netemTable, { flag: false });

/** The simple Gilbert-Elliot model of loss, in percent. */
export interface GilbertElliot {
  /** From good to bad. */
  p: number;
  /** From bad to good. Default 100 - p. */
  r?: number;
  /** What is lost when bad (1-h of the papers). Default 100. */
  lossInBad?: number;
  /** What is lost when good (1-k). Default 0. */
  lossInGood?: number;
}

/** The four-state Markov model of loss, in percent (`loss state`). */
export interface MarkovLoss {
  p13: number;
  p31?: number;
  p32?: number;
  p23?: number;
  p14?: number;
}

/** A network's faults: delay, loss, and so on, on what is sent. Shares in percent. */
export interface Netem {
  /** Packets that may wait. Default 1000. */
  limit?: number;
  delay?: Time;
  /** The delay varies by so much. */
  jitter?: Time;
  /** How much the delay depends on the one before. */
  delayCorrelation?: number;
  /** How jitter is distributed: a table of samples of 8192 = one jitter, as in /usr/lib/tc/*.dist. Even unless given. */
  distribution?: number[];
  loss?: number;
  lossCorrelation?: number;
  lossState?: MarkovLoss;
  lossGemodel?: GilbertElliot;
  /** Marks instead of drops. */
  ecn?: boolean;
  duplicate?: number;
  duplicateCorrelation?: number;
  corrupt?: number;
  corruptCorrelation?: number;
  /** So many are sent at once, out of order. Needs `delay`. */
  reorder?: number;
  reorderCorrelation?: number;
  /** Every so many-th is out of order. Default 1 with `reorder`. */
  gap?: number;
  rate?: Rate;
  /** Bytes added to each packet; may be negative. */
  packetOverhead?: number;
  cellSize?: number;
  cellOverhead?: number;
  /** Packets are gathered and sent in slots of this distance. */
  slot?: {
    minDelay?: Time;
    maxDelay?: Time;
    distDelay?: Time;
    distJitter?: Time;
    packets?: number;
    bytes?: Size;
  };
  /** Samples for `slot.distJitter`. */
  slotDistribution?: number[];
  /** Of the random numbers (since 6.6). */
  seed?: bigint;
}

const KEYS = [
  'limit',
  'delay',
  'jitter',
  'delayCorrelation',
  'distribution',
  'loss',
  'lossCorrelation',
  'lossState',
  'lossGemodel',
  'ecn',
  'duplicate',
  'duplicateCorrelation',
  'corrupt',
  'corruptCorrelation',
  'reorder',
  'reorderCorrelation',
  'gap',
  'rate',
  'packetOverhead',
  'cellSize',
  'cellOverhead',
  'slot',
  'slotDistribution',
  'seed',
] as const;
const SLOT_KEYS = new Set(['minDelay', 'maxDelay', 'distDelay', 'distJitter', 'packets', 'bytes']);
const ALL = 0xffffffff;

type Wire = Infer<typeof netemTable>;

function gemodel(path: string, model: GilbertElliot): NonNullable<Wire['loss']> {
  object(path, model);
  checkKeys(path, model, new Set(['p', 'r', 'lossInBad', 'lossInGood']));
  const p = share(`${path}.p`, model.p);
  return {
    gemodel: {
      p,
      r: share(`${path}.r`, model.r ?? 100 - model.p),
      // The kernel's h is what gets through when bad.
      h: ALL - share(`${path}.lossInBad`, model.lossInBad ?? 100),
      k1: share(`${path}.lossInGood`, model.lossInGood ?? 0),
    },
  };
}

function markov(path: string, model: MarkovLoss): NonNullable<Wire['loss']> {
  object(path, model);
  checkKeys(path, model, new Set(['p13', 'p31', 'p32', 'p23', 'p14']));
  return {
    state: {
      p13: share(`${path}.p13`, model.p13),
      p31: share(`${path}.p31`, model.p31 ?? 100 - model.p13),
      p32: share(`${path}.p32`, model.p32 ?? 0),
      p14: share(`${path}.p14`, model.p14 ?? 0),
      p23: share(`${path}.p23`, model.p23 ?? 100),
    },
  };
}

function lossOf(spec: Netem, path: string): Wire['loss'] {
  const told = [spec.loss, spec.lossState, spec.lossGemodel].filter((one) => one !== undefined);
  if (told.length > 1) {
    throw invalidValue(`${path}.loss`, spec.loss, 'one of loss, lossState and lossGemodel');
  }
  if (spec.lossGemodel !== undefined) return gemodel(`${path}.lossGemodel`, spec.lossGemodel);
  return spec.lossState === undefined ? undefined : markov(`${path}.lossState`, spec.lossState);
}

function slotOf(spec: Netem, path: string): Wire['slot'] {
  const { slot } = spec;
  if (slot === undefined) return undefined;
  object(`${path}.slot`, slot);
  checkKeys(`${path}.slot`, slot, SLOT_KEYS);
  const time = (key: 'minDelay' | 'maxDelay' | 'distDelay' | 'distJitter', byDefault = 0) => {
    const value = slot[key];
    return value === undefined ? byDefault : nanoseconds(`${path}.slot.${key}`, value);
  };
  const minDelay = time('minDelay');
  return {
    minDelay,
    maxDelay: time('maxDelay', minDelay),
    distDelay: time('distDelay'),
    distJitter: time('distJitter'),
    maxPackets: slot.packets ?? 0,
    maxBytes:
      slot.bytes === undefined ? 0 : sizeInBytes(`${path}.slot.bytes`, slot.bytes, 0, 0x7fffffff),
  };
}

/** Undefined where both are zero: the kernel keeps no such attribute. */
function chanceOf(path: string, key: string, probability?: number, correlation?: number) {
  if (probability === undefined && correlation === undefined) return undefined;
  if (probability === undefined) {
    throw invalidValue(`${path}.${key}`, undefined, `given with ${key}Correlation`);
  }
  return {
    probability: share(`${path}.${key}`, probability),
    correlation: correlation === undefined ? 0 : share(`${path}.${key}Correlation`, correlation),
  };
}

function correlationOf(spec: Netem, path: string): Wire['correlation'] {
  const delay = spec.delayCorrelation;
  const loss = spec.lossCorrelation;
  const duplicate = spec.duplicateCorrelation;
  if (delay === undefined && loss === undefined && duplicate === undefined) return undefined;
  return {
    delay: delay === undefined ? 0 : share(`${path}.delayCorrelation`, delay),
    loss: loss === undefined ? 0 : share(`${path}.lossCorrelation`, loss),
    duplicate: duplicate === undefined ? 0 : share(`${path}.duplicateCorrelation`, duplicate),
  };
}

function ticks(ns: number | undefined): number {
  // The 64-bit attribute has what does not fit.
  return ns === undefined ? 0 : Math.min(Math.floor(microsecondsToTicks(ns / 1000)), ALL);
}

const hasOverhead = (spec: Netem) =>
  spec.packetOverhead !== undefined ||
  spec.cellSize !== undefined ||
  spec.cellOverhead !== undefined;

export const netem = options<Netem, ReturnType<typeof wire.read>>(wire, {
  keys: KEYS,
  always: true,
  samples: [
    { limit: 1000, delay: 100, jitter: 10, delayCorrelation: 25, loss: 1, duplicate: 0.5 },
    { limit: 10, gap: 5, reorder: 25, reorderCorrelation: 50, delay: 10, rate: 1e6, ecn: true },
  ],
  toWire(spec, path) {
    if (spec.ecn !== undefined) boolean(`${path}.ecn`, spec.ecn);
    if (spec.reorder !== undefined && spec.delay === undefined) {
      throw invalidValue(
        `${path}.delay`,
        undefined,
        'given with reorder: what is reordered overtakes',
      );
    }
    if (spec.distribution !== undefined && spec.jitter === undefined) {
      throw invalidValue(`${path}.jitter`, undefined, 'given with distribution');
    }
    if (spec.rate === undefined && hasOverhead(spec)) {
      throw invalidValue(
        `${path}.rate`,
        undefined,
        'given with packetOverhead, cellSize or cellOverhead',
      );
    }
    const delay = spec.delay === undefined ? undefined : nanoseconds(`${path}.delay`, spec.delay);
    const jitter =
      spec.jitter === undefined ? undefined : nanoseconds(`${path}.jitter`, spec.jitter);
    const rate = spec.rate === undefined ? undefined : bytesPerSecond(`${path}.rate`, spec.rate);
    return {
      header: {
        latency: ticks(delay),
        limit: spec.limit === undefined ? 1000 : integer(`${path}.limit`, spec.limit, 0, ALL),
        loss: spec.loss === undefined ? 0 : share(`${path}.loss`, spec.loss),
        gap: spec.gap ?? (spec.reorder === undefined ? 0 : 1),
        duplicate: spec.duplicate === undefined ? 0 : share(`${path}.duplicate`, spec.duplicate),
        jitter: ticks(jitter),
      },
      latency64: delay,
      jitter64: jitter,
      correlation: correlationOf(spec, path),
      reorder: chanceOf(path, 'reorder', spec.reorder, spec.reorderCorrelation),
      ecn: spec.ecn || undefined,
      corrupt: chanceOf(path, 'corrupt', spec.corrupt, spec.corruptCorrelation),
      slot: slotOf(spec, path),
      loss: lossOf(spec, path),
      rate64: rate !== undefined && rate > MAX_RATE32 ? rate : undefined,
      rate:
        rate === undefined
          ? undefined
          : {
              rate: Math.min(rate, MAX_RATE32),
              packetOverhead: spec.packetOverhead ?? 0,
              cellSize: spec.cellSize ?? 0,
              cellOverhead: spec.cellOverhead ?? 0,
            },
      seed: spec.seed,
      delayDistribution: spec.distribution,
      slotDistribution: spec.slotDistribution,
    };
  },
  fromWire({ header, ...rest }) {
    return compact<Netem>({
      limit: header.limit,
      delay: positive((rest.latency64 ?? ticksToMicroseconds(header.latency ?? 0) * 1000) / 1e6),
      jitter: positive((rest.jitter64 ?? ticksToMicroseconds(header.jitter ?? 0) * 1000) / 1e6),
      delayCorrelation: some(rest.correlation?.delay),
      loss: some(header.loss),
      lossCorrelation: some(rest.correlation?.loss),
      duplicate: some(header.duplicate),
      duplicateCorrelation: some(rest.correlation?.duplicate),
      corrupt: some(rest.corrupt?.probability),
      corruptCorrelation: some(rest.corrupt?.correlation),
      reorder: some(rest.reorder?.probability),
      reorderCorrelation: some(rest.reorder?.correlation),
      gap: header.gap || undefined,
      ecn: rest.ecn || undefined,
      seed: rest.seed,
      ...readLoss(rest.loss),
      ...readRate(rest),
      ...readSlot(rest.slot),
    });
  },
});

const positive = (value: number) => (value > 0 ? value : undefined);
const some = (part: number | undefined) => (part ? percent(part) : undefined);

function readLoss(loss: Wire['loss']): Netem {
  if (loss?.gemodel !== undefined) {
    const { p = 0, r = 0, h = 0, k1 = 0 } = loss.gemodel;
    return {
      lossGemodel: {
        p: percent(p),
        r: percent(r),
        lossInBad: percent(ALL - h),
        lossInGood: percent(k1),
      },
    };
  }
  if (loss?.state === undefined) return {};
  const { p13 = 0, p31 = 0, p32 = 0, p14 = 0, p23 = 0 } = loss.state;
  return {
    lossState: {
      p13: percent(p13),
      p31: percent(p31),
      p32: percent(p32),
      p23: percent(p23),
      p14: percent(p14),
    },
  };
}

function readRate({ rate, rate64 }: Wire): Netem {
  if (rate === undefined || (rate64 ?? rate.rate) === 0) return {};
  return {
    rate: (rate64 ?? rate.rate) * 8,
    packetOverhead: rate.packetOverhead || undefined,
    cellSize: rate.cellSize || undefined,
    cellOverhead: rate.cellOverhead || undefined,
  };
}

function readSlot(slot: Wire['slot']): Netem {
  if (slot === undefined) return {};
  return {
    slot: compact({
      minDelay: slot.minDelay / 1e6,
      maxDelay: slot.maxDelay / 1e6,
      distDelay: slot.distDelay === 0 ? undefined : slot.distDelay / 1e6,
      distJitter: slot.distJitter === 0 ? undefined : slot.distJitter / 1e6,
      packets: slot.maxPackets || undefined,
      bytes: slot.maxBytes || undefined,
    }),
  };
}
