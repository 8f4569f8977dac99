import { ETH_P_IP } from './ethernet.ts';
import { ipv4Text, macText } from './text.ts';

/** ARP for IPv4 over Ethernet, the only one that Linux bridges and veths carry. */
export interface ArpHeader {
  operation: 'request' | 'reply' | number;
  senderMac: string;
  senderAddress: string;
  /** All zeros in a request. */
  targetMac: string;
  targetAddress: string;
}

const ARPHRD_ETHER = 1;

export function readArp(view: DataView, from: number): ArpHeader | undefined {
  if (view.byteLength < from + 28) return undefined;
  if (view.getUint16(from) !== ARPHRD_ETHER || view.getUint16(from + 2) !== ETH_P_IP) {
    return undefined;
  }
  if (view.getUint8(from + 4) !== 6 || view.getUint8(from + 5) !== 4) return undefined;
  const operation = view.getUint16(from + 6);
  return {
    operation: operation === 1 ? 'request' : operation === 2 ? 'reply' : operation,
    senderMac: macText(view, from + 8),
    senderAddress: ipv4Text(view, from + 14),
    targetMac: macText(view, from + 18),
    targetAddress: ipv4Text(view, from + 24),
  };
}

/** As `tcpdump -n` words it, without the leading `ARP, `. */
export function arpSummary(arp: ArpHeader, length: number): string {
  const { operation } = arp;
  if (operation === 'reply') {
    return `Reply ${arp.senderAddress} is-at ${arp.senderMac}, length ${length}`;
  }
  if (operation !== 'request') return `Unknown (${operation})`;
  const known = arp.targetMac === '00:00:00:00:00:00' ? '' : ` (${arp.targetMac})`;
  return `Request who-has ${arp.targetAddress}${known} tell ${arp.senderAddress}, length ${length}`;
}
