import { boolean, checkKeys, integer, object } from '../check.ts';
import { invalidValue } from '../errors.ts';
import { commandBuffer, type EthtoolSteps, isUnsupported, viewOf } from './command.ts';
import {
  DUPLEX,
  ETH_SS_LINK_MODES,
  ETHTOOL_GLINKSETTINGS,
  ETHTOOL_SLINKSETTINGS,
  PORTS,
  SPEED_UNKNOWN,
} from './constants.ts';
import { readStrings } from './strings.ts';

/** How a link talks to its partner (struct ethtool_link_settings). */
export interface LinkSettings {
  /** Megabits a second; undefined where unknown, as without a partner. */
  speed: number | undefined;
  duplex: 'half' | 'full' | undefined;
  /** The connector: 'tp', 'fibre', 'da', 'none', …; a number the library does not know stays one. */
  port: string | number;
  autonegotiation: boolean;
  phyAddress: number;
  /** Names of modes like '1000baseT/Full'. */
  supported: string[];
  advertised: string[];
  partnerAdvertised: string[];
}

export interface LinkSettingsChange {
  /** Megabits a second. */
  speed?: number;
  duplex?: 'half' | 'full';
  autonegotiation?: boolean;
}

const HEADER = 48;
const SPEED = 4;
const DUPLEX_AT = 8;
const PORT = 9;
const PHY = 10;
const AUTONEG = 11;
const WORDS = 15;

/** How many words a mode mask has is asked first: the kernel answers 0 words with the count, negated. */
function* readRaw(dev: string): EthtoolSteps<Uint8Array> {
  const first = yield { dev, bytes: commandBuffer(ETHTOOL_GLINKSETTINGS, HEADER) };
  const words = -viewOf(first).getInt8(WORDS);
  if (words <= 0) return first;
  const ask = commandBuffer(ETHTOOL_GLINKSETTINGS, HEADER + 3 * 4 * words);
  viewOf(ask).setInt8(WORDS, words);
  return yield { dev, bytes: ask };
}

function* readModeNames(dev: string): EthtoolSteps<string[]> {
  try {
    return yield* readStrings(dev, ETH_SS_LINK_MODES);
  } catch (error) {
    // The set exists since 5.6: before it, modes are told by their bit's number.
    if (isUnsupported(error)) return [];
    throw error;
  }
}

function modesOf(view: DataView, from: number, words: number, names: readonly string[]): string[] {
  const modes: string[] = [];
  for (let bit = 0; bit < words * 32; bit++) {
    if ((view.getUint32(from + (bit >>> 5) * 4, true) & (1 << (bit & 31))) !== 0) {
      modes.push(names[bit] ?? String(bit));
    }
  }
  return modes;
}

export function* readSettings(dev: string): EthtoolSteps<LinkSettings> {
  const raw = yield* readRaw(dev);
  const view = viewOf(raw);
  const words = Math.max(0, view.getInt8(WORDS));
  const masks = raw.subarray(HEADER, HEADER + words * 12);
  const names = masks.some((byte) => byte !== 0) ? yield* readModeNames(dev) : [];
  const speed = view.getUint32(SPEED, true);
  const port = view.getUint8(PORT);
  return {
    speed: speed === SPEED_UNKNOWN ? undefined : speed,
    duplex: DUPLEX[view.getUint8(DUPLEX_AT)],
    port: PORTS[port] ?? port,
    autonegotiation: view.getUint8(AUTONEG) !== 0,
    phyAddress: view.getUint8(PHY),
    supported: modesOf(view, HEADER, words, names),
    advertised: modesOf(view, HEADER + 4 * words, words, names),
    partnerAdvertised: modesOf(view, HEADER + 8 * words, words, names),
  };
}

const CHANGE_KEYS = new Set(['speed', 'duplex', 'autonegotiation']);

export function checkSettings(change: LinkSettingsChange): void {
  object('settings', change);
  checkKeys('settings', change, CHANGE_KEYS);
  if (Object.keys(change).length === 0) {
    throw invalidValue('settings', change, 'at least one setting to change');
  }
  if (change.speed !== undefined) integer('settings.speed', change.speed, 0, 0x7fffffff);
  if (change.autonegotiation !== undefined) {
    boolean('settings.autonegotiation', change.autonegotiation);
  }
  if (change.duplex !== undefined && change.duplex !== 'half' && change.duplex !== 'full') {
    throw invalidValue('settings.duplex', change.duplex, "'half' or 'full'");
  }
}

/** What is not changed goes back as it was read: the kernel takes all or nothing. */
export function* writeSettings(dev: string, change: LinkSettingsChange): EthtoolSteps<void> {
  const bytes = Uint8Array.from(yield* readRaw(dev));
  const view = viewOf(bytes);
  view.setUint32(0, ETHTOOL_SLINKSETTINGS, true);
  if (change.speed !== undefined) view.setUint32(SPEED, change.speed, true);
  if (change.duplex !== undefined) view.setUint8(DUPLEX_AT, change.duplex === 'full' ? 1 : 0);
  if (change.autonegotiation !== undefined) view.setUint8(AUTONEG, change.autonegotiation ? 1 : 0);
  yield { dev, bytes };
}
