import { IPPROTO_TCP, IPPROTO_UDP, readIpv6 } from './ip.ts';
import { ipv6Text, macText } from './text.ts';

export interface Icmpv6Header {
  /** 1 unreachable, 128 echo request, 133..137 neighbour discovery, 143 MLDv2 report. */
  type: number;
  code: number;
  /** Of an echo. */
  id?: number;
  sequence?: number;
  /** Of "packet too big". */
  mtu?: number;
  /** Of a neighbour solicitation, advertisement or redirect: whom it is about. */
  target?: string;
  /** Of a redirect: where its packets really go. */
  destination?: string;
  /** Flags of a neighbour advertisement. */
  router?: boolean;
  solicited?: boolean;
  override?: boolean;
  /** Neighbour discovery's options: the MAC of the sender, or of the target. */
  sourceLinkAddress?: string;
  targetLinkAddress?: string;
  /** Of an MLDv2 report: how many group records. */
  records?: number;
  /** The packet that an error is about. */
  about?: { source: string; destination: string; protocol: number; destinationPort?: number };
}

export const ECHO_REQUEST_V6 = 128;
export const ECHO_REPLY_V6 = 129;
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const NEIGHBOUR_SOLICITATION = 135;
export const NEIGHBOUR_ADVERTISEMENT = 136;
export const REDIRECT_V6 = 137;
const MLD_V2_REPORT = 143;

const NAMES: Record<number, string> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded in-transit',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  130: 'multicast listener query',
  131: 'multicast listener report',
  132: 'multicast listener done',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  137: 'redirect',
  143: 'multicast listener report v2',
};

const UNREACHABLE_CODES = [
  'unreachable route',
  'unreachable prohibited',
  'beyond scope',
  'unreachable address',
  'unreachable port',
];

/** Bytes before the options, by type. */
const FIXED: Record<number, number> = {
  [ROUTER_SOLICITATION]: 8,
  [ROUTER_ADVERTISEMENT]: 16,
  [NEIGHBOUR_SOLICITATION]: 24,
  [NEIGHBOUR_ADVERTISEMENT]: 24,
  [REDIRECT_V6]: 40,
};

export function readIcmpv6(view: DataView, from: number, end: number): Icmpv6Header | undefined {
  const to = Math.min(end, view.byteLength);
  if (to < from + 8) return undefined;
  const type = view.getUint8(from);
  const icmp: Icmpv6Header = { type, code: view.getUint8(from + 1) };
  if (type === ECHO_REQUEST_V6 || type === ECHO_REPLY_V6) {
    icmp.id = view.getUint16(from + 4);
    icmp.sequence = view.getUint16(from + 6);
  } else if (type === MLD_V2_REPORT) {
    icmp.records = view.getUint16(from + 6);
  } else if (type < 128) {
    if (type === 2) icmp.mtu = view.getUint32(from + 4);
    readQuoted(view, from + 8, icmp);
  }
  const fixed = FIXED[type];
  if (fixed === undefined) return icmp;
  if (to < from + fixed) return undefined;
  if (fixed >= 24) icmp.target = ipv6Text(view, from + 8);
  if (type === REDIRECT_V6) icmp.destination = ipv6Text(view, from + 24);
  if (type === NEIGHBOUR_ADVERTISEMENT) {
    const flags = view.getUint8(from + 4);
    icmp.router = (flags & 0x80) !== 0;
    icmp.solicited = (flags & 0x40) !== 0;
    icmp.override = (flags & 0x20) !== 0;
  }
  readOptions(view, from + fixed, to, icmp);
  return icmp;
}

function readOptions(view: DataView, from: number, to: number, icmp: Icmpv6Header): void {
  let at = from;
  while (at + 8 <= to) {
    const kind = view.getUint8(at);
    const length = view.getUint8(at + 1) * 8;
    // RFC 4861: a packet with an option of length 0 must be thrown away; it would never advance.
    if (length === 0) return;
    if (kind === 1) icmp.sourceLinkAddress = macText(view, at + 2);
    if (kind === 2) icmp.targetLinkAddress = macText(view, at + 2);
    at += length;
  }
}

function readQuoted(view: DataView, from: number, icmp: Icmpv6Header): void {
  const quoted = readIpv6(view, from);
  if (!quoted) return;
  const { source, destination, protocol } = quoted.header;
  icmp.about = { source, destination, protocol };
  const ported = protocol === IPPROTO_TCP || protocol === IPPROTO_UDP;
  if (ported && view.byteLength >= quoted.next + 4) {
    icmp.about.destinationPort = view.getUint16(quoted.next + 2);
  }
}

/** As `tcpdump -n` words it. */
export function icmpv6Summary(icmp: Icmpv6Header, length: number): string {
  const name = NAMES[icmp.type] ?? `type-#${icmp.type}`;
  return `ICMP6, ${name}${detail(icmp)}, length ${length}`;
}

function detail(icmp: Icmpv6Header): string {
  switch (icmp.type) {
    case 1: {
      const what = UNREACHABLE_CODES[icmp.code] ?? `unknown unreach code (${icmp.code})`;
      const to = icmp.about?.destination ?? '?';
      if (icmp.code !== 4) return `, ${what} ${to}`;
      const name = icmp.about?.protocol === IPPROTO_TCP ? 'tcp' : 'udp';
      return `, ${what}, ${to} ${name} port ${icmp.about?.destinationPort ?? '?'}`;
    }
    case 2:
      return `, mtu ${icmp.mtu}`;
    case 3:
      return ` for ${icmp.about?.destination ?? '?'}`;
    case ECHO_REQUEST_V6:
    case ECHO_REPLY_V6:
      return `, id ${icmp.id}, seq ${icmp.sequence}`;
    case NEIGHBOUR_SOLICITATION:
      return `, who has ${icmp.target}`;
    case NEIGHBOUR_ADVERTISEMENT:
      return `, tgt is ${icmp.target}`;
    case REDIRECT_V6:
      return `, ${icmp.destination} to ${icmp.target}`;
    case MLD_V2_REPORT:
      return `, ${icmp.records} group record(s)`;
    default:
      return '';
  }
}
