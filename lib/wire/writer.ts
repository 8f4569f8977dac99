import { outOfRange } from '../errors.ts';

/** NLA_F_NESTED of linux/netlink.h, set on attributes that hold attributes. */
export const NLA_F_NESTED = 0x8000;
/** NLA_F_NET_BYTEORDER of linux/netlink.h. */
export const NLA_F_NET_BYTEORDER = 0x4000;
export const NLA_TYPE_MASK = 0x3fff;
export const NLA_HEADER = 4;

/** What nla_len, 16 bits wide, can tell. */
export const MAX_ATTRIBUTE = 0xffff;

const utf8 = new TextEncoder();

/** What writes numbers that are known only right before sending. */
export interface LinkReferences {
  /** The index of a link that is told by name. */
  linkIndex(dev: string | number): void;
  /** The descriptor of a namespace. */
  netns(ref: NamespaceReference): void;
}

export type NamespaceReference =
  | string
  | { readonly fd: number }
  | { readonly pid: number }
  | { readonly slot: number };

/**
 * A growing buffer in the machine's byte order (little endian: every machine Node supports on Linux
 * but s390x, which this library does not). Reused from message to message.
 */
export class Writer {
  bytes: Uint8Array;
  view: DataView;
  length = 0;
  /** Set by the messages that are being written here; codecs of links ask it. */
  links: LinkReferences | undefined = undefined;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  reset(): void {
    this.length = 0;
  }

  /** Room for `size` more bytes. */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    let capacity = this.bytes.length * 2;
    while (capacity < needed) capacity *= 2;
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.length, value, true);
    this.length += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  s32(value: number): void {
    this.u32(value);
  }

  /** A number up to 2^53. */
  u64(value: number): void {
    this.reserve(8);
    this.view.setUint32(this.length, value, true);
    this.view.setUint32(this.length + 4, Math.floor(value / 0x1_0000_0000), true);
    this.length += 8;
  }

  u64big(value: bigint): void {
    this.reserve(8);
    this.view.setBigUint64(this.length, value, true);
    this.length += 8;
  }

  be16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.length, value, false);
    this.length += 2;
  }

  be32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value, false);
    this.length += 4;
  }

  zeros(count: number): void {
    this.reserve(count);
    // A loop: for the few bytes that headers and padding have, faster than a native fill.
    const end = this.length + count;
    for (let at = this.length; at < end; at++) this.bytes[at] = 0;
    this.length = end;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The text as UTF-8, and a NUL. */
  string(text: string): void {
    const size = text.length;
    this.reserve(size * 3 + 1);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < size; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        // Names are ASCII but for a few: only those pay for the encoder.
        at = this.length + utf8.encodeInto(text, bytes.subarray(this.length)).written;
        break;
      }
      bytes[at++] = unit;
    }
    bytes[at] = 0;
    this.length = at + 1;
  }

  /** Zeros up to the next multiple of four. */
  align(): void {
    if ((this.length & 3) !== 0) this.zeros(4 - (this.length & 3));
  }

  /** Writes an attribute's header; returns its place, for `end`. */
  begin(type: number): number {
    const start = this.length;
    this.reserve(NLA_HEADER);
    this.view.setUint32(start, type << 16, true);
    this.length = start + NLA_HEADER;
    return start;
  }

  /** Sets the length of the attribute begun at `start`. One over 65,535 bytes is a RangeError. */
  end(start: number): void {
    const size = this.length - start;
    if (size > MAX_ATTRIBUTE) throw outOfRange('attribute', size, 'of at most 65535 bytes');
    this.view.setUint16(start, size, true);
    this.align();
  }

  patch16(at: number, value: number): void {
    this.view.setUint16(at, value, true);
  }

  patch32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }
}
