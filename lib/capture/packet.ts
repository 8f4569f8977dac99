import { decodeFrame, type Frame, type FrameStart, summarizeFrame } from './frame.ts';

/** How a packet met its link (linux/if_packet.h, PACKET_*). */
export type PacketType = 'host' | 'broadcast' | 'multicast' | 'otherHost' | 'outgoing';

const TYPES: readonly PacketType[] = ['host', 'broadcast', 'multicast', 'otherHost', 'outgoing'];
/** Bytes that native code tells of each packet: see native/packet.h. */
export const RECORD = 32;
/** In place of a type: no packet, but an error that came instead of one. */
export const FAILURE = 0xffff;

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
/** The VLAN tag goes behind the two addresses. */
const TAG_AT = 12;

/** One captured packet. */
export class Packet {
  /** Nanoseconds since 1970, by the kernel. */
  readonly time: bigint;
  /** Its link: by name, or by ifindex where the name was not known when the capture began. */
  readonly dev: string | number;
  readonly ifindex: number;
  readonly type: PacketType;
  /** What was stored of it, from its first byte; a VLAN tag that the kernel took out is back. */
  readonly bytes: Uint8Array;
  /** Bytes that it had, more than `bytes.length` where the snap length has cut it. */
  readonly originalLength: number;
  /** What the bytes begin with. */
  readonly start: FrameStart;
  #frame: Frame | undefined;

  /** @internal Made by a capture: `at` is where the packet's record begins. */
  constructor(
    buffer: Uint8Array,
    records: DataView,
    at: number,
    nameOf: (ifindex: number) => string | undefined,
  ) {
    const offset = records.getUint32(at, true);
    const captured = records.getUint32(at + 4, true);
    const tagProtocol = records.getUint16(at + 30, true);
    const hardware = records.getUint16(at + 26, true);
    this.ifindex = records.getInt32(at + 12, true);
    this.dev = nameOf(this.ifindex) ?? this.ifindex;
    this.time = records.getBigInt64(at + 16, true);
    this.type = TYPES[records.getUint16(at + 24, true)] ?? 'otherHost';
    this.start = hardware === ARPHRD_ETHER || hardware === ARPHRD_LOOPBACK ? 'ethernet' : 'ip';
    this.originalLength = records.getUint32(at + 8, true);
    const bytes = buffer.subarray(offset, offset + captured);
    if (tagProtocol !== 0 && captured >= TAG_AT && this.start === 'ethernet') {
      this.bytes = withTag(bytes, tagProtocol, records.getUint16(at + 28, true));
      this.originalLength += 4;
    } else {
      this.bytes = bytes.slice();
    }
  }

  /** Whether the link sent it or got it. */
  get direction(): 'in' | 'out' {
    return this.type === 'outgoing' ? 'out' : 'in';
  }

  /** Its headers, read when first asked for. */
  get frame(): Frame {
    this.#frame ??= decodeFrame(this.bytes, this.start);
    return this.#frame;
  }

  /** One line, as tcpdump words it; with `link`, the Ethernet header first. */
  summary(options?: { link?: boolean }): string {
    return summarizeFrame(this.frame, options);
  }

  /** `veth0 in  ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28` */
  toString(): string {
    return `${this.dev} ${this.direction.padEnd(3)} ${this.summary()}`;
  }
}

function withTag(bytes: Uint8Array, protocol: number, tag: number): Uint8Array {
  const tagged = new Uint8Array(bytes.length + 4);
  tagged.set(bytes.subarray(0, TAG_AT));
  const view = new DataView(tagged.buffer);
  view.setUint16(TAG_AT, protocol);
  view.setUint16(TAG_AT + 2, tag);
  tagged.set(bytes.subarray(TAG_AT), TAG_AT + 4);
  return tagged;
}
