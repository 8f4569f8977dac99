import { IPPROTO_TCP, IPPROTO_UDP, readIpv4 } from './ip.ts';
import { ipv4Text } from './text.ts';

export interface IcmpHeader {
  /** 0 echo reply, 3 unreachable, 5 redirect, 8 echo request, 11 time exceeded. */
  type: number;
  code: number;
  /** Of an echo. */
  id?: number;
  sequence?: number;
  /** Of "need to fragment" (3/4): the next hop's MTU. */
  mtu?: number;
  /** Of a redirect. */
  gateway?: string;
  /** The packet that an error is about, as far as the error quotes it. */
  about?: { source: string; destination: string; protocol: number; destinationPort?: number };
}

export const ECHO_REPLY = 0;
export const UNREACHABLE = 3;
export const REDIRECT = 5;
export const ECHO_REQUEST = 8;
export const TIME_EXCEEDED = 11;

export function readIcmp(view: DataView, from: number): IcmpHeader | undefined {
  if (view.byteLength < from + 8) return undefined;
  const type = view.getUint8(from);
  const icmp: IcmpHeader = { type, code: view.getUint8(from + 1) };
  if (type === ECHO_REPLY || type === ECHO_REQUEST) {
    icmp.id = view.getUint16(from + 4);
    icmp.sequence = view.getUint16(from + 6);
  } else if (type === UNREACHABLE || type === REDIRECT || type === TIME_EXCEEDED) {
    if (type === UNREACHABLE && icmp.code === 4) icmp.mtu = view.getUint16(from + 6);
    if (type === REDIRECT) icmp.gateway = ipv4Text(view, from + 4);
    const quoted = readIpv4(view, from + 8);
    if (quoted) {
      const { source, destination, protocol } = quoted.header;
      icmp.about = { source, destination, protocol };
      const ported = protocol === IPPROTO_TCP || protocol === IPPROTO_UDP;
      if (ported && view.byteLength >= quoted.next + 4) {
        icmp.about.destinationPort = view.getUint16(quoted.next + 2);
      }
    }
  }
  return icmp;
}

/** As `tcpdump -n` words it. */
export function icmpSummary(icmp: IcmpHeader, length: number): string {
  return `ICMP ${icmpText(icmp)}, length ${length}`;
}

function icmpText(icmp: IcmpHeader): string {
  switch (icmp.type) {
    case ECHO_REPLY:
      return `echo reply, id ${icmp.id}, seq ${icmp.sequence}`;
    case ECHO_REQUEST:
      return `echo request, id ${icmp.id}, seq ${icmp.sequence}`;
    case UNREACHABLE:
      return unreachableText(icmp);
    case REDIRECT:
      return `redirect ${icmp.about?.destination ?? '?'} to ${
        icmp.code === 0 ? 'net' : 'host'
      } ${icmp.gateway}`;
    case TIME_EXCEEDED:
      return icmp.code === 1 ? 'ip reassembly time exceeded' : 'time exceeded in-transit';
    default:
      return `type-#${icmp.type}`;
  }
}

function unreachableText(icmp: IcmpHeader): string {
  const about = icmp.about;
  const to = about?.destination ?? '?';
  switch (icmp.code) {
    case 0:
      return `net ${to} unreachable`;
    case 1:
      return `host ${to} unreachable`;
    case 2:
      return `${to} protocol ${about?.protocol ?? '?'} unreachable`;
    case 3: {
      const name =
        about?.protocol === IPPROTO_TCP ? 'tcp' : about?.protocol === IPPROTO_UDP ? 'udp' : '?';
      return `${to} ${name} port ${about?.destinationPort ?? '?'} unreachable`;
    }
    case 4:
      return `${to} unreachable - need to frag${icmp.mtu ? ` (mtu ${icmp.mtu})` : ''}`;
    case 9:
      return `net ${to} unreachable - admin prohibited`;
    case 10:
      return `host ${to} unreachable - admin prohibited`;
    case 13:
      return `host ${to} unreachable - admin prohibited filter`;
    default:
      return `${to} unreachable - #${icmp.code}`;
  }
}
