import { attributeLength, readIpv4, readIpv6, readMac, readText } from '../../wire/codecs.ts';
import { DecodeError } from '../../wire/errors.ts';
import type { UnknownAttribute } from '../../wire/schema.ts';
import { NLA_HEADER, NLA_TYPE_MASK } from '../../wire/writer.ts';
import {
  ADDR_GEN_MODES,
  type AddrGenMode,
  ARPHRD_IP6GRE,
  ARPHRD_IPGRE,
  ARPHRD_SIT,
  ARPHRD_TUNNEL,
  ARPHRD_TUNNEL6,
  HARDWARE_TYPES,
  type HardwareType,
  IFF_ALLMULTI,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_PROMISC,
  IFF_UP,
  LINK_MODES,
  OPER_STATES,
  type OperState,
} from './constants.ts';
import { flagNames } from './flags.ts';
import { readLinkInfo } from './info.ts';
import { addRare } from './rare.ts';
import { linkTable } from './schema.ts';
import { stats32, stats64 } from './statistics.ts';
import type { Link } from './types.ts';

/** Names by number, for a lookup by array index. */
function byNumber<K extends string>(names: Record<K, number>): (K | undefined)[] {
  const list: (K | undefined)[] = [];
  for (const name in names) list[names[name]] = name;
  return list;
}
const operStates = byNumber<OperState>(OPER_STATES);
const linkModes = byNumber(LINK_MODES);
const addrGenModes = byNumber<AddrGenMode>(ADDR_GEN_MODES);
const hardwareTypes = new Map<number, HardwareType>(
  Object.entries(HARDWARE_TYPES).map(([name, number]) => [number, name as HardwareType]),
);

const IFINFOMSG = 16;
/** One more than the highest number there is a name for. */
const KNOWN = 70;
/** Where each attribute's payload begins (0: it is not there) and how long it is. */
const places = new Int32Array(KNOWN);
const lengths = new Int32Array(KNOWN);

/**
 * A link from RTM_NEWLINK or RTM_DELLINK; `from` is the message's body. Written out attribute by
 * attribute where the table would do, since lists of thousands of links go through here: one object
 * literal has one shape, and every read is of a known kind.
 */
export function readLink(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  statistics = false,
): Link {
  try {
    const link = read(bytes, view, from, to);
    // The kernel sends them whether asked or not.
    if (statistics) readStatistics(bytes, view, link);
    return link;
  } catch (error) {
    if (error instanceof DecodeError) {
      error.locate(linkTable.pathOf(bytes, view, from + IFINFOMSG, to, error.offset) ?? 'link');
    }
    throw error;
  }
}

function read(bytes: Uint8Array, view: DataView, from: number, to: number): Link {
  if (from + IFINFOMSG > to) throw new DecodeError('no room for struct ifinfomsg', from);
  const unknown = find(bytes, view, from + IFINFOMSG, to);
  const type = view.getUint16(from + 2, true);
  const flags = view.getUint32(from + 8, true);
  const name = places[3];
  const operState = u8(bytes, 16);
  const linkMode = u8(bytes, 17);
  const link: Link = {
    index: view.getInt32(from + 4, true),
    name: name === 0 ? '' : readText(bytes, name, lengths[3]),
    kind: undefined,
    type: hardwareTypes.get(type) ?? type,
    flags: flagNames(flags),
    up: (flags & IFF_UP) !== 0,
    lowerUp: (flags & IFF_LOWER_UP) !== 0,
    promisc: (flags & IFF_PROMISC) !== 0,
    allMulticast: (flags & IFF_ALLMULTI) !== 0,
    arp: (flags & IFF_NOARP) === 0,
    multicast: (flags & IFF_MULTICAST) !== 0,
    mtu: u32(view, 4),
    minMtu: u32(view, 50),
    maxMtu: u32(view, 51),
    address: hardwareAddress(bytes, view, 1, type),
    broadcast: hardwareAddress(bytes, view, 2, type),
    operState: operStates[operState] ?? operState,
    linkMode: linkModes[linkMode] ?? linkMode,
    carrier: u8(bytes, 33) !== 0,
    carrierChanges: u32(view, 35),
    group: u32(view, 27),
    qdisc: places[6] === 0 ? '' : readText(bytes, places[6], lengths[6]),
    txQueueLen: u32(view, 13),
    numTxQueues: u32(view, 31),
    numRxQueues: u32(view, 32),
    promiscuity: u32(view, 30),
    allMultiCount: u32(view, 61),
    gsoMaxSize: u32(view, 41),
    gsoMaxSegs: u32(view, 40),
    protoDown: u8(bytes, 39) !== 0,
    addrGenMode: undefined,
    carrierUpCount: u32(view, 47),
    carrierDownCount: u32(view, 48),
    groMaxSize: known(view, 58),
    tsoMaxSize: known(view, 59),
    tsoMaxSegs: known(view, 60),
    gsoIpv4MaxSize: known(view, 63),
    groIpv4MaxSize: known(view, 64),
  };
  if (places[5] !== 0) link.link = u32(view, 5);
  if (places[37] !== 0) link.linkNetnsId = u32(view, 37) | 0;
  if (places[10] !== 0) link.master = u32(view, 10);
  if (places[26] !== 0) readAfSpec(bytes, view, places[26], lengths[26], link);
  if (places[18] !== 0) readLinkInfo(bytes, view, places[18], lengths[18], link);
  addRare(bytes, view, places, lengths, link);
  if (unknown !== undefined) link.unknown = unknown;
  return link;
}

function readStatistics(bytes: Uint8Array, view: DataView, link: Link): void {
  if (places[23] !== 0) link.statistics = stats64.read(bytes, view, places[23], lengths[23]);
  else if (places[7] !== 0) link.statistics = stats32.read(bytes, view, places[7], lengths[7]);
}

/** Notes where each attribute is; those without a name are kept. */
function find(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
): UnknownAttribute[] | undefined {
  places.fill(0);
  let unknown: UnknownAttribute[] | undefined;
  let at = from;
  while (at + NLA_HEADER <= to) {
    const size = attributeLength(view, at, to);
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    if (type < KNOWN) {
      places[type] = at + NLA_HEADER;
      lengths[type] = size - NLA_HEADER;
    } else {
      unknown ??= [];
      unknown.push({ type, bytes: bytes.slice(at + NLA_HEADER, at + size) });
    }
    at += (size + 3) & ~3;
  }
  return unknown;
}

function u32(view: DataView, number: number): number {
  const at = places[number];
  if (at === 0) return 0;
  if (lengths[number] < 4)
    throw new DecodeError(`u32 needs 4 bytes, there are ${lengths[number]}`, at);
  return view.getUint32(at, true);
}

/** Undefined where the kernel is too old to tell. */
function known(view: DataView, number: number): number | undefined {
  return places[number] === 0 ? undefined : u32(view, number);
}

function u8(bytes: Uint8Array, number: number): number {
  const at = places[number];
  if (at === 0) return 0;
  if (lengths[number] < 1) throw new DecodeError('u8 needs a byte', at - 1);
  return bytes[at];
}

/** Tunnels over IP have IP addresses for hardware addresses. */
function hardwareAddress(
  bytes: Uint8Array,
  view: DataView,
  number: number,
  type: number,
): string | undefined {
  const at = places[number];
  if (at === 0) return undefined;
  const length = lengths[number];
  if (length === 4 && (type === ARPHRD_TUNNEL || type === ARPHRD_SIT || type === ARPHRD_IPGRE)) {
    return readIpv4(bytes, at);
  }
  if (length === 16 && (type === ARPHRD_TUNNEL6 || type === ARPHRD_IP6GRE))
    return readIpv6(view, bytes, at);
  return readMac(bytes, at, length);
}

const AF_INET6 = 10;
const IFLA_INET6_TOKEN = 7;
const IFLA_INET6_ADDR_GEN_MODE = 8;

/** Of the families' parts, the two settings that `ip -d` shows; the rest is sysctls. */
function readAfSpec(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  length: number,
  link: Link,
): void {
  const to = from + length;
  for (let at = from; at + NLA_HEADER <= to; ) {
    const size = attributeLength(view, at, to);
    if ((view.getUint16(at + 2, true) & NLA_TYPE_MASK) === AF_INET6) {
      readInet6(bytes, view, at + NLA_HEADER, at + size, link);
    }
    at += (size + 3) & ~3;
  }
}

function readInet6(bytes: Uint8Array, view: DataView, from: number, to: number, link: Link): void {
  for (let at = from; at + NLA_HEADER <= to; ) {
    const size = attributeLength(view, at, to);
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    if (type === IFLA_INET6_ADDR_GEN_MODE && size > NLA_HEADER) {
      const mode = bytes[at + NLA_HEADER];
      link.addrGenMode = addrGenModes[mode] ?? mode;
    } else if (
      type === IFLA_INET6_TOKEN &&
      size === NLA_HEADER + 16 &&
      !isZero(view, at + NLA_HEADER)
    ) {
      link.token = readIpv6(view, bytes, at + NLA_HEADER);
    }
    at += (size + 3) & ~3;
  }
}

const isZero = (view: DataView, at: number): boolean =>
  view.getUint32(at) === 0 &&
  view.getUint32(at + 4) === 0 &&
  view.getUint32(at + 8) === 0 &&
  view.getUint32(at + 12) === 0;
