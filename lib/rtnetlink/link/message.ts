import { integer } from '../../check.ts';
import { invalidType, invalidValue, unknownKey } from '../../errors.ts';
import type { MessageOptions, Messages } from '../../netlink/messages.ts';
import type { Dev } from '../../netlink/request.ts';
import { endChecked } from '../../wire/codecs.ts';
import type { Path } from '../../wire/path.ts';
import { NLA_F_NESTED, type Writer } from '../../wire/writer.ts';
import { ifinfomsg, settableAttributes } from './attributes.ts';
import { addFlag, header } from './flags.ts';
import { AFTERWARDS, type AnyTable, FLAG, type Keys, OWN, SHARED } from './keys.ts';
import { portTables } from './kinds/index.ts';
import { writeNetns } from './netns.ts';
import { isIndex } from './peer.ts';
import { linkTable } from './schema.ts';

/** For the paths of attributes in the kernel's errors. */
export const LINK_SCHEMA = { header: ifinfomsg.size, table: linkTable };

const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18 | NLA_F_NESTED;
const IFLA_NEW_IFINDEX = 49;
const IFLA_ALT_IFNAME = 53;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2 | NLA_F_NESTED;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5 | NLA_F_NESTED;

export type Given = Record<string, unknown>;
const ports = new Map<string, AnyTable>(Object.entries(portTables) as [string, AnyTable][]);

/**
 * Begins a message about a link: created (`dev` undefined), looked up by its name in the kernel, or,
 * with `byIndex`, by an index found right before sending. Returns the place of its header.
 */
export function beginLink(
  m: Messages,
  type: number,
  flags: number,
  syscall: string,
  dev: Dev | undefined,
  byIndex = false,
  options?: MessageOptions,
): number {
  m.begin(type, flags, syscall, LINK_SCHEMA, options);
  const w = m.writer;
  const start = w.length;
  const byName = typeof dev === 'string' && !byIndex;
  w.u32(0);
  if (dev === undefined || byName) w.u32(0);
  else m.linkIndex(dev);
  w.u32(0);
  w.u32(0);
  header.flags = header.change = 0;
  if (byName) {
    putName(w, dev);
    m.aboutLink(dev);
  }
  return start;
}

/** The kernel looks the name up itself, so a link made earlier in the same batch is found. */
function putName(w: Writer, dev: string): void {
  const at = w.begin(
    dev.length * 3 > 15 && Buffer.byteLength(dev) > 15 ? IFLA_ALT_IFNAME : IFLA_IFNAME,
  );
  w.string(dev);
  w.end(at);
}

/** Puts the flags into the header and closes the message. */
export function endLink(m: Messages, start: number): void {
  m.writer.patch32(start + 8, header.flags);
  m.writer.patch32(start + 12, header.change);
  m.end();
}

/**
 * Writes the attributes of a spec but for IFLA_LINKINFO, and collects its switches for the header.
 * Answers what else there is: bits of OWN_KEYS and LATE_KEYS.
 */
export function putAll(w: Writer, given: Given, keys: Keys, start: number, path: Path): number {
  let more = 0;
  for (const name in given) {
    const key = keys.get(name);
    const value = given[name];
    if (key === undefined) throw unknownKey(path.holder(), name, keys.keys());
    if (key.role === SHARED && key.entry !== undefined) {
      const plain = value === null && name === 'master' ? 0 : value;
      settableAttributes.putEntry(w, key.entry, plain, path, given);
    } else if (key.role === FLAG) {
      addFlag(name, key.bit, value, path);
    } else if (value !== undefined) {
      if (key.role === OWN) more |= OWN_KEYS;
      else if (key.role === AFTERWARDS) more |= LATE_KEYS;
      else putSpecial(w, name, value, start, path);
    }
  }
  return more;
}

export const OWN_KEYS = 1;
export const LATE_KEYS = 2;

function putSpecial(w: Writer, key: string, value: unknown, start: number, path: Path): void {
  if (key === 'netns') {
    path.set(key);
    writeNetns(w, value, path, true);
  } else if (key === 'index') {
    path.set(key);
    w.patch32(start + 4, isIndex(value) ? value : integer(path.toString(), value, 1, 0x7fffffff));
  } else if (key === 'newIndex') {
    path.set(key);
    const at = w.begin(IFLA_NEW_IFINDEX);
    w.s32(integer(path.toString(), value, 1, 0x7fffffff));
    w.end(at);
  } else if (key === 'data' && !(value instanceof Uint8Array)) {
    path.set(key);
    throw invalidType(path.toString(), value, 'a Uint8Array');
  }
}

/** IFLA_LINKINFO. A kind's own attributes (with `table`) are flat in the spec; others are raw `data`. */
export function putLinkInfo(
  w: Writer,
  kind: string,
  table: AnyTable | undefined,
  given: Given,
  path: Path,
): void {
  const info = w.begin(IFLA_LINKINFO);
  path.set('kind');
  putKind(w, IFLA_INFO_KIND, kind, path);
  const raw = given.data;
  if (table !== undefined) {
    if (raw !== undefined) {
      path.set('data');
      throw invalidValue(path.toString(), raw, `left out beside attributes of '${kind}'`);
    }
    const data = w.begin(IFLA_INFO_DATA);
    for (const key in given) if (table.has(key)) table.put(w, key, given[key], path, given);
    endChecked(w, data, path);
  } else if (raw instanceof Uint8Array) {
    path.set('data');
    const data = w.begin(IFLA_INFO_DATA);
    w.raw(raw);
    endChecked(w, data, path);
  }
  endChecked(w, info, path);
}

function putKind(w: Writer, type: number, kind: string, path: Path): void {
  if (kind === '' || kind.length > 63 || kind.includes('\0')) {
    throw invalidValue(path.toString(), kind, "a kind of link like 'veth'");
  }
  const at = w.begin(type);
  w.string(kind);
  w.end(at);
}

/** IFLA_LINKINFO with what the link is told as a port of its master. */
export function putPort(w: Writer, port: unknown, path: Path): void {
  path.set('port');
  if (typeof port !== 'object' || port === null || Array.isArray(port)) {
    throw invalidType(path.toString(), port, 'an object');
  }
  const { kind = 'bridge', ...settings } = port as Given;
  const table = typeof kind === 'string' ? ports.get(kind) : undefined;
  if (table === undefined)
    throw invalidValue(`${path}.kind`, kind, `one of '${[...ports.keys()].join("', '")}'`);
  const info = w.begin(IFLA_LINKINFO);
  putKind(w, IFLA_INFO_SLAVE_KIND, String(kind), path);
  const data = w.begin(IFLA_INFO_SLAVE_DATA);
  path.enter();
  for (const key in settings) {
    if (!table.put(w, key, settings[key], path, settings))
      throw unknownKey(path.holder(), key, table.keys());
  }
  path.leave();
  endChecked(w, data, path);
  endChecked(w, info, path);
}
