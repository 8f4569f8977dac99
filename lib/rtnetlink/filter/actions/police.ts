import { integer } from '../../../check.ts';
import { invalidValue } from '../../../errors.ts';
import { binary, type Codec, s32, u32, u64 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { compact, options } from '../../qdisc/kind.ts';
import {
  type LinkLayer,
  MAX_RATE32,
  type RateSpec,
  rateTable,
  transmitSize,
  transmitTicks,
} from '../../qdisc/rate.ts';
import { linkLayerName, NO_RATE, rateSpec } from '../../qdisc/ratespec.ts';
import { bytesPerSecond, type Rate, type Size, sizeInBytes } from '../../qdisc/units.ts';
import { type Control, control } from '../control.ts';
import { times } from './general.ts';

const parameters: Codec<{
  index: number;
  control: Control;
  limit: number;
  burst: number;
  mtu: number;
  rate: RateSpec;
  peakRate: RateSpec;
  references: number;
  bindings: number;
  capabilities: number;
}> = struct('tc_police', {
  index: u32,
  control,
  limit: u32,
  burst: u32,
  mtu: u32,
  rate: rateSpec,
  peakRate: rateSpec,
  references: s32,
  bindings: s32,
  capabilities: u32,
});

/** TCA_POLICE_*. */
export const policeTable = table('police', {
  parms: attr(1, parameters, { kernel: 'TCA_POLICE_TBF' }),
  rateTable: attr(2, binary, { kernel: 'TCA_POLICE_RATE' }),
  peakRateTable: attr(3, binary, { kernel: 'TCA_POLICE_PEAKRATE' }),
  averageRate: attr(4, u32, { kernel: 'TCA_POLICE_AVRATE' }),
  result: attr(5, control, { kernel: 'TCA_POLICE_RESULT' }),
  times: attr(6, times, { kernel: 'TCA_POLICE_TM', readonly: true }),
  rate64: attr(8, u64, { kernel: 'TCA_POLICE_RATE64', since: '5.4' }),
  peakRate64: attr(9, u64, { kernel: 'TCA_POLICE_PEAKRATE64', since: '5.4' }),
  packetRate: attr(10, u64, { kernel: 'TCA_POLICE_PKTRATE64', since: '5.13' }),
  packetBurst: attr(11, u64, { kernel: 'TCA_POLICE_PKTBURST64', since: '5.13' }),
});

/** Lets no more than a rate through; what is over it is dropped, or what `exceed` says. */
export interface Police {
  rate?: Rate;
  /** Bytes that may pass at once; with `rate`. */
  burst?: Size;
  /** Bytes: larger packets exceed. Default 2047. */
  mtu?: Size;
  peakRate?: Rate;
  averageRate?: Rate;
  /** Packets a second, instead of bytes (since 5.13). */
  packetRate?: number;
  packetBurst?: number;
  mpu?: number;
  overhead?: number;
  linkLayer?: LinkLayer;
  /** What happens above the rate. Default 'reclassify', as `tc` has it. */
  exceed?: Control;
  /** What happens below it. Default 'ok'. */
  conform?: Control;
  index?: number;
}

export const police = options<Police, Infer<typeof policeTable>>(policeTable, {
  keys: [
    'rate',
    'burst',
    'mtu',
    'peakRate',
    'averageRate',
    'packetRate',
    'packetBurst',
    'mpu',
    'overhead',
    'linkLayer',
    'exceed',
    'conform',
    'index',
  ],
  always: true,
  samples: [
    {
      rate: 98760000,
      burst: 6000,
      mtu: 2047,
      exceed: 'drop',
      conform: 'pipe',
      mpu: 0,
      overhead: 0,
      linkLayer: 'ethernet',
      index: 1,
    },
  ],
  toWire(spec, path) {
    const { rate: told, packetRate, averageRate } = spec;
    if (told === undefined && packetRate === undefined && averageRate === undefined) {
      throw invalidValue(`${path}.rate`, undefined, 'given, or packetRate or averageRate instead');
    }
    if (told !== undefined && packetRate !== undefined) {
      throw invalidValue(`${path}.packetRate`, packetRate, 'left out with rate');
    }
    if ((told !== undefined) !== (spec.burst !== undefined)) {
      throw invalidValue(`${path}.burst`, spec.burst, 'given together with rate');
    }
    if ((packetRate !== undefined) !== (spec.packetBurst !== undefined)) {
      throw invalidValue(`${path}.packetBurst`, spec.packetBurst, 'given together with packetRate');
    }
    const mtu = spec.mtu === undefined ? 0 : sizeInBytes(`${path}.mtu`, spec.mtu);
    const mpu = spec.mpu === undefined ? 0 : integer(`${path}.mpu`, spec.mpu, 0, 0xffff);
    const overhead =
      spec.overhead === undefined ? 0 : integer(`${path}.overhead`, spec.overhead, 0, 0xffff);
    const rated = { mpu, overhead, mtu, linkLayer: spec.linkLayer, exact: true };
    const rate = told === undefined ? undefined : bytesPerSecond(`${path}.rate`, told);
    const peak =
      spec.peakRate === undefined ? undefined : bytesPerSecond(`${path}.peakRate`, spec.peakRate);
    const main = rate === undefined ? undefined : rateTable(rate, rated);
    const most = peak === undefined ? undefined : rateTable(peak, rated);
    const burst = spec.burst === undefined ? 0 : sizeInBytes(`${path}.burst`, spec.burst, 1);
    return {
      parms: {
        index: spec.index ?? 0,
        control: spec.exceed ?? 'reclassify',
        limit: 0,
        burst: rate === undefined ? 0 : transmitTicks(rate, burst),
        mtu,
        rate: main?.spec ?? NO_RATE,
        peakRate: most?.spec ?? NO_RATE,
        references: 0,
        bindings: 0,
        capabilities: 0,
      },
      rateTable: main?.table,
      rate64: rate !== undefined && rate > MAX_RATE32 ? rate : undefined,
      peakRateTable: most?.table,
      peakRate64: peak !== undefined && peak > MAX_RATE32 ? peak : undefined,
      averageRate:
        averageRate === undefined
          ? undefined
          : Math.min(bytesPerSecond(`${path}.averageRate`, averageRate), MAX_RATE32),
      result: spec.conform,
      packetRate,
      // The kernel keeps the time that the burst lasts.
      packetBurst:
        packetRate === undefined || spec.packetBurst === undefined
          ? undefined
          : transmitTicks(packetRate, spec.packetBurst),
    };
  },
  fromWire({ parms, rate64, peakRate64, averageRate, result, packetRate, packetBurst }) {
    const rate = rate64 ?? parms?.rate.rate ?? 0;
    const peak = peakRate64 ?? parms?.peakRate.rate ?? 0;
    return compact<Police>({
      rate: rate === 0 ? undefined : rate * 8,
      burst: rate === 0 ? undefined : transmitSize(rate, parms?.burst ?? 0),
      mtu: parms?.mtu,
      peakRate: peak === 0 ? undefined : peak * 8,
      averageRate: averageRate === undefined ? undefined : averageRate * 8,
      packetRate,
      packetBurst:
        packetRate === undefined || packetBurst === undefined
          ? undefined
          : transmitSize(packetRate, packetBurst),
      exceed: parms?.control,
      conform: result,
      mpu: parms?.rate.mpu,
      overhead: parms?.rate.overhead,
      linkLayer: linkLayerName(parms?.rate.linkLayer ?? 0),
      index: parms?.index,
    });
  },
});
