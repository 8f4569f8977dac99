import { Writer } from '../wire/writer.ts';

/** ICMP echo, of either family: RFC 792 and RFC 4443. */

export interface EchoReply {
  seq: number;
  /** The time it took to live on its way here was counted down to this; undefined where unknown. */
  ttl: number | undefined;
  /** Undefined for an answer; what a router or the host itself said instead. */
  problem?: 'unreachable' | 'ttl-exceeded' | undefined;
}

interface Types {
  request: number;
  reply: number;
  problems: Record<number, 'unreachable' | 'ttl-exceeded'>;
  /** Length of the IP header in front of the packet that an error quotes, at least. */
  quotedHeader: number;
  protocol: number;
}

const V4: Types = {
  request: 8,
  reply: 0,
  problems: { 3: 'unreachable', 11: 'ttl-exceeded' },
  quotedHeader: 20,
  protocol: 1,
};
const V6: Types = {
  request: 128,
  reply: 129,
  problems: { 1: 'unreachable', 3: 'ttl-exceeded' },
  quotedHeader: 40,
  protocol: 58,
};

const HEADER = 8;
export const ICMP = V4.protocol;
export const ICMPV6 = V6.protocol;

/** An echo request; its data tells it from another program's. */
export function writeEcho(v6: boolean, id: number, seq: number, data: Uint8Array): Uint8Array {
  const writer = new Writer(HEADER + data.length);
  writer.u8((v6 ? V6 : V4).request);
  writer.u8(0);
  writer.be16(0);
  writer.be16(id);
  writer.be16(seq);
  writer.raw(data);
  const packet = writer.bytes.slice(0, writer.length);
  // The kernel sums ICMPv6 itself, which covers addresses that only it knows.
  if (!v6) new DataView(packet.buffer).setUint16(2, checksum(packet));
  return packet;
}

/** RFC 1071. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/**
 * Reads what a raw socket received: an answer to our requests, or an error about one of them;
 * undefined for anything else. An IPv4 packet comes with its IP header.
 */
export function readEcho(v6: boolean, id: number, packet: Uint8Array): EchoReply | undefined {
  const types = v6 ? V6 : V4;
  const start = v6 ? 0 : headerLength(packet);
  if (packet.length < start + HEADER) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const ttl = v6 ? undefined : packet[8];
  const type = packet[start];
  if (type === types.reply) {
    if (view.getUint16(start + 4) !== id) return undefined;
    return { seq: view.getUint16(start + 6), ttl };
  }
  const problem = types.problems[type];
  const seq =
    problem === undefined ? undefined : quotedSeq(types, v6, id, packet.subarray(start + HEADER));
  return seq === undefined ? undefined : { seq, ttl, problem };
}

function headerLength(packet: Uint8Array): number {
  return packet.length === 0 ? 0 : (packet[0] & 0xf) * 4;
}

/** The sequence number of our request that an error quotes. */
function quotedSeq(types: Types, v6: boolean, id: number, quoted: Uint8Array): number | undefined {
  if (quoted.length < types.quotedHeader) return undefined;
  const at = v6 ? types.quotedHeader : headerLength(quoted);
  const protocol = v6 ? quoted[6] : quoted[9];
  if (protocol !== types.protocol || quoted.length < at + HEADER || quoted[at] !== types.request)
    return undefined;
  const view = new DataView(quoted.buffer, quoted.byteOffset, quoted.length);
  return view.getUint16(at + 4) === id ? view.getUint16(at + 6) : undefined;
}
