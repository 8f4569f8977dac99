import { isIPv4, isIPv6 } from 'node:net';
import { invalidType, invalidValue } from '../errors.ts';
import type { Codec } from './codec.ts';
import { DecodeError } from './errors.ts';
import { tooShort } from './numbers.ts';
import type { Path } from './path.ts';
import type { Writer } from './writer.ts';

const HEX: readonly string[] = Array.from({ length: 256 }, (_, n) =>
  n.toString(16).padStart(2, '0'),
);
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
/** The character codes of each byte's two digits, and of what separates them. */
const HIGH = Uint8Array.from(HEX, (digits) => digits.charCodeAt(0));
const LOW = Uint8Array.from(HEX, (digits) => digits.charCodeAt(1));
const COLON = 58;

/** A hardware address of any length: '02:00:00:00:00:01'. */
export function readMac(bytes: Uint8Array, at: number, length: number): string {
  if (length === 6) {
    const a = bytes[at];
    const b = bytes[at + 1];
    const c = bytes[at + 2];
    const d = bytes[at + 3];
    const e = bytes[at + 4];
    const f = bytes[at + 5];
    if ((a & b & c & d & e & f) === 0xff) return BROADCAST;
    // In one piece: joining texts costs twice as much, and leaves a rope.
    // biome-ignore format: a byte a line
    return String.fromCharCode(
      HIGH[a], LOW[a], COLON,
      HIGH[b], LOW[b], COLON,
      HIGH[c], LOW[c], COLON,
      HIGH[d], LOW[d], COLON,
      HIGH[e], LOW[e], COLON,
      HIGH[f], LOW[f],
    );
  }
  let text = '';
  for (let i = 0; i < length; i++) text += i === 0 ? HEX[bytes[at]] : `:${HEX[bytes[at + i]]}`;
  return text;
}

/** Bytes as hexadecimal digits without separators. */
export function readHex(bytes: Uint8Array, at: number, length: number): string {
  let text = '';
  for (let i = at; i < at + length; i++) text += HEX[bytes[i]];
  return text;
}

/** The value of a hexadecimal digit's character code, or -1. */
function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Writes `count` bytes of 'xx:xx:…' (or 'xx-xx-…'); false when the text is something else. */
function writeHexPairs(w: Writer, text: string, count: number): boolean {
  if (text.length !== count * 3 - 1) return false;
  w.reserve(count);
  const separator = text.charCodeAt(2);
  if (count > 1 && separator !== 58 && separator !== 45) return false;
  for (let i = 0; i < count; i++) {
    const high = digit(text.charCodeAt(i * 3));
    const low = digit(text.charCodeAt(i * 3 + 1));
    if (high < 0 || low < 0 || (i > 0 && text.charCodeAt(i * 3 - 1) !== separator)) return false;
    w.bytes[w.length + i] = (high << 4) | low;
  }
  w.length += count;
  return true;
}

/** An Ethernet address; read back whatever its length. */
export const mac: Codec<string> = {
  type: 'hardware address',
  size: 6,
  alignment: 1,
  samples: ['02:00:00:00:00:01', BROADCAST],
  write(w, value, path) {
    if (typeof value !== 'string')
      throw invalidType(path.toString(), value, "an Ethernet address like '02:00:00:00:00:01'");
    if (!writeHexPairs(w, value, 6)) {
      throw invalidValue(path.toString(), value, "an Ethernet address like '02:00:00:00:00:01'");
    }
  },
  read: (bytes, _view, at, length) => readMac(bytes, at, length),
};

/** A hardware address of 1 to 32 bytes (MAX_ADDR_LEN), or an IP address for IP tunnels. */
export const hardwareAddress: Codec<string> = {
  type: 'hardware address of 1 to 32 bytes',
  samples: ['02:00:00:00:00:01', '0a:0b:0c:0d', '10:20:30:40:50:60:70:80'],
  write(w, value, path) {
    const allowed = "a hardware address like '02:00:00:00:00:01'";
    if (typeof value !== 'string') throw invalidType(path.toString(), value, allowed);
    const count = (value.length + 1) / 3;
    if (Number.isInteger(count) && count >= 1 && count <= 32 && writeHexPairs(w, value, count))
      return;
    if (!isIPv4(value) && (!isIPv6(value) || value.includes('%'))) {
      throw invalidValue(path.toString(), value, allowed);
    }
    writeIp(w, value);
  },
  read: (bytes, _view, at, length) => readMac(bytes, at, length),
};

export function readIpv4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** RFC 5952: lower case, the longest run of zeros as '::'; mapped IPv4 addresses dotted. */
export function readIpv6(view: DataView, bytes: Uint8Array, at: number): string {
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    let j = i;
    while (j < 8 && bytes[at + j * 2] === 0 && bytes[at + j * 2 + 1] === 0) j++;
    if (j - i > bestLength) {
      best = i;
      bestLength = j - i;
    }
    i = j + 1;
  }
  // ::ffff:a.b.c.d
  if (best === 0 && bestLength === 5 && view.getUint16(at + 10, false) === 0xffff) {
    return `::ffff:${readIpv4(bytes, at + 12)}`;
  }
  // As inet_ntop, and so iproute2, writes an IPv4-compatible address.
  if (best === 0 && bestLength === 6) return `::${readIpv4(bytes, at + 12)}`;
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === best) {
      text += '::';
      i += bestLength - 1;
      continue;
    }
    if (text !== '' && !text.endsWith('::')) text += ':';
    text += view.getUint16(at + i * 2, false).toString(16);
  }
  return text;
}

/** Writes the dotted text's four bytes; false when it is no IPv4 address. */
export function writeIpv4(w: Writer, text: string): boolean {
  w.reserve(4);
  let value = 0;
  let digits = 0;
  let part = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 46;
    if (code === 46) {
      if (digits === 0 || part === 4) return false;
      w.bytes[w.length + part++] = value;
      value = digits = 0;
      continue;
    }
    // '010' is octal to some and decimal to others: nobody should write it.
    if (code < 48 || code > 57 || (digits > 0 && value === 0)) return false;
    value = value * 10 + code - 48;
    digits++;
    if (value > 255) return false;
  }
  if (part !== 4) return false;
  w.length += 4;
  return true;
}

/** Writes the sixteen bytes of a valid IPv6 address (checked by the caller). */
function writeCheckedIpv6(w: Writer, text: string): void {
  w.reserve(16);
  const start = w.length;
  const [head, tail] = text.split('::');
  for (const group of groups(head)) w.be16(group);
  if (tail !== undefined) {
    const rest = groups(tail);
    w.zeros(16 - (w.length - start) - rest.length * 2);
    for (const group of rest) w.be16(group);
  }
}

function groups(text: string): number[] {
  if (text === '') return [];
  const out: number[] = [];
  for (const part of text.split(':')) {
    if (part.includes('.')) {
      const [a, b, c, d] = part.split('.').map(Number);
      out.push((a << 8) | b, (c << 8) | d);
    } else {
      out.push(Number.parseInt(part, 16));
    }
  }
  return out;
}

/** Writes an address of either family; false when the text is none. A scope ('%eth0') is none. */
export function writeIp(w: Writer, text: string): boolean {
  if (writeIpv4(w, text)) return true;
  return writeIpv6(w, text);
}

export function writeIpv6(w: Writer, text: string): boolean {
  if (!isIPv6(text) || text.includes('%')) return false;
  writeCheckedIpv6(w, text);
  return true;
}

function checked(write: (w: Writer, text: string) => boolean, allowed: string) {
  return (w: Writer, value: string, path: Path): void => {
    if (typeof value !== 'string') throw invalidType(path.toString(), value, allowed);
    if (!write(w, value)) throw invalidValue(path.toString(), value, allowed);
  };
}

export const ipv4: Codec<string> = {
  type: 'IPv4 address',
  size: 4,
  samples: ['10.0.0.1', '255.255.255.255'],
  write: checked(writeIpv4, 'an IPv4 address'),
  read(bytes, _view, at, length) {
    if (length < 4) throw tooShort('an IPv4 address', 4, length, at);
    return readIpv4(bytes, at);
  },
};

export const ipv6: Codec<string> = {
  type: 'IPv6 address',
  size: 16,
  alignment: 4,
  samples: ['fe80::1', '::', '2001:db8:0:1:1:1:1:1'],
  write: checked(writeIpv6, 'an IPv6 address'),
  read(bytes, view, at, length) {
    if (length < 16) throw tooShort('an IPv6 address', 16, length, at);
    return readIpv6(view, bytes, at);
  },
};

/** An address of either family, told apart by its length. */
export const ip: Codec<string> = {
  type: 'IP address',
  samples: ['10.0.0.1', 'fe80::1'],
  write: checked(writeIp, 'an IP address'),
  read(bytes, view, at, length) {
    if (length === 4) return readIpv4(bytes, at);
    if (length === 16) return readIpv6(view, bytes, at);
    throw new DecodeError(`an IP address of ${length} bytes`, at);
  },
};
