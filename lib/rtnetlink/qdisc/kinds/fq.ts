import { boolean, integer } from '../../../check.ts';
import { invalidType } from '../../../errors.ts';
import { bool, bool32, type Codec, packed, s32, u32 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { compact, options } from '../kind.ts';
import {
  bytesPerSecond,
  microseconds,
  nanoseconds,
  type Rate,
  type Size,
  sizeInBytes,
  type Time,
} from '../units.ts';
import { fixedBytes } from './priomap.ts';

/** struct tc_prio_qopt, as TCA_FQ_PRIOMAP has it. */
const priorities: Codec<{ bands: number; map: number[] }> = struct('tc_prio_qopt', {
  bands: s32,
  map: fixedBytes(16),
});

/** TCA_FQ_*. */
export const fqTable = table('fq', {
  limit: attr(1, u32, { kernel: 'TCA_FQ_PLIMIT', since: '3.12' }),
  flowLimit: attr(2, u32, { kernel: 'TCA_FQ_FLOW_PLIMIT', since: '3.12' }),
  quantum: attr(3, u32, { kernel: 'TCA_FQ_QUANTUM', since: '3.12' }),
  initialQuantum: attr(4, u32, { kernel: 'TCA_FQ_INITIAL_QUANTUM', since: '3.12' }),
  pacing: attr(5, bool32, { kernel: 'TCA_FQ_RATE_ENABLE', since: '3.12' }),
  defaultRate: attr(6, u32, { kernel: 'TCA_FQ_FLOW_DEFAULT_RATE', since: '3.12' }),
  maxRate: attr(7, u32, { kernel: 'TCA_FQ_FLOW_MAX_RATE', since: '3.12' }),
  bucketsLog: attr(8, u32.range(0, 18), { kernel: 'TCA_FQ_BUCKETS_LOG', since: '3.12' }),
  refillDelay: attr(9, u32, { kernel: 'TCA_FQ_FLOW_REFILL_DELAY', since: '3.15' }),
  orphanMask: attr(10, u32, { kernel: 'TCA_FQ_ORPHAN_MASK', since: '4.0' }),
  lowRateThreshold: attr(11, u32, { kernel: 'TCA_FQ_LOW_RATE_THRESHOLD', since: '4.9' }),
  ceThreshold: attr(12, u32, { kernel: 'TCA_FQ_CE_THRESHOLD', since: '4.20' }),
  timerSlack: attr(13, u32, { kernel: 'TCA_FQ_TIMER_SLACK', since: '5.5' }),
  horizon: attr(14, u32, { kernel: 'TCA_FQ_HORIZON', since: '5.8' }),
  horizonDrop: attr(15, bool, { kernel: 'TCA_FQ_HORIZON_DROP', since: '5.8' }),
  priomap: attr(16, priorities, { kernel: 'TCA_FQ_PRIOMAP', since: '6.7' }),
  weights: attr(17, packed(s32), { kernel: 'TCA_FQ_WEIGHTS', since: '6.7' }),
  offloadHorizon: attr(18, u32, { kernel: 'TCA_FQ_OFFLOAD_HORIZON', since: '6.13' }),
});

/** Fair queues with pacing, for hosts that send TCP. */
export interface Fq {
  /** Packets that may wait in all. Default 10000. */
  limit?: number;
  /** Packets that may wait of one flow. Default 100. */
  flowLimit?: number;
  /** Bytes of a turn. Default two MTUs. */
  quantum?: Size;
  initialQuantum?: Size;
  /** Sends as the sockets want it paced. Default true. */
  pacing?: boolean;
  /** No flow sends faster than this. */
  maxRate?: Rate;
  /** A power of two, as its exponent. */
  bucketsLog?: number;
  refillDelay?: Time;
  orphanMask?: number;
  /** Flows slower than this are served at once. */
  lowRateThreshold?: Rate;
  ceThreshold?: Time;
  timerSlack?: Time;
  /** Packets to be sent later than this are dropped or their time cut. */
  horizon?: Time;
  horizonDrop?: boolean;
  /** The band (0 to 2) of each priority, 0 to 15 (since 6.7). */
  priomap?: number[];
  /** Weights of the three bands, at least 16384 (since 6.7). */
  weights?: number[];
  offloadHorizon?: Time;
}

const FQ_BANDS = 3;

function rate32(path: string, value: Rate | undefined): number | undefined {
  return value === undefined ? undefined : Math.min(bytesPerSecond(path, value), 0xffffffff);
}
const size = (path: string, value: Size | undefined) =>
  value === undefined ? undefined : sizeInBytes(path, value);
const time = (path: string, value: Time | undefined) =>
  value === undefined ? undefined : microseconds(path, value);
const slack = (path: string, value: Time | undefined) =>
  value === undefined ? undefined : integer(path, nanoseconds(path, value), 0, 0xffffffff);
const milliseconds = (value: number | undefined) =>
  value === undefined ? undefined : value / 1000;
const bits = (value: number | undefined) => (value === undefined ? undefined : value * 8);

export const fq = options<Fq, Infer<typeof fqTable>>(fqTable, {
  keys: [
    'limit',
    'flowLimit',
    'quantum',
    'initialQuantum',
    'pacing',
    'maxRate',
    'bucketsLog',
    'refillDelay',
    'orphanMask',
    'lowRateThreshold',
    'ceThreshold',
    'timerSlack',
    'horizon',
    'horizonDrop',
    'priomap',
    'weights',
    'offloadHorizon',
  ],
  samples: [
    {
      limit: 10000,
      flowLimit: 100,
      quantum: 3028,
      initialQuantum: 15140,
      pacing: true,
      maxRate: 8e6,
      bucketsLog: 10,
      refillDelay: 40,
      orphanMask: 1023,
      lowRateThreshold: 552000,
      ceThreshold: 4000,
      timerSlack: 0.01,
      horizon: 10000,
      horizonDrop: true,
      priomap: [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
      weights: [589824, 196608, 65536],
      offloadHorizon: 2,
    },
  ],
  toWire(spec, path) {
    if (spec.pacing !== undefined) boolean(`${path}.pacing`, spec.pacing);
    const { priomap } = spec;
    if (priomap !== undefined && !Array.isArray(priomap)) {
      throw invalidType(`${path}.priomap`, priomap, 'an array of 16 bands');
    }
    return {
      ...spec,
      quantum: size(`${path}.quantum`, spec.quantum),
      initialQuantum: size(`${path}.initialQuantum`, spec.initialQuantum),
      maxRate: rate32(`${path}.maxRate`, spec.maxRate),
      lowRateThreshold: rate32(`${path}.lowRateThreshold`, spec.lowRateThreshold),
      refillDelay: time(`${path}.refillDelay`, spec.refillDelay),
      ceThreshold: time(`${path}.ceThreshold`, spec.ceThreshold),
      horizon: time(`${path}.horizon`, spec.horizon),
      offloadHorizon: time(`${path}.offloadHorizon`, spec.offloadHorizon),
      timerSlack: slack(`${path}.timerSlack`, spec.timerSlack),
      priomap: priomap === undefined ? undefined : { bands: FQ_BANDS, map: priomap },
    };
  },
  fromWire: ({ defaultRate, priomap, ...wire }) =>
    compact<Fq>({
      ...wire,
      maxRate: bits(wire.maxRate),
      lowRateThreshold: bits(wire.lowRateThreshold),
      refillDelay: milliseconds(wire.refillDelay),
      ceThreshold: milliseconds(wire.ceThreshold),
      horizon: milliseconds(wire.horizon),
      offloadHorizon: milliseconds(wire.offloadHorizon),
      timerSlack: wire.timerSlack === undefined ? undefined : wire.timerSlack / 1e6,
      priomap: priomap?.map,
    }),
});
