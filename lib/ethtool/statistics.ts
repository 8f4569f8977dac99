import { commandBuffer, type EthtoolSteps, viewOf } from './command.ts';
import { ETH_SS_STATS, ETHTOOL_GSTATS } from './constants.ts';
import { readStrings } from './strings.ts';

const GSTATS_HEADER = 8;

/** The driver's own counters by name, as `ethtool -S` shows them. Values above 2^53 are rounded. */
export function* readStatistics(dev: string): EthtoolSteps<Record<string, number>> {
  const names = yield* readStrings(dev, ETH_SS_STATS);
  const statistics: Record<string, number> = {};
  if (names.length === 0) return statistics;
  const ask = commandBuffer(ETHTOOL_GSTATS, GSTATS_HEADER + names.length * 8);
  viewOf(ask).setUint32(4, names.length, true);
  const view = viewOf(yield { dev, bytes: ask });
  // A driver whose number of queues changed meanwhile tells another count than it told names for.
  const known = Math.min(view.getUint32(4, true), names.length);
  for (let i = 0; i < known; i++) {
    statistics[names[i]] = Number(view.getBigUint64(GSTATS_HEADER + i * 8, true));
  }
  return statistics;
}
