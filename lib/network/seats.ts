import { macAddress } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import type { Assigned } from './addresses.ts';
import type { AttachOptions } from './attach-options.ts';
import { placeOfLink, type Seat } from './layout.ts';
import { endpointMac } from './mac.ts';
import { Places } from './places.ts';
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
  readonly #places: Places;
  // Places behind those that addresses have: by IPv6 address, or by the link that was there first.
  readonly #far = new Map<string, number>();
  #base = randomIndex();
  // Modules of tunnels put devices of their own into every new namespace.
  #freshIndex: number | undefined = FRESH_INDEX;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#places = new Places(settings.addresses.places);
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

  /** @param hostLink the link of the endpoint that had them, where it had one */
  release(assigned: Assigned, hostLink = ''): void {
    for (const key of [assigned.ipv6 ?? '', hostLink]) {
      const place = this.#far.get(key);
      if (place === undefined) continue;
      this.#far.delete(key);
      this.#places.free(place);
    }
    this.#settings.addresses.release(assigned);
  }

  /** Marks the addresses of an endpoint that was found. */
  adopt(assigned: Assigned, hostLink: string): void {
    const { addresses, name } = this.#settings;
    for (const address of [assigned.ipv4, assigned.ipv6])
      if (address !== undefined) addresses.adopt(address);
    const place = placeOfLink(name, hostLink);
    if (place === undefined || place < addresses.places) return;
    const far = addresses.placeOf(assigned) === undefined;
    this.#far.set(far && assigned.ipv6 !== undefined ? assigned.ipv6 : hostLink, place);
    this.#places.claim(place);
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
      far = this.#places.take(this.#blocked);
      this.#far.set(address, far);
    }
    return far;
  }

  /** The seat of an endpoint whose links are made before anybody asks for it. */
  blank(): Seat {
    const place = this.#places.take(this.#blocked);
    const hostLink = `${this.#settings.name}-${place.toString(16)}`;
    this.#far.set(hostLink, place);
    return { ...this.#seat(place, {}, { mac: endpointMac(hostLink) }, false), alias: undefined };
  }

  /** That seat, taken by an endpoint with these addresses. Its links stay as they are. */
  filled(blank: Seat, assigned: Assigned, options: AttachOptions, oneMac: boolean): Seat {
    const own = endpointMac(assigned.ipv4 ?? assigned.ipv6 ?? '');
    const mac = oneMac ? blank.mac : (options.mac ?? own);
    const { routes = blank.routes, defaultRoute = blank.defaultRoute } = options;
    // Who reads the record makes the hardware address of the first address unless it is told.
    const told = mac === own ? options : { ...options, mac };
    const alias = this.alias(assigned, told);
    return { ...blank, assigned, mac, routes, defaultRoute, alias };
  }

  /** All that is settled about an endpoint before the kernel is asked. */
  seat(assigned: Assigned, options: AttachOptions, foreign: boolean): Seat {
    return this.#seat(this.#place(assigned), assigned, options, foreign);
  }

  #seat(place: number, assigned: Assigned, options: AttachOptions, foreign: boolean): Seat {
    const { kind, name, mtu, record } = this.#settings;
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
      // Kernels before 6.15 want the number of a link born elsewhere (a macvlan, by itself and not as
      // the far end of a pair) to be free here as well.
      index:
        foreign || kind === 'macvlan' || this.#freshIndex === undefined
          ? hostIndex
          : this.#freshIndex,
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
