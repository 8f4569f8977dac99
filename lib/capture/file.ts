import type { Packet } from './packet.ts';
import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
  type SectionInfo,
  sectionHeader,
} from './pcapng.ts';

/** Where packets come from: a capture, which also counts, or anything that yields packets. */
export type PacketSource = AsyncIterable<Packet> & {
  statistics?(): { received: number; dropped: number };
};

/**
 * The packets as a pcapng file, for Wireshark and tcpdump, in pieces:
 * `await pipeline(toPcapng(packets), createWriteStream('x.pcapng'))`. Links are described when
 * their first packet comes; a capture's counts of received and lost packets stand at the end.
 */
export async function* toPcapng(
  packets: PacketSource,
  info: SectionInfo = {},
): AsyncGenerator<Uint8Array, void, void> {
  yield sectionHeader({ application: 'node-netns', ...info });
  const numbers = new Map<number, number>();
  let last = 0n;
  for await (const packet of packets) {
    let number = numbers.get(packet.ifindex);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(packet.ifindex, number);
      yield interfaceDescription({
        name: String(packet.dev),
        linkType: packet.start === 'ethernet' ? LINKTYPE_ETHERNET : LINKTYPE_RAW,
      });
    }
    last = packet.time;
    yield enhancedPacket({
      interface: number,
      time: packet.time,
      bytes: packet.bytes,
      originalLength: packet.originalLength,
      direction: packet.direction,
    });
  }
  const counts = packets.statistics?.();
  // The kernel counts for all links of a capture together: told where it is not misleading.
  if (counts === undefined || numbers.size !== 1) return;
  yield interfaceStatistics({
    interface: 0,
    time: last,
    received: BigInt(counts.received),
    dropped: BigInt(counts.dropped),
  });
}
