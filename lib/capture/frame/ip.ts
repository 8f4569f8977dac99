import { ipv4Text, ipv6Text } from './text.ts';

export interface Ipv4Header {
  source: string;
  destination: string;
  /** IP protocol number: 1 ICMP, 6 TCP, 17 UDP. */
  protocol: number;
  /** Time to live, 0..255. */
  ttl: number;
  /** The TOS byte: DSCP and ECN. */
  tos: number;
  id: number;
  dontFragment: boolean;
  moreFragments: boolean;
  /** In bytes. */
  fragmentOffset: number;
  /** Bytes of the header, options included. */
  headerLength: number;
  /** Bytes of the whole packet, as its header says. */
  length: number;
}

export interface Ipv6Header {
  source: string;
  destination: string;
  /** The protocol behind all extension headers: 58 ICMPv6, 6 TCP, 17 UDP. */
  protocol: number;
  hopLimit: number;
  trafficClass: number;
  flowLabel: number;
  /** Bytes after the fixed header, as it says. */
  payloadLength: number;
  /** Bytes of those that lie behind the extension headers. */
  contentLength: number;
  /** Numbers of the extension headers that were passed over: 0 hop-by-hop, 43 routing, … */
  extensions: number[];
  /** Set when a fragment header was among them. In bytes. */
  fragmentOffset?: number;
  moreFragments?: boolean;
}

/** Where a header's content lies in the frame. `end` may lie past the captured bytes. */
export interface Content<H> {
  header: H;
  next: number;
  end: number;
}

export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_NONE = 59;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION = 60;
/** No sane packet has more; the bound keeps a crafted one from costing anything. */
const MAX_EXTENSIONS = 16;

export function readIpv4(view: DataView, from: number): Content<Ipv4Header> | undefined {
  if (view.byteLength < from + 20 || view.getUint8(from) >> 4 !== 4) return undefined;
  const headerLength = (view.getUint8(from) & 15) * 4;
  // Large receive offload hands up packets whose length field is 0: all that came belongs to it.
  const length = view.getUint16(from + 2) || view.byteLength - from;
  if (headerLength < 20 || length < headerLength || view.byteLength < from + headerLength) {
    return undefined;
  }
  const fragment = view.getUint16(from + 6);
  const header: Ipv4Header = {
    source: ipv4Text(view, from + 12),
    destination: ipv4Text(view, from + 16),
    protocol: view.getUint8(from + 9),
    ttl: view.getUint8(from + 8),
    tos: view.getUint8(from + 1),
    id: view.getUint16(from + 4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    headerLength,
    length,
  };
  return { header, next: from + headerLength, end: from + length };
}

export function readIpv6(view: DataView, from: number): Content<Ipv6Header> | undefined {
  if (view.byteLength < from + 40 || view.getUint8(from) >> 4 !== 6) return undefined;
  const payloadLength = view.getUint16(from + 4) || view.byteLength - from - 40;
  const header: Ipv6Header = {
    source: ipv6Text(view, from + 8),
    destination: ipv6Text(view, from + 24),
    protocol: view.getUint8(from + 6),
    hopLimit: view.getUint8(from + 7),
    trafficClass: (view.getUint16(from) >> 4) & 0xff,
    flowLabel: view.getUint32(from) & 0xfffff,
    payloadLength,
    contentLength: payloadLength,
    extensions: [],
  };
  let next = from + 40;
  while (header.extensions.length < MAX_EXTENSIONS) {
    const number = header.protocol;
    const variable = number === HOP_BY_HOP || number === ROUTING || number === DESTINATION;
    if (!variable && number !== FRAGMENT) break;
    if (view.byteLength < next + 8) return undefined;
    header.extensions.push(number);
    header.protocol = view.getUint8(next);
    if (number === FRAGMENT) {
      const fragment = view.getUint16(next + 2);
      header.fragmentOffset = fragment & 0xfff8;
      header.moreFragments = (fragment & 1) !== 0;
      next += 8;
      // Behind it lies a piece of the content, not a header.
      if (header.fragmentOffset > 0) break;
    } else {
      next += (view.getUint8(next + 1) + 1) * 8;
      if (next > view.byteLength) return undefined;
    }
  }
  const end = from + 40 + payloadLength;
  header.contentLength = Math.max(0, end - next);
  return { header, next, end };
}
