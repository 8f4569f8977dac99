import { type ArpHeader, arpSummary, readArp } from './frame/arp.ts';
import {
  type BpduHeader,
  ETH_P_802_3_MIN,
  ETH_P_ARP,
  ETH_P_IP,
  ETH_P_IPV6,
  type EthernetHeader,
  readBpdu,
  readEthernet,
} from './frame/ethernet.ts';
import { type IcmpHeader, icmpSummary, readIcmp } from './frame/icmp.ts';
import { type Icmpv6Header, icmpv6Summary, readIcmpv6 } from './frame/icmpv6.ts';
import {
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_NONE,
  IPPROTO_TCP,
  IPPROTO_UDP,
  type Ipv4Header,
  type Ipv6Header,
  readIpv4,
  readIpv6,
} from './frame/ip.ts';
import {
  readTcp,
  readUdp,
  type TcpHeader,
  tcpSummary,
  type UdpHeader,
  udpSummary,
} from './frame/transport.ts';

export type { ArpHeader } from './frame/arp.ts';
export type { BpduHeader, EthernetHeader, VlanTag } from './frame/ethernet.ts';
export type { IcmpHeader } from './frame/icmp.ts';
export type { Icmpv6Header } from './frame/icmpv6.ts';
export type { Ipv4Header, Ipv6Header } from './frame/ip.ts';
export type { TcpFlag, TcpHeader, TcpOption, UdpHeader } from './frame/transport.ts';

/** What a frame's bytes begin with: an Ethernet header, or (tun devices) an IP header. */
export type FrameStart = 'ethernet' | 'ip';

/** A frame taken apart. Only the headers that it has are set. */
export interface Frame {
  ethernet?: EthernetHeader;
  /** Spanning tree. */
  bpdu?: BpduHeader;
  arp?: ArpHeader;
  ipv4?: Ipv4Header;
  ipv6?: Ipv6Header;
  icmp?: IcmpHeader;
  icmpv6?: Icmpv6Header;
  tcp?: TcpHeader;
  udp?: UdpHeader;
  /** What the innermost header that was understood carries, without Ethernet padding; not copied. */
  payload: Uint8Array;
  /** Bytes given. */
  length: number;
  /** A header, or what a header promises, lies past the given bytes, or makes no sense. */
  truncated: boolean;
}

/**
 * Takes a frame apart: Ethernet with VLAN tags, spanning tree, ARP, IPv4, IPv6, ICMP, ICMPv6 with
 * neighbour discovery, TCP, UDP. Never throws: what can't be read is left out, and `truncated` set.
 */
export function decodeFrame(bytes: Uint8Array, start: FrameStart = 'ethernet'): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frame: Frame = { payload: bytes, length: bytes.length, truncated: false };
  const carry = (from: number, to: number): void => {
    frame.payload = bytes.subarray(Math.min(from, bytes.length), Math.max(from, to));
    if (to > bytes.length) frame.truncated = true;
  };
  let next = 0;
  let type: number;
  if (start === 'ethernet') {
    const ethernet = readEthernet(view);
    if (!ethernet) return cut(frame);
    frame.ethernet = ethernet.header;
    ({ next } = ethernet);
    type = ethernet.header.type;
  } else {
    if (bytes.length === 0) return cut(frame);
    type = bytes[0] >> 4 === 6 ? ETH_P_IPV6 : ETH_P_IP;
  }
  carry(next, type < ETH_P_802_3_MIN ? next + type : bytes.length);
  if (type === ETH_P_ARP) {
    frame.arp = readArp(view, next);
    if (!frame.arp) return cut(frame);
    carry(next + 28, next + 28);
  } else if (type === ETH_P_IP) {
    const ip = readIpv4(view, next);
    if (!ip) return cut(frame);
    frame.ipv4 = ip.header;
    carry(ip.next, ip.end);
    if (ip.header.fragmentOffset === 0) {
      readContent(frame, view, ip.header.protocol, ip.next, ip.end, carry);
    }
  } else if (type === ETH_P_IPV6) {
    const ip = readIpv6(view, next);
    if (!ip) return cut(frame);
    frame.ipv6 = ip.header;
    carry(ip.next, ip.end);
    if (!ip.header.fragmentOffset) {
      readContent(frame, view, ip.header.protocol, ip.next, ip.end, carry);
    }
  } else if (type < ETH_P_802_3_MIN) {
    frame.bpdu = readBpdu(view, next);
  }
  return frame;
}

function cut(frame: Frame): Frame {
  frame.truncated = true;
  return frame;
}

function readContent(
  frame: Frame,
  view: DataView,
  protocol: number,
  from: number,
  end: number,
  carry: (from: number, to: number) => void,
): void {
  if (protocol === IPPROTO_ICMP && frame.ipv4) {
    frame.icmp = readIcmp(view, from);
    if (frame.icmp) carry(from + 8, end);
    else frame.truncated = true;
  } else if (protocol === IPPROTO_ICMPV6 && frame.ipv6) {
    frame.icmpv6 = readIcmpv6(view, from, end);
    if (frame.icmpv6) carry(from + 8, end);
    else frame.truncated = true;
  } else if (protocol === IPPROTO_UDP) {
    const udp = readUdp(view, from, end);
    if (udp) {
      frame.udp = udp.header;
      carry(udp.next, udp.end);
    } else frame.truncated = true;
  } else if (protocol === IPPROTO_TCP) {
    const tcp = readTcp(view, from, end);
    if (tcp) {
      frame.tcp = tcp.header;
      carry(tcp.next, tcp.end);
    } else frame.truncated = true;
  }
}

/**
 * One line, worded as `tcpdump -nS` words it; with `link` as `tcpdump -neS`, Ethernet header first.
 * The line holds nothing of the frame's content, so it is safe to print.
 */
export function summarizeFrame(frame: Frame, options: { link?: boolean } = {}): string {
  const ethernet = frame.ethernet;
  const broken = frame.truncated ? ' [truncated]' : '';
  const [kind, text] = describe(frame);
  if (!options.link || !ethernet) {
    const tags = ethernet?.vlans.map((vlan) => `vlan ${vlan.id}, p ${vlan.priority}, `).join('');
    return `${tags ?? ''}${kind}${text}${broken}`;
  }
  let line = `${ethernet.source} > ${ethernet.destination}, `;
  if (ethernet.type < ETH_P_802_3_MIN && ethernet.vlans.length === 0) {
    return `${line}802.3, length ${ethernet.type}: ${kind}${text}${broken}`;
  }
  const types = [...ethernet.vlans.map((vlan) => vlan.protocol), ethernet.type];
  line += `ethertype ${typeName(types[0])}, length ${frame.length}: `;
  ethernet.vlans.forEach((vlan, i) => {
    const what = types[i + 1] < ETH_P_802_3_MIN ? '' : `ethertype ${typeName(types[i + 1])}, `;
    line += `vlan ${vlan.id}, p ${vlan.priority}${vlan.dropEligible ? ', DEI' : ''}, ${what}`;
  });
  return line + text + broken;
}

const TYPE_NAMES: Record<number, string> = {
  2048: 'IPv4',
  2054: 'ARP',
  33024: '802.1Q',
  34525: 'IPv6',
  34984: '802.1Q-QinQ',
};

function typeName(type: number): string {
  return `${TYPE_NAMES[type] ?? 'Unknown'} (0x${type.toString(16).padStart(4, '0')})`;
}

/** The protocol's own word, which `-e` leaves away, and the rest. */
function describe(frame: Frame): [kind: string, text: string] {
  const { arp, bpdu, ethernet, ipv4, ipv6 } = frame;
  if (arp) return ['ARP, ', arpSummary(arp, frame.length - headerLength(frame))];
  if (ipv4) {
    return ['IP ', between(frame, ipv4.source, ipv4.destination, ipv4.protocol)];
  }
  if (ipv6) {
    return ['IP6 ', between(frame, ipv6.source, ipv6.destination, ipv6.protocol)];
  }
  if (bpdu) {
    const version = bpdu.version === 0 ? '802.1d' : bpdu.version === 2 ? '802.1w' : bpdu.version;
    const kind = { config: 'Config', rapid: 'Rapid STP', topologyChange: 'Topology Change' }[
      bpdu.kind
    ];
    return ['STP ', `${version}, ${kind}${bpdu.bridge ? `, bridge-id ${bpdu.bridge}` : ''}`];
  }
  if (!ethernet) return ['', frame.length === 0 ? 'empty frame' : `length ${frame.length}`];
  if (ethernet.type < ETH_P_802_3_MIN) return ['', 'LLC'];
  return ['', `ethertype ${typeName(ethernet.type)}, length ${frame.payload.length}`];
}

function headerLength(frame: Frame): number {
  return frame.ethernet ? 14 + 4 * frame.ethernet.vlans.length : 0;
}

function between(frame: Frame, source: string, destination: string, protocol: number): string {
  const ports = frame.tcp ?? frame.udp;
  const from = ports ? `${source}.${ports.sourcePort}` : source;
  const to = ports ? `${destination}.${ports.destinationPort}` : destination;
  const hopByHop = frame.ipv6?.extensions.includes(0) ? ' HBH' : '';
  return `${from} > ${to}:${hopByHop} ${content(frame, protocol)}`;
}

function content(frame: Frame, protocol: number): string {
  const { icmp, icmpv6, ipv4, ipv6, tcp, udp } = frame;
  // By the headers' word, not by what was captured: a snap length must not change the line.
  const promised = ipv4 ? ipv4.length - ipv4.headerLength : (ipv6?.contentLength ?? 0);
  if (tcp) return tcpSummary(tcp, Math.max(0, promised - tcp.headerLength));
  if (udp) return udpSummary(udp);
  if (icmp) return icmpSummary(icmp, promised);
  if (icmpv6) return icmpv6Summary(icmpv6, promised);
  if (ipv4?.fragmentOffset) return `ip-proto-${protocol}`;
  if (ipv6 && ipv6.fragmentOffset !== undefined) {
    return `frag (${ipv6.fragmentOffset}|${promised})`;
  }
  if (protocol === IPPROTO_NONE) return 'no next header';
  return `ip-proto-${protocol} ${promised}`;
}
