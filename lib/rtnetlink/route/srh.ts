import { ipAddress } from '../../check.ts';
import { invalidType } from '../../errors.ts';
import { type Codec, ipv6 } from '../../wire/codecs.ts';
import { DecodeError } from '../../wire/errors.ts';
import type { Path } from '../../wire/path.ts';
import type { Writer } from '../../wire/writer.ts';

/** The fixed part of struct ipv6_sr_hdr of linux/seg6.h. */
export const SRH_HEADER = 8;
const ROUTING_TYPE_SEGMENTS = 4;
const MAX_SEGMENTS = 64;

export function checkSegments(path: string, segments: unknown): asserts segments is string[] {
  if (!Array.isArray(segments) || segments.length === 0 || segments.length > MAX_SEGMENTS) {
    throw invalidType(path, segments, `an array of 1 to ${MAX_SEGMENTS} IPv6 addresses`);
  }
  segments.forEach((segment, i) => {
    ipAddress(`${path}[${i}]`, segment, 6);
  });
}

/** Writes an IPv6 routing header whose segments are in the order of the wire: the last one first. */
export function writeSrh(w: Writer, segments: readonly string[], path: Path): void {
  w.u8(0);
  w.u8(segments.length * 2);
  w.u8(ROUTING_TYPE_SEGMENTS);
  w.u8(segments.length - 1);
  w.u8(segments.length - 1);
  w.u8(0);
  w.u16(0);
  for (const segment of segments) ipv6.write(w, segment, path);
}

/** The segments of a header, in the order of the wire. What follows them (an HMAC) is left out. */
export function readSrh(bytes: Uint8Array, view: DataView, at: number, length: number): string[] {
  if (length < SRH_HEADER) throw new DecodeError('shorter than struct ipv6_sr_hdr', at);
  const end = Math.min(length, SRH_HEADER + (bytes[at + 4] + 1) * 16);
  const segments: string[] = [];
  for (let i = SRH_HEADER; i + 16 <= end; i += 16) {
    segments.push(ipv6.read(bytes, view, at + i, 16, undefined));
  }
  return segments;
}

/** struct ipv6_sr_hdr by itself: its segments in the order of the wire. */
export const routingHeader: Codec<string[]> = {
  type: 'struct ipv6_sr_hdr',
  alignment: 4,
  samples: [['fc00::1'], ['fc00::2', 'fc00::1']],
  write(w, value, path) {
    checkSegments(path.toString(), value);
    writeSrh(w, value, path);
  },
  read: (bytes, view, at, length) => readSrh(bytes, view, at, length),
};
