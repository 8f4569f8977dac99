import { macAddress } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import type { Assigned } from './addresses.ts';
import type { AttachOptions } from './attach-options.ts';
import { placeOfLink, type Seat } from './layout.ts';
import { endpointMac } from './mac.ts';
import { type EndpointRecord, endpointAlias } from './record.ts';
import type { Settings } from './settings.ts';

/** Where ifindexes of endpoints begin: far above those that the kernel gives out itself. */
const FIRST_INDEX = 0x10_0000;
const INDEXES = 0x70_0000;
/** The first ifindex behind `lo` in a new namespace. */
const FRESH_INDEX = 2;

/** Gives endpoints their places: addresses, names and numbers of links. */
export class Seats {
  readonly #settings: Settings;
  // Places of links that a crash has left behind: not given until they are swept.
  readonly #blocked = new Set<number>();
  // Places of addresses beyond those that have one.
  readonly #far = new Map<string, number>();
  #base = randomIndex();
  // Modules of tunnels put devices of their own into every new namespace.
  #freshIndex: number | undefined = FRESH_INDEX;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Takes an address of each family. */
  take(wanted: string | readonly string[] | undefined): Assigned {
    const { addresses } = this.#settings;
    const list = wanted === undefined ? [] : typeof wanted === 'string' ? [wanted] : wanted;
    const skipped: Assigned[] = [];
    try {
      for (;;) {
        const assigned = addresses.take(list);
        if (!this.#blocked.has(this.#place(assigned))) return assigned;
        if (list.length > 0) {
          addresses.release(assigned);
          throw new NetlinkError(
            `${list.join(', ')} belongs to what a crash has left behind: sweep() first`,
            {
              code: 'ERR_ADDRESS_IN_USE',
            },
          );
        }
        skipped.push(assigned);
      }
    } finally {
      for (const assigned of skipped) addresses.release(assigned);
    }
  }

  release(assigned: Assigned): void {
    this.#far.delete(assigned.ipv6 ?? '');
    this.#settings.addresses.release(assigned);
  }

  /** Marks the addresses of an endpoint that was found. */
  adopt(assigned: Assigned, hostLink: string): void {
    const { addresses, name } = this.#settings;
    for (const address of [assigned.ipv4, assigned.ipv6])
      if (address !== undefined) addresses.adopt(address);
    const place = placeOfLink(name, hostLink);
    if (
      place !== undefined &&
      assigned.ipv6 !== undefined &&
      addresses.placeOf(assigned) === undefined
    ) {
      this.#far.set(assigned.ipv6, place);
    }
  }

  block(hostLink: string): void {
    this.#blocked.add(placeOfLink(this.#settings.name, hostLink) ?? -1);
  }

  unblock(hostLink: string): void {
    this.#blocked.delete(placeOfLink(this.#settings.name, hostLink) ?? -1);
  }

  #place(assigned: Assigned): number {
    const { addresses } = this.#settings;
    const place = addresses.placeOf(assigned);
    if (place !== undefined) return place;
    const address = assigned.ipv6 ?? '';
    let far = this.#far.get(address);
    if (far === undefined) {
      const used = new Set(this.#far.values());
      far = addresses.places;
      while (used.has(far)) far++;
      this.#far.set(address, far);
    }
    return far;
  }

  /** All that is settled about an endpoint before the kernel is asked. */
  seat(assigned: Assigned, options: AttachOptions, foreign: boolean): Seat {
    const { kind, name, mtu, record } = this.#settings;
    const place = this.#place(assigned);
    const hostIndex = this.#base + place;
    const {
      ifname = 'eth0',
      hairpin = false,
      isolated = false,
      limit = {},
      routes = [],
      defaultRoute = true,
    } = options;
    const mac =
      options.mac === undefined
        ? endpointMac(assigned.ipv4 ?? assigned.ipv6 ?? '')
        : macAddress('mac', options.mac);
    return {
      assigned,
      hostLink: `${name}-${place.toString(16)}`,
      hostIndex,
      ifname,
      index: foreign || this.#freshIndex === undefined ? hostIndex : this.#freshIndex,
      mac,
      mtu: options.mtu ?? (kind === 'macvlan' ? record.mtu : mtu),
      alias: this.alias(assigned, options, foreign),
      hairpin,
      isolated,
      limit,
      routes,
      defaultRoute,
    };
  }

  /** The record on the host's end. */
  alias(assigned: Assigned, { name, mac, ifname }: AttachOptions, foreign = false): string {
    const record: EndpointRecord = {
      network: this.#settings.name,
      address: [assigned.ipv4, assigned.ipv6].filter((address) => address !== undefined),
    };
    if (name !== undefined) record.name = name;
    if (mac !== undefined) record.mac = mac;
    if (ifname !== undefined && ifname !== 'eth0') record.ifname = ifname;
    if (foreign) record.foreign = true;
    return endpointAlias(record);
  }

  /** After an ifindex was found to be taken, on the host or inside. */
  otherIndexes(): void {
    this.#base = randomIndex();
    this.#freshIndex = undefined;
  }
}

/** An ifindex that most likely nothing has. */
export function randomIndex(): number {
  return FIRST_INDEX + Math.floor(Math.random() * INDEXES);
}
