import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DualTable } from '../../lib/rtnetlink/link/kinds/dual.ts';
import type { Codec } from '../../lib/wire/codecs.ts';
import { type Attribute, type Shape, Table } from '../../lib/wire/schema.ts';

export type AnyTable = Table<Shape>;

const lib = fileURLToPath(new URL('../../lib', import.meta.url));
/** Where tables are: what these modules export, and all that is inside. */
const WITH_TABLES = /^(rtnetlink|nftables|ethtool|generic)\/.*\.ts$/;

/** Every table of the library, with the file that leads to it. */
export async function allTables(): Promise<Map<AnyTable, string>> {
  const found = new Map<AnyTable, string>();
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((each) => WITH_TABLES.test(each))) {
    const module: Record<string, unknown> = await import(pathToFileURL(join(lib, file)).href);
    for (const value of Object.values(module)) collect(value, file, found, new Set());
  }
  return found;
}

function collect(
  value: unknown,
  file: string,
  found: Map<AnyTable, string>,
  seen: Set<unknown>,
): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Table) {
    if (!found.has(value)) found.set(value, file);
    for (const { codec } of attributesOf(value)) collect(codec, file, found, seen);
  } else if ('type' in value && 'read' in value) {
    const { inner } = value as Codec<unknown>;
    for (const each of inner ?? []) collect(each, file, found, seen);
  }
}

export function attributesOf(table: AnyTable): (Attribute<unknown> & { key: string })[] {
  return Object.entries(table.shape).map(([key, attribute]) => ({ key, ...attribute }));
}

/** The key under which an attribute is read back: an IPv6 address beside an IPv4 one has the latter's. */
export function readAs(table: AnyTable, key: string): string {
  const base = key.slice(0, -1);
  return table instanceof DualTable && key.endsWith('6') && base in table.shape ? base : key;
}

/** Values that a codec says survive a round trip; for a table, an object with one of each. */
export function samplesOf(codec: Codec<unknown>, depth = 0): unknown[] {
  if (codec instanceof Table) return depth > 4 ? [{}] : [sampleOf(codec, depth)];
  const samples = codec.samples;
  if (samples !== undefined) return [...samples];
  const [inner] = (codec.inner ?? []) as Codec<unknown>[];
  if (codec.inner === undefined || codec.selector !== undefined) return [];
  if (codec.type.startsWith('list of') || codec.type.startsWith('array of')) {
    const values = samplesOf(inner, depth + 1);
    return values.length > 0 ? [values, values.slice(0, 1)] : [];
  }
  if (codec.type === 'nest' || codec.inner.length === 1) return samplesOf(inner, depth + 1);
  const [header, body] = codec.inner as Codec<unknown>[];
  const [first] = samplesOf(header, depth + 1) as object[];
  const [rest] = samplesOf(body, depth + 1) as object[];
  return first === undefined ? [] : [{ header: first, ...rest }];
}

/** An object with a value for each attribute that has one. */
export function sampleOf(table: AnyTable, depth = 0): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const { key, codec, many } of attributesOf(table)) {
    if (codec.selector !== undefined || readAs(table, key) !== key) continue;
    const values = samplesOf(codec, depth + 1);
    if (values.length > 0) out[key] = many ? values : values[0];
  }
  return out;
}
