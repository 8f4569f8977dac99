import { commandBuffer, type EthtoolSteps, fixedText, viewOf } from './command.ts';
import { ETH_GSTRING_LEN, ETHTOOL_GSSET_INFO, ETHTOOL_GSTRINGS, MAX_STRINGS } from './constants.ts';

/** struct ethtool_sset_info: cmd, reserved, u64 mask, then a u32 for each set found. */
const SSET_INFO_SIZE = 16 + 4;
/** struct ethtool_gstrings: cmd, set, count, then the names. */
const GSTRINGS_HEADER = 12;

/** The names of a string set: of a driver's statistics, of features, of link modes. */
export function* readStrings(dev: string, set: number): EthtoolSteps<string[]> {
  const info = commandBuffer(ETHTOOL_GSSET_INFO, SSET_INFO_SIZE);
  viewOf(info).setBigUint64(8, 1n << BigInt(set), true);
  const counted = viewOf(yield { dev, bytes: info });
  // The kernel clears the bits of sets that the driver lacks.
  if (counted.getBigUint64(8, true) === 0n) return [];
  const count = Math.min(counted.getUint32(16, true), MAX_STRINGS);
  if (count === 0) return [];
  const ask = commandBuffer(ETHTOOL_GSTRINGS, GSTRINGS_HEADER + count * ETH_GSTRING_LEN);
  viewOf(ask).setUint32(4, set, true);
  viewOf(ask).setUint32(8, count, true);
  const answer = yield { dev, bytes: ask };
  const known = Math.min(viewOf(answer).getUint32(8, true), count);
  const names: string[] = [];
  for (let i = 0; i < known; i++) {
    names.push(fixedText(answer, GSTRINGS_HEADER + i * ETH_GSTRING_LEN, ETH_GSTRING_LEN));
  }
  return names;
}
