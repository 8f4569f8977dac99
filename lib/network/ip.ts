import { isIPv4 } from 'node:net';

/** An IP address as a number: `value` has 32 bits for family 4 and 128 for family 6. */
export interface Ip {
  family: 4 | 6;
  value: bigint;
}

/** Reads an address already known to be one (see check.ts). */
export function parseIp(text: string): Ip {
  return text.includes(':')
    ? { family: 6, value: ipv6Value(text) }
    : { family: 4, value: BigInt(ipv4Number(text)) };
}

/** The 32 bits of '10.0.0.1'. */
export function ipv4Number(text: string): number {
  let value = 0;
  let octet = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 46) {
      value = value * 256 + octet;
      octet = 0;
    } else octet = octet * 10 + unit - 48;
  }
  return value * 256 + octet;
}

export function ipv4Text(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function ipv6Value(text: string): bigint {
  const groups: number[] = [];
  let gap = -1;
  for (const part of text.split(':')) {
    if (part === '') {
      // '::1' and '1::' have an empty part at the end beside the one of the gap itself.
      if (gap < 0) gap = groups.length;
    } else if (part.includes('.')) {
      const value = ipv4Number(part);
      groups.push(value >>> 16, value & 0xffff);
    } else groups.push(Number.parseInt(part, 16));
  }
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0));
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** As RFC 5952 writes it: lower case, the longest run of two zeros or more as '::'. */
export function ipv6Text(value: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  let best = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      best = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return best < 0 ? hex(0, 8) : `${hex(0, best)}::${hex(best + length, 8)}`;
}

export function ipText(family: 4 | 6, value: bigint): string {
  return family === 4 ? ipv4Text(Number(value)) : ipv6Text(value);
}

/** An address as everybody writes it, so that two texts of one address compare equal. */
export function canonicalIp(text: string): string {
  if (isIPv4(text)) return text;
  return ipv6Text(ipv6Value(text));
}

/** A range of addresses, both ends included. */
export interface IpRange {
  family: 4 | 6;
  first: bigint;
  last: bigint;
}

/** All addresses of a prefix. */
export function prefixRange(family: 4 | 6, address: string, length: number): IpRange {
  const hostBits = BigInt((family === 4 ? 32 : 128) - length);
  const first = (parseIp(address).value >> hostBits) << hostBits;
  return { family, first, last: first + (1n << hostBits) - 1n };
}

export function overlaps(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}
