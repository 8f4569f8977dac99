import { macText } from './text.ts';

/** One VLAN tag of a frame, outermost first. */
export interface VlanTag {
  /** The tag's own EtherType: 0x8100 (802.1Q) or 0x88a8 (802.1ad). */
  protocol: number;
  /** 0..4095 */
  id: number;
  /** Priority code point, 0..7. */
  priority: number;
  /** Drop eligible. */
  dropEligible: boolean;
}

export interface EthernetHeader {
  source: string;
  destination: string;
  /** EtherType of what follows the tags; under 0x600 it is the length of an 802.3 frame. */
  type: number;
  /** VLAN tags found in the bytes; none that the kernel took out before the capture. */
  vlans: VlanTag[];
}

/** Spanning tree's bridge protocol data unit, as far as a bridge's reader wants it. */
export interface BpduHeader {
  version: number;
  kind: 'config' | 'topologyChange' | 'rapid';
  /** `8000.02:00:00:00:00:01`, the root that the sender believes in. */
  root?: string;
  /** The sender and its port: `8000.02:00:00:00:00:01.8001`. */
  bridge?: string;
  /** The sender's cost to the root. */
  rootPathCost?: number;
}

export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_8021Q = 0x8100;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_8021AD = 0x88a8;
/** Smallest EtherType; below it the field is a length (802.3). */
export const ETH_P_802_3_MIN = 0x0600;

/** Bytes of the header with its tags, or undefined when the frame ends before it. */
export function readEthernet(view: DataView): { header: EthernetHeader; next: number } | undefined {
  if (view.byteLength < 14) return undefined;
  const vlans: VlanTag[] = [];
  let next = 14;
  let type = view.getUint16(12);
  while (type === ETH_P_8021Q || type === ETH_P_8021AD) {
    if (view.byteLength < next + 4) return undefined;
    const tag = view.getUint16(next);
    vlans.push({
      protocol: type,
      id: tag & 0xfff,
      priority: tag >> 13,
      dropEligible: (tag & 0x1000) !== 0,
    });
    type = view.getUint16(next + 2);
    next += 4;
  }
  return {
    header: { source: macText(view, 6), destination: macText(view, 0), type, vlans },
    next,
  };
}

/** An 802.3 frame's LLC header and, behind 0x42/0x42, spanning tree's message. */
export function readBpdu(view: DataView, from: number): BpduHeader | undefined {
  if (view.byteLength < from + 7 || view.getUint16(from) !== 0x4242) return undefined;
  if (view.getUint8(from + 2) !== 3 || view.getUint16(from + 3) !== 0) return undefined;
  const version = view.getUint8(from + 5);
  const type = view.getUint8(from + 6);
  if (type === 0x80) return { version, kind: 'topologyChange' };
  if (type !== 0 && type !== 2) return undefined;
  const kind = type === 0 ? 'config' : 'rapid';
  if (view.byteLength < from + 28) return { version, kind };
  const id = (at: number) =>
    `${view.getUint16(at).toString(16).padStart(4, '0')}.${macText(view, at + 2)}`;
  const port = view.byteLength < from + 30 ? undefined : view.getUint16(from + 28);
  return {
    version,
    kind,
    root: id(from + 8),
    rootPathCost: view.getUint32(from + 16),
    bridge: id(from + 20) + (port === undefined ? '' : `.${port.toString(16).padStart(4, '0')}`),
  };
}
