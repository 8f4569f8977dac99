import { isIP } from 'node:net';
import { ipv4Number, parseIp } from './ip.ts';

/**
 * Hardware addresses are made of the IP address: the same one after a restart, no two alike in a
 * network, and none that udev would think it had to change (given at creation, not drawn by the
 * kernel).
 */

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);
const hex = (byte: number): string => HEX[byte];

/** The last 32 bits of an address. */
function addressBits(address: string): number {
  return address.includes(':')
    ? Number(parseIp(address).value & 0xffff_ffffn)
    : ipv4Number(address);
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

function mac(prefix: string, value: number): string {
  return `${prefix}:${hex(value >>> 24)}:${hex((value >>> 16) & 255)}:${hex((value >>> 8) & 255)}:${hex(value & 255)}`;
}

/** The end inside: locally administered, '02:4e' and the address. */
export function endpointMac(address: string): string {
  return mac('02:4e', addressBits(address));
}

/** The network's own link: made of its gateway's address, or of its name. */
export function networkMac(text: string): string {
  return mac('06:4e', isIP(text) === 0 ? hash(text) : addressBits(text));
}

/** The host's end: another than the one inside, which the bridge would else take for itself. */
export function hostMac(inside: string): string {
  const first = Number.parseInt(inside.slice(0, 2), 16) ^ 0x08;
  return hex((first | 0x02) & 0xfe) + inside.slice(2);
}

/** The link-local IPv6 address that goes with a hardware address (RFC 4291, modified EUI-64). */
export function linkLocalOf(mac: string): string {
  const b = mac.split(':').map((text) => Number.parseInt(text, 16));
  const group = (high: number, low: number): string => ((high << 8) | low).toString(16);
  const groups = [group(b[0] ^ 2, b[1]), group(b[2], 0xff), group(0xfe, b[3]), group(b[4], b[5])];
  return `fe80::${groups.join(':')}`;
}
