/**
 * The pcapng file format (draft-ietf-opsawg-pcapng), written: what Wireshark and tcpdump read.
 * Each function makes one block; blocks are simply concatenated.
 */

/** Link types as in the LINKTYPE registry. */
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;

const OPT_COMMENT = 1;
const SHB_OS = 3;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_MAC_ADDRESS = 6;
const IF_TSRESOL = 9;
const EPB_FLAGS = 2;
const EPB_DROPCOUNT = 4;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;

/** An option's value is at most this long: its length field has 16 bits. */
const MAX_OPTION = 65535;
const NANOSECONDS = 9;

export interface SectionInfo {
  comment?: string;
  /** The program that wrote the file. */
  application?: string;
  os?: string;
}

export interface InterfaceInfo {
  name?: string;
  description?: string;
  /** `02:00:00:00:00:01` */
  mac?: string;
  /** 1 Ethernet (default), 101 raw IP. */
  linkType?: number;
  /** Longest stored packet in bytes; 0 (default): no limit. */
  snapLength?: number;
}

export interface PacketInfo {
  /** Which interface block of the file, from 0. */
  interface: number;
  /** Nanoseconds since 1970. */
  time: bigint;
  bytes: Uint8Array;
  /** Bytes that it had on the wire; `bytes.length` by default. */
  originalLength?: number;
  direction?: 'in' | 'out';
  /** Packets lost since the one before. */
  dropped?: number;
  comment?: string;
}

export interface StatisticsInfo {
  interface: number;
  time: bigint;
  received?: bigint;
  dropped?: bigint;
}

type Option = [code: number, value: Uint8Array];

const encoder = new TextEncoder();

/** Begins a file, or a new section of one. */
export function sectionHeader(info: SectionInfo = {}): Uint8Array {
  const options: Option[] = [];
  pushText(options, OPT_COMMENT, info.comment);
  pushText(options, SHB_OS, info.os);
  pushText(options, SHB_USERAPPL, info.application);
  return block(SECTION_HEADER, 16, options, (view) => {
    view.setUint32(0, BYTE_ORDER_MAGIC, true);
    view.setUint16(4, 1, true);
    view.setUint16(6, 0, true);
    // The section's length is not known while it is written.
    view.setBigInt64(8, -1n, true);
  });
}

/** Describes one interface; packets name it by its place in the file, from 0. */
export function interfaceDescription(info: InterfaceInfo = {}): Uint8Array {
  const options: Option[] = [];
  pushText(options, IF_NAME, info.name);
  pushText(options, IF_DESCRIPTION, info.description);
  if (info.mac !== undefined) {
    options.push([IF_MAC_ADDRESS, Uint8Array.from(info.mac.split(':'), (b) => parseInt(b, 16))]);
  }
  options.push([IF_TSRESOL, Uint8Array.of(NANOSECONDS)]);
  return block(INTERFACE_DESCRIPTION, 8, options, (view) => {
    view.setUint16(0, info.linkType ?? LINKTYPE_ETHERNET, true);
    view.setUint32(4, info.snapLength ?? 0, true);
  });
}

/** One packet with its time. */
export function enhancedPacket(info: PacketInfo): Uint8Array {
  const options: Option[] = [];
  pushText(options, OPT_COMMENT, info.comment);
  if (info.direction) {
    options.push([EPB_FLAGS, Uint8Array.of(info.direction === 'in' ? 1 : 2, 0, 0, 0)]);
  }
  if (info.dropped) options.push([EPB_DROPCOUNT, u64(BigInt(info.dropped))]);
  const { bytes } = info;
  return block(ENHANCED_PACKET, 20 + padded(bytes.length), options, (view, body) => {
    view.setUint32(0, info.interface, true);
    view.setUint32(4, Number((info.time >> 32n) & 0xffffffffn), true);
    view.setUint32(8, Number(info.time & 0xffffffffn), true);
    view.setUint32(12, bytes.length, true);
    view.setUint32(16, info.originalLength ?? bytes.length, true);
    body.set(bytes, 20);
  });
}

/** How many packets an interface's capture saw and lost; usually last in the file. */
export function interfaceStatistics(info: StatisticsInfo): Uint8Array {
  const options: Option[] = [];
  if (info.received !== undefined) options.push([ISB_IFRECV, u64(info.received)]);
  if (info.dropped !== undefined) options.push([ISB_IFDROP, u64(info.dropped)]);
  return block(INTERFACE_STATISTICS, 12, options, (view) => {
    view.setUint32(0, info.interface, true);
    view.setUint32(4, Number((info.time >> 32n) & 0xffffffffn), true);
    view.setUint32(8, Number(info.time & 0xffffffffn), true);
  });
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function pushText(options: Option[], code: number, text: string | undefined): void {
  if (text === undefined) return;
  let bytes = encoder.encode(text);
  if (bytes.length > MAX_OPTION) {
    // Cut between characters: a reader must get valid UTF-8.
    let end = MAX_OPTION;
    while ((bytes[end] & 0xc0) === 0x80) end--;
    bytes = bytes.subarray(0, end);
  }
  options.push([code, bytes]);
}

function block(
  type: number,
  bodyLength: number,
  options: Option[],
  fill: (view: DataView, body: Uint8Array) => void,
): Uint8Array {
  let length = 12 + bodyLength;
  for (const [, value] of options) length += 4 + padded(value.length);
  if (options.length > 0) length += 4;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  fill(new DataView(bytes.buffer, 8, bodyLength), bytes.subarray(8, 8 + bodyLength));
  let at = 8 + bodyLength;
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // opt_endofopt is all zeros: what the buffer holds already.
  view.setUint32(length - 4, length, true);
  return bytes;
}
