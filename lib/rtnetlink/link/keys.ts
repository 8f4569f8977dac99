import type { Entry, Shape, Table } from '../../wire/schema.ts';
import { settableAttributes } from './attributes.ts';
import { FLAG_SWITCHES, flagBit } from './flags.ts';

/** What a key of a spec is. */
export const SHARED = 1;
export const FLAG = 2;
export const OWN = 3;
export const SPECIAL = 4;
export const AFTERWARDS = 5;

export interface Key {
  readonly role: number;
  /** Of an attribute. */
  readonly entry: Entry | undefined;
  /** Of a switch; negative where its absence is the switch. */
  readonly bit: number;
}

export type AnyTable = Table<Shape>;
export type Keys = ReadonlyMap<string, Key>;

/** What the kernel takes only once the link is there (IFLA_AF_SPEC it even refuses before). */
export const LATE: readonly string[] = [
  'alias',
  'carrier',
  'protoDown',
  'protoDownReason',
  'xdp',
  'addrGenMode',
  'token',
  'port',
  'altNames',
];
const PEER_LATE: readonly string[] = [...LATE, 'up', 'master'];

/** Every key that a spec may have, and what it is. */
export function keysOf(
  special: readonly string[],
  late: readonly string[],
  table?: AnyTable,
): Keys {
  const keys = new Map<string, Key>();
  for (const key of table?.keys() ?? [])
    keys.set(key, { role: OWN, entry: table?.entry(key), bit: 0 });
  // The shared names win: a kind that used one would take it from all links.
  for (const key of settableAttributes.keys()) {
    keys.set(key, { role: SHARED, entry: settableAttributes.entry(key), bit: 0 });
  }
  for (const key of FLAG_SWITCHES)
    keys.set(key, { role: FLAG, entry: undefined, bit: flagBit(key) });
  for (const key of special) keys.set(key, { role: SPECIAL, entry: undefined, bit: 0 });
  for (const key of late) keys.set(key, { role: AFTERWARDS, entry: undefined, bit: 0 });
  return keys;
}

/** The keys of a pair's other end. */
export const peerKeys = keysOf(['netns', 'index'], PEER_LATE);
