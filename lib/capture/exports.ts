export { Capture, type CaptureOptions, type CaptureStatistics, capture } from './capture.ts';
export { type PacketSource, toPcapng } from './file.ts';
export {
  type ArpHeader,
  type BpduHeader,
  decodeFrame,
  type EthernetHeader,
  type Frame,
  type FrameStart,
  type IcmpHeader,
  type Icmpv6Header,
  type Ipv4Header,
  type Ipv6Header,
  summarizeFrame,
  type TcpFlag,
  type TcpHeader,
  type TcpOption,
  type UdpHeader,
  type VlanTag,
} from './frame.ts';
export { Packet, type PacketType } from './packet.ts';
export {
  enhancedPacket,
  type InterfaceInfo,
  interfaceDescription,
  interfaceStatistics,
  type PacketInfo,
  type SectionInfo,
  type StatisticsInfo,
  sectionHeader,
} from './pcapng.ts';
