import { attributeLength, readText } from '../../wire/codecs.ts';
import type { Shape, Table, Values } from '../../wire/schema.ts';
import { NLA_HEADER, NLA_TYPE_MASK } from '../../wire/writer.ts';
import { kindTables, portTables } from './kinds/index.ts';
import type { Link, PortValues } from './types.ts';

type AnyTable = Table<Shape>;
const kinds = new Map<string, AnyTable>(Object.entries(kindTables) as [string, AnyTable][]);
const ports = new Map<string, AnyTable>(Object.entries(portTables) as [string, AnyTable][]);

const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_XSTATS = 3;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;

/** What a link's kind says of it, put where the link's type has it. */
export interface InfoHolder {
  kind: string | undefined;
  data?: Values<Shape> | undefined;
  rawData?: Uint8Array | undefined;
  port?: { kind: string } | undefined;
  xstats?: Uint8Array;
}

/** IFLA_LINKINFO: the link's own kind and attributes, and those it has as a port of its master. */
export function readLinkInfo(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  length: number,
  link: Link,
): void {
  const holder = link as InfoHolder;
  const to = from + length;
  let data = 0;
  let port = 0;
  let portKind: string | undefined;
  for (let at = from; at + NLA_HEADER <= to; ) {
    const size = attributeLength(view, at, to);
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    const payload = at + NLA_HEADER;
    if (type === IFLA_INFO_KIND) holder.kind = readText(bytes, payload, size - NLA_HEADER);
    else if (type === IFLA_INFO_DATA) data = payload;
    else if (type === IFLA_INFO_SLAVE_KIND) portKind = readText(bytes, payload, size - NLA_HEADER);
    else if (type === IFLA_INFO_SLAVE_DATA) port = payload;
    else if (type === IFLA_INFO_XSTATS) holder.xstats = bytes.slice(payload, at + size);
    at += (size + 3) & ~3;
  }
  if (data !== 0) readData(bytes, view, data, holder);
  if (portKind !== undefined) holder.port = readPort(bytes, view, port, portKind);
}

/** The end of the attribute whose payload begins at `payload`. */
const endOf = (view: DataView, payload: number): number =>
  payload - NLA_HEADER + view.getUint16(payload - NLA_HEADER, true);

function readData(bytes: Uint8Array, view: DataView, from: number, holder: InfoHolder): void {
  const table = holder.kind === undefined ? undefined : kinds.get(holder.kind);
  const to = endOf(view, from);
  if (table === undefined) holder.rawData = bytes.slice(from, to);
  else holder.data = table.read(bytes, view, from, to - from);
}

function readPort(bytes: Uint8Array, view: DataView, from: number, kind: string): PortValues {
  const table = ports.get(kind);
  const length = from === 0 ? 0 : endOf(view, from) - from;
  const port: Record<string, unknown> =
    from === 0 || table === undefined ? {} : table.read(bytes, view, from, length);
  port.kind = kind;
  if (from !== 0 && table === undefined) port.rawData = bytes.slice(from, from + length);
  return port as PortValues;
}
