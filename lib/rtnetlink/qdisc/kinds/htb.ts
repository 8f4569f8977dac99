import { boolean, integer } from '../../../check.ts';
import { binary, type Codec, flag, u32, u64 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { parseHandle } from '../handle.ts';
import { compact, options } from '../kind.ts';
import {
  defaultBurst,
  type LinkLayer,
  MAX_RATE32,
  type RateSpec,
  rateTable,
  transmitSize,
  transmitTicks,
} from '../rate.ts';
import { linkLayerName, rateSpec } from '../ratespec.ts';
import { bytesPerSecond, type Rate, type Size, sizeInBytes } from '../units.ts';

/** struct tc_htb_glob: of the qdisc. */
const glob: Codec<{
  version: number;
  rateToQuantum: number;
  defaultClass: number;
  debug: number;
  directPackets: number;
}> = struct('tc_htb_glob', {
  version: u32,
  rateToQuantum: u32,
  defaultClass: u32,
  debug: u32,
  directPackets: u32,
});

/** struct tc_htb_opt: of a class. */
const parameters: Codec<{
  rate: RateSpec;
  ceil: RateSpec;
  buffer: number;
  ceilBuffer: number;
  quantum: number;
  level: number;
  prio: number;
}> = struct('tc_htb_opt', {
  rate: rateSpec,
  ceil: rateSpec,
  buffer: u32,
  ceilBuffer: u32,
  quantum: u32,
  level: u32,
  prio: u32,
});

/** TCA_HTB_*: options of the qdisc and of its classes. */
export const htbTable = table('htb', {
  parms: attr(1, parameters, { kernel: 'TCA_HTB_PARMS' }),
  init: attr(2, glob, { kernel: 'TCA_HTB_INIT' }),
  ceilTable: attr(3, binary, { kernel: 'TCA_HTB_CTAB' }),
  rateTable: attr(4, binary, { kernel: 'TCA_HTB_RTAB' }),
  directQueueLen: attr(5, u32, { kernel: 'TCA_HTB_DIRECT_QLEN', since: '3.10' }),
  rate64: attr(6, u64, { kernel: 'TCA_HTB_RATE64', since: '3.12' }),
  ceil64: attr(7, u64, { kernel: 'TCA_HTB_CEIL64', since: '3.12' }),
  offload: attr(9, flag, { kernel: 'TCA_HTB_OFFLOAD', since: '5.12' }),
});

/** A hierarchy of token buckets: classes with a share each, that lend what they do not use. */
export interface Htb {
  /** The class of what no filter places: its minor number, or ':30'. 0, the default, lets it pass unshaped. */
  default?: number | string;
  /** A class's quantum is its rate by this. Default 10. */
  r2q?: number;
  /** Packets that may wait on their way past all classes. */
  directQueueLen?: number;
  /** Shaped by the hardware (since 5.12). */
  offload?: boolean;
  /** Packets that no class has shaped; told, never set. */
  directPackets?: number;
}

const HTB_VERSION = 3;

export const htb = options<Htb, Infer<typeof htbTable>>(htbTable, {
  keys: ['default', 'r2q', 'directQueueLen', 'offload', 'directPackets'],
  always: true,
  samples: [{ default: 0x30, r2q: 10, directQueueLen: 1000, directPackets: 0, offload: false }],
  toWire(spec, path) {
    const { r2q, directQueueLen } = spec;
    if (spec.offload !== undefined) boolean(`${path}.offload`, spec.offload);
    const defaultClass =
      spec.default === undefined ? 0 : parseHandle(`${path}.default`, spec.default);
    return {
      init: {
        version: HTB_VERSION,
        rateToQuantum: r2q === undefined ? 10 : integer(`${path}.r2q`, r2q, 1, 0xffffffff),
        defaultClass: defaultClass & 0xffff,
        debug: 0,
        directPackets: 0,
      },
      directQueueLen,
      offload: spec.offload,
    };
  },
  fromWire({ init, directQueueLen, offload }) {
    return compact<Htb>({
      default: init?.defaultClass,
      r2q: init?.rateToQuantum,
      directPackets: init?.directPackets,
      directQueueLen,
      offload: offload ?? false,
    });
  },
});

/** A class of htb. */
export interface HtbClass {
  /** What it is sure to have. */
  rate: Rate;
  /** What it may have of what others leave. Default `rate`. */
  ceil?: Rate;
  /** Bytes that may pass at once. Default 1600, and what passes in a nanosecond. */
  burst?: Size;
  cburst?: Size;
  /** Lower ones are served first with what is lent: 0 to 7. */
  prio?: number;
  /** Bytes of a turn. Default rate / r2q. */
  quantum?: Size;
  mtu?: Size;
  mpu?: number;
  overhead?: number;
  linkLayer?: LinkLayer;
  /** 0 for a leaf; told, never set. */
  level?: number;
}

const DEFAULT_MTU = 1600;

export const htbClass = options<HtbClass, Infer<typeof htbTable>>(htbTable, {
  keys: [
    'rate',
    'ceil',
    'burst',
    'cburst',
    'prio',
    'quantum',
    'mtu',
    'mpu',
    'overhead',
    'linkLayer',
    'level',
  ],
  always: true,
  samples: [
    {
      rate: 98760000,
      ceil: 98760000,
      burst: 6000,
      cburst: 6000,
      prio: 3,
      quantum: 1500,
      mpu: 0,
      overhead: 0,
      linkLayer: 'ethernet',
      level: 0,
    },
  ],
  toWire(spec, path) {
    const rate = bytesPerSecond(`${path}.rate`, spec.rate);
    const ceil = spec.ceil === undefined ? rate : bytesPerSecond(`${path}.ceil`, spec.ceil);
    const mtu = spec.mtu === undefined ? DEFAULT_MTU : sizeInBytes(`${path}.mtu`, spec.mtu, 1);
    const mpu = spec.mpu === undefined ? 0 : integer(`${path}.mpu`, spec.mpu, 0, 0xffff);
    const overhead =
      spec.overhead === undefined ? 0 : integer(`${path}.overhead`, spec.overhead, 0, 0xffff);
    const burst =
      spec.burst === undefined
        ? defaultBurst(rate, mtu)
        : sizeInBytes(`${path}.burst`, spec.burst, 1);
    const cburst =
      spec.cburst === undefined
        ? defaultBurst(ceil, mtu)
        : sizeInBytes(`${path}.cburst`, spec.cburst, 1);
    const rated = { overhead, mpu, mtu, linkLayer: spec.linkLayer };
    const main = rateTable(rate, rated);
    const most = rateTable(ceil, rated);
    return {
      rate64: rate > MAX_RATE32 ? rate : undefined,
      ceil64: ceil > MAX_RATE32 ? ceil : undefined,
      parms: {
        rate: main.spec,
        ceil: most.spec,
        buffer: transmitTicks(rate, burst),
        ceilBuffer: transmitTicks(ceil, cburst),
        quantum: spec.quantum === undefined ? 0 : sizeInBytes(`${path}.quantum`, spec.quantum, 1),
        level: 0,
        prio: spec.prio === undefined ? 0 : integer(`${path}.prio`, spec.prio, 0, 0xffffffff),
      },
      rateTable: main.table,
      ceilTable: most.table,
    };
  },
  fromWire({ parms, rate64, ceil64 }) {
    if (parms === undefined) return { rate: 0 };
    const rate = rate64 ?? parms.rate.rate;
    const ceil = ceil64 ?? parms.ceil.rate;
    return {
      rate: rate * 8,
      ceil: ceil * 8,
      burst: transmitSize(rate, parms.buffer),
      cburst: transmitSize(ceil, parms.ceilBuffer),
      prio: parms.prio,
      quantum: parms.quantum,
      mpu: parms.rate.mpu,
      overhead: parms.rate.overhead,
      linkLayer: linkLayerName(parms.rate.linkLayer),
      level: parms.level,
    };
  },
});
