import type { Hole } from '../netlink/stencil.ts';
import { Stencil } from '../netlink/stencil.ts';
import { pathOf } from '../netns/names.ts';
import { runDirIsMade } from '../netns/run-dir.ts';
import { ipv4, ipv6, mac } from '../wire/codecs.ts';
import { Path } from '../wire/path.ts';
import type { Writer } from '../wire/writer.ts';
import type { Attachment } from './attachment.ts';
import { ipText, parseIp } from './ip.ts';
import type { Seat } from './layout.ts';
import { hostMac } from './mac.ts';
import { type SequenceOf, writeSequence } from './sequence.ts';

/** So many shapes of attachments are kept: of names and addresses, as long as they differ. */
const KEPT = 64;
const path = new Path('seat');

function text(w: Writer, value: string): void {
  w.string(value);
  // The NUL behind it is there where it has to be.
  w.length--;
}

/** What one attachment has that another of the same shape has not. */
const HOLES: readonly Hole<Attachment>[] = [
  (w, { seat }) => w.u32(seat.hostIndex),
  (w, { seat }) => mac.write(w, seat.mac, path),
  (w, { seat }) => mac.write(w, hostMac(seat.mac), path),
  (w, { seat }) => text(w, seat.hostLink),
  (w, { seat }) => text(w, seat.alias ?? ''),
  (w, { name }) => text(w, name === undefined ? '' : pathOf(name)),
  (w, { seat }) => {
    if (seat.assigned.ipv4 !== undefined) ipv4.write(w, seat.assigned.ipv4, path);
  },
  (w, { seat }) => {
    if (seat.assigned.ipv6 !== undefined) ipv6.write(w, seat.assigned.ipv6, path);
  },
];

/** What has to be alike for two attachments to have plans of one shape. */
function shapeOf({ seat, name = '', settings }: Attachment): string {
  const { addresses } = settings;
  const { ipv4: four = '', ipv6: six = '' } = seat.assigned;
  const inside = seat.index === seat.hostIndex ? '=' : seat.index;
  const subnets = `${four && addresses.subnetOf(four)?.text} ${six && addresses.subnetOf(six)?.text}`;
  const switches = `${seat.hairpin} ${seat.isolated} ${seat.defaultRoute}`;
  return `${seat.hostLink.length} ${seat.alias?.length} ${name.length} ${inside} ${seat.ifname} ${seat.mtu} ${switches} ${subnets}`;
}

/** The same place taken by somebody else: no byte of what is its own stays as it was. */
function sample(attachment: Attachment, which: 0 | 1): Attachment {
  const { seat, name } = attachment;
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
  return { ...attachment, seat: changed, name: name === undefined ? undefined : fill(name, 'ef') };
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
    // What opens sockets is another plan; the rest comes in too many shapes.
    if (!host.ready || existing !== undefined || ports.length > 0) return undefined;
    if (seat.routes.length > 0 || seat.limit.in !== undefined || seat.limit.out !== undefined) {
      return undefined;
    }
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
