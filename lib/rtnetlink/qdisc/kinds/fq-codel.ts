import { boolean } from '../../../check.ts';
import { bool32, u8, u32 } from '../../../wire/codecs.ts';
import { attr, type Infer, table } from '../../../wire/schema.ts';
import { compact, options } from '../kind.ts';
import { microseconds, type Size, sizeInBytes, type Time } from '../units.ts';

/** TCA_FQ_CODEL_*; times in microseconds. */
export const fqCodelTable = table('fq_codel', {
  target: attr(1, u32, { kernel: 'TCA_FQ_CODEL_TARGET', since: '3.5' }),
  limit: attr(2, u32, { kernel: 'TCA_FQ_CODEL_LIMIT', since: '3.5' }),
  interval: attr(3, u32, { kernel: 'TCA_FQ_CODEL_INTERVAL', since: '3.5' }),
  ecn: attr(4, bool32, { kernel: 'TCA_FQ_CODEL_ECN', since: '3.5' }),
  flows: attr(5, u32.range(1, 65536), { kernel: 'TCA_FQ_CODEL_FLOWS', since: '3.5' }),
  quantum: attr(6, u32, { kernel: 'TCA_FQ_CODEL_QUANTUM', since: '3.5' }),
  ceThreshold: attr(7, u32, { kernel: 'TCA_FQ_CODEL_CE_THRESHOLD', since: '4.1' }),
  dropBatch: attr(8, u32, { kernel: 'TCA_FQ_CODEL_DROP_BATCH_SIZE', since: '4.7' }),
  memoryLimit: attr(9, u32, { kernel: 'TCA_FQ_CODEL_MEMORY_LIMIT', since: '4.7' }),
  ceThresholdSelector: attr(10, u8, {
    kernel: 'TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR',
    since: '5.16',
  }),
  ceThresholdMask: attr(11, u8, { kernel: 'TCA_FQ_CODEL_CE_THRESHOLD_MASK', since: '5.16' }),
});

/** Fair queues whose waiting is kept short. */
export interface FqCodel {
  /** Packets that may wait in all. Default 10240. */
  limit?: number;
  /** Queues; only settled when it is made. Default 1024. */
  flows?: number;
  /** Bytes of a turn. Default the link's MTU. */
  quantum?: Size;
  /** How long packets may wait. Default 5 ms. */
  target?: Time;
  /** For how long they may wait longer. Default 100 ms. */
  interval?: Time;
  /** Marks instead of drops. Default true. */
  ecn?: boolean;
  /** Marks everything that waited this long. */
  ceThreshold?: Time;
  ceThresholdSelector?: number;
  ceThresholdMask?: number;
  /** Bytes of memory for packets that wait. Default 32 MB. */
  memoryLimit?: Size;
  /** Packets dropped at once when it is full. Default 64. */
  dropBatch?: number;
}

const time = (path: string, key: string, value: Time | undefined) =>
  value === undefined ? undefined : microseconds(`${path}.${key}`, value);
const size = (path: string, key: string, value: Size | undefined) =>
  value === undefined ? undefined : sizeInBytes(`${path}.${key}`, value);
const milliseconds = (value: number | undefined) =>
  value === undefined ? undefined : value / 1000;

export const fqCodel = options<FqCodel, Infer<typeof fqCodelTable>>(fqCodelTable, {
  keys: [
    'limit',
    'flows',
    'quantum',
    'target',
    'interval',
    'ecn',
    'ceThreshold',
    'ceThresholdSelector',
    'ceThresholdMask',
    'memoryLimit',
    'dropBatch',
  ],
  samples: [
    {
      limit: 10240,
      flows: 1024,
      quantum: 1514,
      target: 4.999,
      interval: 100,
      ecn: true,
      memoryLimit: 2 ** 25,
      dropBatch: 64,
      ceThreshold: 1.5,
      ceThresholdSelector: 1,
      ceThresholdMask: 3,
    },
  ],
  toWire(spec, path) {
    if (spec.ecn !== undefined) boolean(`${path}.ecn`, spec.ecn);
    return {
      ...spec,
      quantum: size(path, 'quantum', spec.quantum),
      memoryLimit: size(path, 'memoryLimit', spec.memoryLimit),
      target: time(path, 'target', spec.target),
      interval: time(path, 'interval', spec.interval),
      ceThreshold: time(path, 'ceThreshold', spec.ceThreshold),
    };
  },
  fromWire: ({ target, interval, ceThreshold, ...rest }) =>
    compact<FqCodel>({
      ...rest,
      target: milliseconds(target),
      interval: milliseconds(interval),
      ceThreshold: milliseconds(ceThreshold),
    }),
});
