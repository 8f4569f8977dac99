import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Table } from '../lib/wire/schema.ts';

/** What every attribute set holds, as a document: generated from the tables that do the encoding. */

const lib = fileURLToPath(new URL('../lib', import.meta.url));

/** Where tables are declared, and what the document calls the object. */
const OBJECTS: readonly [title: string, files: RegExp][] = [
  ['Links', /^rtnetlink\/link\/(schema|attributes|afspec|statistics|vf)\.ts$/],
  ['Extra statistics of links', /^rtnetlink\/stats\/schema\.ts$/],
  ['Kinds of links', /^rtnetlink\/link\/kinds\/(?!index|dual)[^/]+\.ts$/],
  ['Addresses', /^rtnetlink\/address\/.*\.ts$/],
  ['Routes', /^rtnetlink\/route\/.*\.ts$/],
  ['Nexthops', /^rtnetlink\/nexthop\/schema\.ts$/],
  ['Rules', /^rtnetlink\/rule\/schema\.ts$/],
  ['Neighbours and forwarding databases', /^rtnetlink\/neighbour\/schema\.ts$/],
  ['Multicast databases', /^rtnetlink\/mdb\/schema\.ts$/],
  ['VLANs of bridges', /^rtnetlink\/vlan\/schema\.ts$/],
  ['VNIs of VXLAN links', /^rtnetlink\/vni\/schema\.ts$/],
  ['Queueing disciplines and classes', /^rtnetlink\/qdisc\/schema\.ts$/],
  ['Filters and actions', /^rtnetlink\/filter\/schema\.ts$/],
  ['Namespace ids', /^rtnetlink\/nsid\/schema\.ts$/],
  ['Network configuration', /^rtnetlink\/netconf\/schema\.ts$/],
  ['ethtool', /^ethtool\/netlink\/schema\.ts$/],
  ['nftables', /^nftables\/.*\.ts$/],
];

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function section(table: Table<Record<string, never>>): string[] {
  const rows = Object.entries(table.shape as Record<string, AttributeRow>).map(
    ([key, attribute]) => {
      const { kernel, codec, since = '', readonly, doc = '' } = attribute;
      const note = [readonly ? 'told, never set' : '', doc]
        .filter((part) => part !== '')
        .join('. ');
      return `| \`${key}\` | \`${kernel}\` | ${cell(codec.type)} | ${since} | ${cell(note)} |`;
    },
  );
  if (rows.length === 0) return [`### ${table.name}`, '', 'No attributes of its own.', ''];
  return [
    `### ${table.name}`,
    '',
    '| Attribute | Kernel | Type | Since | |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

interface AttributeRow {
  readonly kernel: string;
  readonly since?: string;
  readonly readonly?: boolean;
  readonly doc?: string;
  readonly codec: { readonly type: string };
}

/** The tables that a module exports, each once even where it has two names. */
async function tablesOf(file: string, seen: Set<unknown>): Promise<Table<Record<string, never>>[]> {
  const module: Record<string, unknown> = await import(pathToFileURL(join(lib, file)).href);
  const tables: Table<Record<string, never>>[] = [];
  for (const [, value] of Object.entries(module).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!(value instanceof Table) || seen.has(value)) continue;
    seen.add(value);
    tables.push(value);
  }
  return tables;
}

/** docs/coverage.md. */
export async function coverage(): Promise<string> {
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .map((file) => relative(lib, join(lib, file)))
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const seen = new Set<unknown>();
  const lines = [
    '# Coverage',
    '',
    'Every attribute that the library reads and writes, with the kernel’s own name and the first',
    'kernel that has it (blank: 4.9 or earlier). Generated from the tables by',
    '`node scripts/coverage-table.mjs`. Attributes that no table knows are kept as raw bytes, and kinds',
    'that no table knows work by name.',
    '',
  ];
  let count = 0;
  for (const [title, wanted] of OBJECTS) {
    const tables = [];
    for (const file of files) {
      if (wanted.test(file)) tables.push(...(await tablesOf(file, seen)));
    }
    if (tables.length === 0) continue;
    lines.push(`## ${title}`, '');
    for (const table of tables) {
      lines.push(...section(table));
      count += Object.keys(table.shape).length;
    }
  }
  lines.splice(6, 0, `There are ${count} attributes.`);
  return `${lines.join('\n').trimEnd()}\n`;
}
