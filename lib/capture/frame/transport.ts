import type { Content } from './ip.ts';

export interface UdpHeader {
  sourcePort: number;
  destinationPort: number;
  /** Bytes of header and content, as the header says. */
  length: number;
}

export type TcpFlag = 'fin' | 'syn' | 'rst' | 'psh' | 'ack' | 'urg' | 'ece' | 'cwr';

/** One TCP option; `text` is the way `tcpdump` writes it. */
export interface TcpOption {
  kind: number;
  text: string;
}

export interface TcpHeader {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  flags: Record<TcpFlag, boolean>;
  /** Bytes of the header, options included. */
  headerLength: number;
  /** Not scaled. */
  window: number;
  urgent: number;
  options: TcpOption[];
}

const FLAGS: readonly [TcpFlag, string][] = [
  ['fin', 'F'],
  ['syn', 'S'],
  ['rst', 'R'],
  ['psh', 'P'],
  ['ack', '.'],
  ['urg', 'U'],
  ['ece', 'E'],
  ['cwr', 'W'],
];
const FLAG_BITS: Record<TcpFlag, number> = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
};

export function readUdp(view: DataView, from: number, end: number): Content<UdpHeader> | undefined {
  if (view.byteLength < from + 8) return undefined;
  const length = view.getUint16(from + 4);
  const header = {
    sourcePort: view.getUint16(from),
    destinationPort: view.getUint16(from + 2),
    length,
  };
  return { header, next: from + 8, end: length < 8 ? end : Math.min(end, from + length) };
}

export function udpSummary(udp: UdpHeader): string {
  return `UDP, length ${Math.max(0, udp.length - 8)}`;
}

export function readTcp(view: DataView, from: number, end: number): Content<TcpHeader> | undefined {
  if (view.byteLength < from + 20) return undefined;
  const headerLength = (view.getUint8(from + 12) >> 4) * 4;
  if (headerLength < 20) return undefined;
  const bits = view.getUint8(from + 13);
  const flags = {
    fin: false,
    syn: false,
    rst: false,
    psh: false,
    ack: false,
    urg: false,
    ece: false,
    cwr: false,
  };
  for (const [name] of FLAGS) flags[name] = (bits & FLAG_BITS[name]) !== 0;
  const next = from + headerLength;
  const header: TcpHeader = {
    sourcePort: view.getUint16(from),
    destinationPort: view.getUint16(from + 2),
    sequence: view.getUint32(from + 4),
    acknowledgment: view.getUint32(from + 8),
    flags,
    headerLength,
    window: view.getUint16(from + 14),
    urgent: view.getUint16(from + 18),
    options: readOptions(view, from + 20, Math.min(next, view.byteLength, end)),
  };
  return { header, next, end };
}

function readOptions(view: DataView, from: number, to: number): TcpOption[] {
  const options: TcpOption[] = [];
  let at = from;
  while (at < to) {
    const kind = view.getUint8(at);
    if (kind === 0 || kind === 1) {
      options.push({ kind, text: kind === 0 ? 'eol' : 'nop' });
      if (kind === 0) break;
      at += 1;
      continue;
    }
    const length = at + 1 < to ? view.getUint8(at + 1) : 0;
    // A length of 0 would never advance: what follows can't be read.
    if (length < 2 || at + length > to) break;
    options.push({ kind, text: optionText(view, at, kind, length) });
    at += length;
  }
  return options;
}

function optionText(view: DataView, at: number, kind: number, length: number): string {
  if (kind === 2 && length === 4) return `mss ${view.getUint16(at + 2)}`;
  if (kind === 3 && length === 3) return `wscale ${view.getUint8(at + 2)}`;
  if (kind === 4 && length === 2) return 'sackOK';
  if (kind === 5 && length > 2 && (length - 2) % 8 === 0) {
    let text = `sack ${(length - 2) / 8} `;
    for (let edge = at + 2; edge < at + length; edge += 8) {
      text += `{${view.getUint32(edge)}:${view.getUint32(edge + 4)}}`;
    }
    return text;
  }
  if (kind === 8 && length === 10) {
    return `TS val ${view.getUint32(at + 2)} ecr ${view.getUint32(at + 6)}`;
  }
  return `unknown-${kind}`;
}

/** As `tcpdump -nS` words it: absolute sequence numbers. */
export function tcpSummary(tcp: TcpHeader, length: number): string {
  const letters = FLAGS.map(([name, letter]) => (tcp.flags[name] ? letter : '')).join('');
  let text = `Flags [${letters || 'none'}]`;
  const { sequence, flags } = tcp;
  if (length > 0) text += `, seq ${sequence}:${(sequence + length) % 2 ** 32}`;
  else if (flags.syn || flags.fin || flags.rst) text += `, seq ${sequence}`;
  if (flags.ack) text += `, ack ${tcp.acknowledgment}`;
  text += `, win ${tcp.window}`;
  if (flags.urg) text += `, urg ${tcp.urgent}`;
  if (tcp.options.length > 0) text += `, options [${tcp.options.map((o) => o.text).join(',')}]`;
  return `${text}, length ${length}`;
}
