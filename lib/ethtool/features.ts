import { boolean, object } from '../check.ts';
import { invalidValue, unknownKey } from '../errors.ts';
import { commandBuffer, type EthtoolSteps, viewOf } from './command.ts';
import { ETH_SS_FEATURES, ETHTOOL_GFEATURES, ETHTOOL_SFEATURES } from './constants.ts';
import { readStrings } from './strings.ts';

/** One offload (a bit of NETIF_F_*). */
export interface Feature {
  /** At work now. */
  active: boolean;
  /** Asked for by a user; it may be held back by what it depends on. */
  requested: boolean;
  /** The driver lets it be changed. */
  changeable: boolean;
}

const HEADER = 8;
/** struct ethtool_get_features_block: available, requested, active, never_changed. */
const GET_BLOCK = 16;
/** struct ethtool_set_features_block: valid, requested. */
const SET_BLOCK = 8;

function blocksOf(names: readonly string[]): number {
  return Math.ceil(names.length / 32);
}

function* readBlocks(dev: string, names: readonly string[]): EthtoolSteps<Record<string, Feature>> {
  const blocks = blocksOf(names);
  const ask = commandBuffer(ETHTOOL_GFEATURES, HEADER + blocks * GET_BLOCK);
  viewOf(ask).setUint32(4, blocks, true);
  const view = viewOf(yield { dev, bytes: ask });
  const features: Record<string, Feature> = {};
  for (let i = 0; i < names.length; i++) {
    // Bits without a feature have an empty name.
    if (names[i] === '') continue;
    const at = HEADER + (i >>> 5) * GET_BLOCK;
    const bit = 1 << (i & 31);
    const never = (view.getUint32(at + 12, true) & bit) !== 0;
    features[names[i]] = {
      active: (view.getUint32(at + 8, true) & bit) !== 0,
      requested: (view.getUint32(at + 4, true) & bit) !== 0,
      changeable: !never && (view.getUint32(at, true) & bit) !== 0,
    };
  }
  return features;
}

/** Every offload by the kernel's own name ('tx-checksum-ip-generic', 'tx-tcp-segmentation', …). */
export function* readFeatures(dev: string): EthtoolSteps<Record<string, Feature>> {
  const names = yield* readStrings(dev, ETH_SS_FEATURES);
  return yield* readBlocks(dev, names);
}

/** Turns offloads on and off; returns them as they are afterwards, which may differ from the wish. */
export function* writeFeatures(
  dev: string,
  changes: Record<string, boolean>,
): EthtoolSteps<Record<string, Feature>> {
  const names = yield* readStrings(dev, ETH_SS_FEATURES);
  const blocks = blocksOf(names);
  const ask = commandBuffer(ETHTOOL_SFEATURES, HEADER + blocks * SET_BLOCK);
  const view = viewOf(ask);
  view.setUint32(4, blocks, true);
  for (const [name, on] of Object.entries(changes)) {
    const index = names.indexOf(name);
    if (index < 0)
      throw unknownKey(
        'features',
        name,
        names.filter((known) => known !== ''),
      );
    const at = HEADER + (index >>> 5) * SET_BLOCK;
    const bit = 1 << (index & 31);
    view.setUint32(at, view.getUint32(at, true) | bit, true);
    if (on) view.setUint32(at + 4, view.getUint32(at + 4, true) | bit, true);
  }
  yield { dev, bytes: ask };
  return yield* readBlocks(dev, names);
}

export function checkFeatures(changes: unknown): void {
  const entries = Object.entries(object('features', changes));
  if (entries.length === 0)
    throw invalidValue('features', changes, 'at least one feature to change');
  for (const [name, on] of entries) boolean(`features.${name}`, on);
}
