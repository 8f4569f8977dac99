import { invalidType } from '../../errors.ts';
import type { Path } from '../../wire/path.ts';
import {
  FLAG_NAMES,
  IFF_ALLMULTI,
  IFF_DYNAMIC,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_PROMISC,
  IFF_UP,
  type LinkFlag,
} from './constants.ts';

/** The spec's switches that are bits of ifinfomsg's flags; `arp` is the one told by its absence. */
const SWITCHES: readonly [name: string, bit: number, inverted: boolean][] = [
  ['up', IFF_UP, false],
  ['arp', IFF_NOARP, true],
  ['promisc', IFF_PROMISC, false],
  ['allMulticast', IFF_ALLMULTI, false],
  ['multicast', IFF_MULTICAST, false],
  ['dynamic', IFF_DYNAMIC, false],
];
const BITS = new Map(SWITCHES.map(([name, bit, inverted]) => [name, inverted ? -bit : bit]));

/** The bit that a switch stands for, negative where its absence is the switch; 0 when it is none. */
export function flagBit(key: string): number {
  return BITS.get(key) ?? 0;
}

export const FLAG_SWITCHES: readonly string[] = SWITCHES.map(([name]) => name);

/** Flags and the mask of those that change, as one holder that is used again. */
export const header = { flags: 0, change: 0 };

/** Adds a switch to `header` by its bit. */
export function addFlag(key: string, bit: number, value: unknown, path: Path): void {
  if (value === undefined) return;
  if (typeof value !== 'boolean') {
    path.set(key);
    throw invalidType(path.toString(), value, 'true or false');
  }
  const mask = bit < 0 ? -bit : bit;
  header.change |= mask;
  if (value === bit > 0) header.flags |= mask;
}

const IFF_RUNNING = 0x40;
const ORDER = Object.entries(FLAG_NAMES) as [LinkFlag, number][];
const known = new Map<number, readonly LinkFlag[]>();

/** The flags by iproute2's words, in its order. Shared: links with the same flags get the same list. */
export function flagNames(flags: number): readonly LinkFlag[] {
  let names = known.get(flags);
  if (names === undefined) {
    const list: LinkFlag[] =
      (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) === 0 ? ['NO-CARRIER'] : [];
    for (const [name, bit] of ORDER) if ((flags & bit) !== 0) list.push(name);
    names = Object.freeze(list);
    // Bounded: flags come from the kernel, but a reader of mangled bytes must not fill the memory.
    if (known.size < 256) known.set(flags, names);
  }
  return names;
}
