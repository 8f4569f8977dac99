import { type AnyTable, type Keys, keysOf, LATE } from './keys.ts';
import { kindTables } from './kinds/index.ts';

const tables = new Map<string, AnyTable>(Object.entries(kindTables) as [string, AnyTable][]);

export function kindTable(kind: unknown): AnyTable | undefined {
  return typeof kind === 'string' ? tables.get(kind) : undefined;
}

function perKind(special: readonly string[], late: readonly string[]): (kind: unknown) => Keys {
  const other = keysOf(special, late);
  const known = new Map<unknown, Keys>();
  for (const [kind, table] of tables) known.set(kind, keysOf(special, late, table));
  return (kind) => known.get(kind) ?? other;
}

/** The keys of `link.add`, by kind. */
export const birthKeys = perKind(['kind', 'data', 'netns', 'index'], LATE);
/** The keys of `link.set`, by kind: all at once, but for what has messages of its own. */
export const changeKeys = perKind(
  ['kind', 'data', 'netns', 'newIndex', 'addrGenMode', 'token', 'port', 'altNames'],
  [],
);
