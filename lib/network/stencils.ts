import type { Hole } from '../netlink/stencil.ts';
import { Stencil } from '../netlink/stencil.ts';
import { pathOf } from '../netns/names.ts';
import { runDirIsMade } from '../netns/run-dir.ts';
import type { Attachment } from './attachment.ts';
import { ipText, ipv4Number, parseIp } from './ip.ts';
import type { Seat } from './layout.ts';
import { hostMac } from './mac.ts';
import type { PublishedPort } from './ports.ts';
import { type SequenceOf, writeSequence } from './sequence.ts';

/** So many shapes of attachments are kept: of names and addresses, as long as they differ. */
const KEPT = 64;
/** The six bytes of '02:4e:0a:58:00:02'. */
const writeMac = (into: Buffer, mac: string): number =>
  into.writeUIntBE(Number.parseInt(mac.replaceAll(':', ''), 16), 0, 6);

/** What one attachment has that another of the same shape has not. */
const HOLES: readonly Hole<Attachment>[] = [
  (into, { seat }) => into.writeUInt32LE(seat.hostIndex),
  (into, { seat }) => writeMac(into, seat.mac),
  (into, { seat }) => writeMac(into, hostMac(seat.mac)),
  (into, { seat }) => into.write(seat.hostLink, 'latin1'),
  (into, { seat }) => into.write(seat.alias ?? '', 'latin1'),
  (into, { name }) => (name === undefined ? 0 : into.write(pathOf(name), 'latin1')),
  (into, { seat }) => {
    const { ipv4 } = seat.assigned;
    return ipv4 === undefined ? 0 : into.writeUInt32BE(ipv4Number(ipv4));
  },
  (into, { seat }) => {
    const { ipv6 } = seat.assigned;
    if (ipv6 === undefined) return 0;
    const { value } = parseIp(ipv6);
    into.writeBigUInt64BE(value >> 64n);
    return into.writeBigUInt64BE(value & 0xffff_ffff_ffff_ffffn, 8);
  },
  (into, { kept }) => (kept === undefined ? 0 : into.writeInt32LE(kept.fd)),
  (into, { kept }) => (kept === undefined ? 0 : into.writeInt32LE(kept.socket)),
  (into, { kept }) => (kept === undefined ? 0 : writeMac(into, kept.mac)),
  (into, { ports }) => (ports.length === 0 ? 0 : into.writeUInt16BE(ports[0].hostPort)),
  (into, { ports }) => (ports.length === 0 ? 0 : into.writeUInt16BE(ports[0].port)),
  (into, { ports, tag }) => (ports.length === 0 ? 0 : into.write(tag, 'latin1')),
];

/** One port, of each family: more come in too many shapes. */
function isOnePort(ports: readonly PublishedPort[]): boolean {
  return ports.every(
    ({ protocol, hostAddress, hostPort, port }) =>
      protocol === ports[0].protocol &&
      hostAddress === ports[0].hostAddress &&
      hostPort === ports[0].hostPort &&
      port === ports[0].port,
  );
}

/** What has to be alike for two attachments to have plans of one shape. */
function shapeOf({ seat, name = '', settings, kept, ports, tag }: Attachment): string {
  const { addresses } = settings;
  const { ipv4: four = '', ipv6: six = '' } = seat.assigned;
  const inside = seat.index === seat.hostIndex ? '=' : seat.index;
  const subnets = `${four && addresses.subnetOf(four)?.text} ${six && addresses.subnetOf(six)?.text}`;
  const switches = `${seat.hairpin} ${seat.isolated} ${seat.defaultRoute} ${kept?.otherMac}`;
  const families = ports.map(({ address }) => (address.includes(':') ? 6 : 4)).join();
  const published =
    ports.length === 0
      ? ''
      : `${families} ${ports[0].protocol} ${ports[0].hostAddress} ${tag.length}`;
  return `${seat.hostLink.length} ${seat.alias?.length} ${name.length} ${inside} ${seat.ifname} ${seat.mtu} ${switches} ${subnets} ${published}`;
}

/** The same place taken by somebody else: no byte of what is its own stays as it was. */
function sample(attachment: Attachment, which: 0 | 1): Attachment {
  const { seat, name, kept, ports, tag } = attachment;
  const hostIndex = [0x51525354, 0x61626364][which];
  const fill = (value: string, letters: string): string => letters[which].repeat(value.length);
  const neighbour = (address: string | undefined): string | undefined => {
    if (address === undefined) return undefined;
    const { family, value } = parseIp(address);
    return ipText(family, value ^ BigInt(which));
  };
  const changed: Seat = {
    ...seat,
    hostIndex,
    index: seat.index === seat.hostIndex ? hostIndex : seat.index,
    hostLink: fill(seat.hostLink, 'ab'),
    alias: seat.alias === undefined ? undefined : fill(seat.alias, 'cd'),
    mac: ['12:a1:b1:c1:d1:e1', '16:a2:b2:c2:d2:e2'][which],
    assigned: { ipv4: neighbour(seat.assigned.ipv4), ipv6: neighbour(seat.assigned.ipv6) },
  };
  return {
    ...attachment,
    seat: changed,
    name: name === undefined ? undefined : fill(name, 'ef'),
    tag: fill(tag, 'gh'),
    ports: ports.map((port) => ({
      ...port,
      hostPort: [0x9192, 0xa1a2][which],
      port: [0x9394, 0xa3a4][which],
      address: neighbour(port.address) ?? '',
    })),
    kept: kept && {
      ...kept,
      fd: [0x23242526, 0x33343536][which],
      socket: [0x43444546, 0x53545556][which],
      mac: ['1a:a3:b3:c3:d3:e3', '1e:a4:b4:c4:d4:e4'][which],
    },
  };
}

const isPlain = (value = ''): boolean => /^[ -~]*$/.test(value);

/** Plans of attachments, written once for each shape that comes up. */
export class Stencils {
  readonly #sequence: (attachment: Attachment) => SequenceOf<unknown>;
  readonly #byShape = new Map<string, Stencil<Attachment> | undefined>();

  /** @param sequence what is run: made anew for each sample */
  constructor(sequence: (attachment: Attachment) => SequenceOf<unknown>) {
    this.#sequence = sequence;
  }

  /** The whole plan; undefined where it has to be written step by step. */
  fill(attachment: Attachment): Uint8Array | undefined {
    const { seat, existing, ports, name, host } = attachment;
    // What opens sockets is another plan.
    if (!host.isReady(ports.length > 0) || existing !== undefined) return undefined;
    if (seat.routes.length > 0 || seat.limit.in !== undefined || seat.limit.out !== undefined) {
      return undefined;
    }
    if (!isOnePort(ports)) return undefined;
    if (!isPlain(seat.alias) || !isPlain(name)) return undefined;
    if (name !== undefined && !runDirIsMade()) return undefined;
    const shape = shapeOf(attachment);
    let stencil = this.#byShape.get(shape);
    if (stencil === undefined && !this.#byShape.has(shape)) {
      stencil = this.#learn(attachment);
      if (this.#byShape.size === KEPT) this.#byShape.clear();
      this.#byShape.set(shape, stencil);
    }
    return stencil?.fill(attachment);
  }

  #learn(attachment: Attachment): Stencil<Attachment> | undefined {
    return Stencil.learn((one) => writeSequence(this.#sequence(one)), HOLES, [
      sample(attachment, 0),
      sample(attachment, 1),
    ]);
  }
}
