import { type Codec, s16, u8, u16, u32 } from '../../wire/codecs.ts';
import { struct } from '../../wire/schema.ts';
import { LINK_LAYERS, type LinkLayer, type RateSpec } from './rate.ts';

/** struct tc_ratespec. */
export const rateSpec: Codec<RateSpec> = struct('tc_ratespec', {
  cellLog: u8,
  linkLayer: u8,
  overhead: u16,
  cellAlign: s16,
  mpu: u16,
  rate: u32,
});

export const NO_RATE: RateSpec = {
  cellLog: 0,
  linkLayer: 0,
  overhead: 0,
  cellAlign: 0,
  mpu: 0,
  rate: 0,
};

const LINK_LAYER_MASK = 0x0f;
const NAMES = Object.keys(LINK_LAYERS) as LinkLayer[];

export function linkLayerName(linkLayer: number): LinkLayer {
  return NAMES.find((name) => LINK_LAYERS[name] === (linkLayer & LINK_LAYER_MASK)) ?? 'unaware';
}
