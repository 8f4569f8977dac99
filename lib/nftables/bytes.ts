import { readIpv4, readIpv6, writeIp } from '../wire/addresses.ts';
import { Writer } from '../wire/writer.ts';

/** Constants of rules and keys of elements, in the byte order in which packets carry them. */

const scratch = new Writer(64);

export function ipBytes(address: string): Uint8Array {
  scratch.reset();
  if (!writeIp(scratch, address)) throw new TypeError(`'${address}' is no IP address`);
  return scratch.bytes.slice(0, scratch.length);
}

export function be16Bytes(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 255]);
}

/** Numbers that nf_tables itself puts into registers (marks, connection states) are the host's. */
export function u32Bytes(value: number): Uint8Array {
  return new Uint8Array([value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]);
}

/** IFNAMSIZ */
const NAME_BYTES = 16;

/** A link's name as a register holds it: 16 bytes, or fewer to compare only the beginning. */
export function nameBytes(name: string, size = NAME_BYTES): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(Buffer.from(name).subarray(0, size));
  return bytes;
}

/** The fields of a concatenation, each filled up to 4 bytes as registers are. */
export function concat(...fields: readonly Uint8Array[]): Uint8Array {
  const padded = (bytes: Uint8Array): number => (bytes.length + 3) & ~3;
  const all = new Uint8Array(fields.reduce((sum, field) => sum + padded(field), 0));
  let at = 0;
  for (const field of fields) {
    all.set(field, at);
    at += padded(field);
  }
  return all;
}

/** The address in a key or in data: IPv4 in 4 bytes, IPv6 in 16. */
export function readAddress(bytes: Uint8Array, at: number, family: 4 | 6): string {
  if (family === 4) return readIpv4(bytes, at);
  return readIpv6(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes, at);
}

export function readBe16(bytes: Uint8Array, at: number): number {
  return bytes[at] * 256 + bytes[at + 1];
}
