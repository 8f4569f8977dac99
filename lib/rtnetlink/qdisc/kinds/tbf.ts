import { integer } from '../../../check.ts';
import { invalidValue } from '../../../errors.ts';
import { binary, type Codec, u32, u64 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { compact, options } from '../kind.ts';
import {
  type LinkLayer,
  MAX_RATE32,
  type RateSpec,
  rateTable,
  ticksToMicroseconds,
  transmitSize,
  transmitTicks,
} from '../rate.ts';
import { linkLayerName, NO_RATE, rateSpec } from '../ratespec.ts';
import {
  bytesPerSecond,
  microseconds,
  type Rate,
  type Size,
  sizeInBytes,
  type Time,
} from '../units.ts';

/** struct tc_tbf_qopt. */
const parameters: Codec<{
  rate: RateSpec;
  peakRate: RateSpec;
  limit: number;
  buffer: number;
  mtu: number;
}> = struct('tc_tbf_qopt', {
  rate: rateSpec,
  peakRate: rateSpec,
  limit: u32,
  buffer: u32,
  mtu: u32,
});

/** TCA_TBF_*. */
export const tbfTable = table('tbf', {
  parms: attr(1, parameters, { kernel: 'TCA_TBF_PARMS' }),
  rateTable: attr(2, binary, { kernel: 'TCA_TBF_RTAB' }),
  peakRateTable: attr(3, binary, { kernel: 'TCA_TBF_PTAB' }),
  rate64: attr(4, u64, { kernel: 'TCA_TBF_RATE64', since: '3.13' }),
  peakRate64: attr(5, u64, { kernel: 'TCA_TBF_PRATE64', since: '3.13' }),
  burst: attr(6, u32, { kernel: 'TCA_TBF_BURST', since: '3.14' }),
  peakBurst: attr(7, u32, { kernel: 'TCA_TBF_PBURST', since: '3.14' }),
});

/** A token bucket: no more than a rate, with a burst. */
export interface Tbf {
  rate: Rate;
  /** Bytes that may pass at once; at least what passes at `rate` in a timer's period. */
  burst: Size;
  /** Bytes that may wait. This or `latency`. */
  limit?: Size;
  /** How long bytes may wait; told back as it follows from `limit`. */
  latency?: Time;
  /** No more than this even while tokens last; needs `mtu`. */
  peakRate?: Rate;
  /** Bytes of the second bucket: the largest packet. */
  mtu?: Size;
  /** The least size a packet counts for. */
  mpu?: number;
  /** Bytes added to each packet's size. */
  overhead?: number;
  linkLayer?: LinkLayer;
}

function limitOf(
  spec: Tbf,
  path: string,
  rate: number,
  burst: number,
  peak: number,
  mtu: number,
): number {
  if (spec.limit !== undefined && spec.latency === undefined)
    return sizeInBytes(`${path}.limit`, spec.limit, 1);
  if (spec.latency === undefined || spec.limit !== undefined) {
    throw invalidValue(`${path}.limit`, spec.limit, 'given, or latency instead: one of the two');
  }
  const latency = microseconds(`${path}.latency`, spec.latency) / 1e6;
  const limit = rate * latency + burst;
  return Math.floor(Math.min(limit, peak === 0 ? limit : peak * latency + mtu, 0xffffffff));
}

export const tbf = options<Tbf, Infer<typeof tbfTable>>(tbfTable, {
  keys: ['rate', 'burst', 'limit', 'latency', 'peakRate', 'mtu', 'mpu', 'overhead', 'linkLayer'],
  always: true,
  samples: [
    { rate: 98760000, burst: 6000, limit: 100000, mpu: 64, overhead: 4, linkLayer: 'ethernet' },
    { rate: 80e9, burst: 60000, limit: 1000000, mpu: 0, overhead: 0, linkLayer: 'ethernet' },
  ],
  toWire(spec, path) {
    const rate = bytesPerSecond(`${path}.rate`, spec.rate);
    const burst = sizeInBytes(`${path}.burst`, spec.burst, 1);
    const peak =
      spec.peakRate === undefined ? 0 : bytesPerSecond(`${path}.peakRate`, spec.peakRate);
    if (peak !== 0 && spec.mtu === undefined) {
      throw invalidValue(`${path}.mtu`, undefined, 'given with peakRate');
    }
    const mtu = spec.mtu === undefined ? 0 : sizeInBytes(`${path}.mtu`, spec.mtu, 1);
    const mpu = spec.mpu === undefined ? 0 : integer(`${path}.mpu`, spec.mpu, 0, 0xffff);
    const overhead =
      spec.overhead === undefined ? 0 : integer(`${path}.overhead`, spec.overhead, 0, 0xffff);
    const limit = limitOf(spec, path, rate, burst, peak, mtu);
    const rated = { overhead, mpu, mtu, linkLayer: spec.linkLayer };
    const main = rateTable(rate, rated);
    const second = peak === 0 ? undefined : rateTable(peak, rated);
    return {
      parms: {
        rate: main.spec,
        peakRate: second?.spec ?? NO_RATE,
        limit,
        // The 32-bit rate, as tc does it: TCA_TBF_BURST beside says it exactly.
        buffer: transmitTicks(main.spec.rate, burst),
        mtu: peak === 0 ? 0 : transmitTicks(peak, mtu),
      },
      burst,
      rate64: rate > MAX_RATE32 ? rate : undefined,
      rateTable: main.table,
      peakRate64: peak > MAX_RATE32 ? peak : undefined,
      peakBurst: second === undefined ? undefined : mtu,
      peakRateTable: second?.table,
    };
  },
  fromWire({ parms, rate64, peakRate64, burst, peakBurst }) {
    if (parms === undefined) return { rate: 0, burst: 0 };
    const rate = rate64 ?? parms.rate.rate;
    const peak = peakRate64 ?? parms.peakRate.rate;
    const bucket = ticksToMicroseconds(parms.buffer);
    return compact<Tbf>({
      rate: rate * 8,
      // The kernel tells the times alone.
      burst: burst ?? transmitSize(rate, parms.buffer),
      limit: parms.limit,
      latency: Math.max(0, Math.round(1e6 * (parms.limit / rate) - bucket)) / 1000,
      peakRate: peak === 0 ? undefined : peak * 8,
      mtu: peak === 0 ? undefined : (peakBurst ?? transmitSize(peak, parms.mtu)),
      mpu: parms.rate.mpu,
      overhead: parms.rate.overhead,
      linkLayer: linkLayerName(parms.rate.linkLayer),
    });
  },
});
