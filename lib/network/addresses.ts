import { ipAddress } from '../check.ts';
import { invalidType, invalidValue, NetlinkError } from '../errors.ts';
import { canonicalIp, type IpRange, overlaps, parseIp } from './ip.ts';
import { chooseGateway, clip, readRange, readSubnet, type SubnetRange } from './ranges.ts';
import { Subnet } from './subnet.ts';

/** From which addresses a network gives. */
export interface AddressOptions {
  /** One subnet or several, IPv4, IPv6 or both: an endpoint gets an address of each family. */
  subnet: string | readonly string[];
  /**
   * The gateway's address of each family; the first address of the first subnet of the family
   * unless given.
   */
  gateway?: string | readonly string[];
  /** Never given out: addresses, prefixes ('10.88.1.0/24') and ranges ('10.88.0.2-10.88.0.99'). */
  exclude?: readonly string[];
  /** Given only to who asks for it by `address`. Addresses, prefixes and ranges of at most 65,536. */
  reserve?: readonly string[];
}

/** The addresses of an endpoint: one of each family that the network has. */
export interface Assigned {
  ipv4?: string;
  ipv6?: string;
}

/** Gives out the addresses of a network's subnets. Nothing here asks the kernel. */
export class Addresses {
  readonly subnets: readonly Subnet[];
  readonly gateway4: string | undefined;
  readonly gateway6: string | undefined;
  readonly #network: string;
  readonly #ipv4: Subnet[];
  readonly #ipv6: Subnet[];

  /** @param network the name that errors tell */
  constructor(network: string, options: AddressOptions) {
    const texts = list('subnet', options.subnet);
    if (texts.length === 0) throw invalidValue('subnet', texts, 'at least one subnet');
    const ranges = texts.map((text, i) => readSubnet(text, i, texts));
    for (const [i, range] of ranges.entries()) {
      const other = ranges.findIndex((before, j) => j < i && overlaps(before, range));
      if (other >= 0) throw invalidValue(`subnet[${i}]`, texts[i], `apart from ${texts[other]}`);
    }
    const gateways = list('gateway', options.gateway ?? []).map((g) =>
      canonicalIp(ipAddress('gateway', g)),
    );
    this.gateway4 = chooseGateway(4, gateways, ranges);
    this.gateway6 = chooseGateway(6, gateways, ranges);
    const excluded = (options.exclude ?? []).map((text, i) => readRange(`exclude[${i}]`, text));
    const reserved = (options.reserve ?? []).map((text, i) => readRange(`reserve[${i}]`, text));
    for (const [i, range] of reserved.entries()) {
      if (range.last - range.first >= 0x10000n) {
        throw invalidValue(`reserve[${i}]`, options.reserve?.[i], 'at most 65536 addresses');
      }
    }
    const own = [this.gateway4, this.gateway6].filter((g) => g !== undefined);
    this.subnets = ranges.map((range) => makeSubnet(range, own, excluded, reserved));
    this.#ipv4 = this.subnets.filter((s) => s.family === 4);
    this.#ipv6 = this.subnets.filter((s) => s.family === 6);
    this.#network = network;
  }

  get capacity(): number {
    return smallest(this.#ipv4, this.#ipv6, (s) => s.capacity);
  }

  get used(): number {
    return Math.max(
      sum(this.#ipv4, (s) => s.used),
      sum(this.#ipv6, (s) => s.used),
    );
  }

  /**
   * Takes an address of each family: those asked for, the next free ones for the rest.
   * Nothing is taken when one of them can't be.
   */
  take(wanted: readonly string[] = []): Assigned {
    const assigned: Assigned = {};
    try {
      for (const [i, address] of wanted.entries()) this.#claim(`address[${i}]`, address, assigned);
      if (assigned.ipv4 === undefined) assigned.ipv4 = this.#next(4, this.#ipv4);
      if (assigned.ipv6 === undefined) assigned.ipv6 = this.#next(6, this.#ipv6);
    } catch (error) {
      this.release(assigned);
      throw error;
    }
    return assigned;
  }

  #next(family: 4 | 6, subnets: readonly Subnet[]): string | undefined {
    if (subnets.length === 0) return undefined;
    for (const subnet of subnets) {
      const address = subnet.allocate();
      if (address !== undefined) return address;
    }
    const texts = subnets.map((s) => s.text).join(' and ');
    throw new NetlinkError(
      `network '${this.#network}' has no IPv${family} address left: all ${sum(subnets, (s) => s.capacity)} of ${texts} are in use`,
      { code: 'ERR_ADDRESSES_EXHAUSTED' },
    );
  }

  #claim(path: string, text: string, into: Assigned): void {
    const address = canonicalIp(ipAddress(path, text));
    const key = address.includes(':') ? 'ipv6' : 'ipv4';
    if (into[key] !== undefined) throw invalidValue(path, text, `the only address of its family`);
    const subnet = this.subnetOf(address);
    if (subnet === undefined) {
      throw invalidValue(
        path,
        text,
        `an address in ${this.subnets.map((s) => s.text).join(' or ')}`,
      );
    }
    const refusal = subnet.refusal(address);
    if (refusal === 'taken') {
      throw new NetlinkError(
        `network '${this.#network}': ${address} is in use by another endpoint`,
        {
          code: 'ERR_ADDRESS_IN_USE',
        },
      );
    }
    if (refusal !== undefined) {
      throw invalidValue(path, text, `no gateway, network or broadcast address, and not excluded`);
    }
    subnet.claim(address);
    into[key] = address;
  }

  /** Marks what the kernel shows to be in use; false when it is foreign to us or in use already. */
  adopt(address: string): boolean {
    const subnet = this.subnetOf(address);
    if (subnet === undefined || subnet.has(address)) return false;
    subnet.claim(address);
    return true;
  }

  release(assigned: Assigned): void {
    if (assigned.ipv4 !== undefined) this.subnetOf(assigned.ipv4)?.release(assigned.ipv4);
    if (assigned.ipv6 !== undefined) this.subnetOf(assigned.ipv6)?.release(assigned.ipv6);
  }

  /**
   * A number for who has these addresses, no other's at the same time: the place in the subnet, all
   * subnets of the family counted through. Undefined for an IPv6 address far beyond the others.
   */
  placeOf(assigned: Assigned): number | undefined {
    const address = assigned.ipv4 ?? assigned.ipv6 ?? '';
    let before = 0;
    for (const subnet of this.#ipv4.length > 0 ? this.#ipv4 : this.#ipv6) {
      if (subnet.contains(address)) {
        const place = subnet.placeOf(address);
        return place === undefined ? undefined : before + place;
      }
      before += subnet.places;
    }
    return undefined;
  }

  /** One more than the greatest place. */
  get places(): number {
    return sum(this.#ipv4.length > 0 ? this.#ipv4 : this.#ipv6, (s) => s.places);
  }

  subnetOf(address: string): Subnet | undefined {
    const subnets = address.includes(':') ? this.#ipv6 : this.#ipv4;
    return subnets.length === 1 && subnets[0].contains(address)
      ? subnets[0]
      : subnets.find((s) => s.contains(address));
  }
}

function list(path: string, value: string | readonly string[]): readonly string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw invalidType(path, value, 'a string or an array of strings');
  return value;
}

function makeSubnet(
  range: SubnetRange,
  gateways: readonly string[],
  excluded: readonly IpRange[],
  reserved: readonly IpRange[],
): Subnet {
  const own: IpRange[] = [{ family: range.family, first: range.first, last: range.first }];
  // IPv6 has no broadcast, IPv4's is the last of the subnet.
  if (range.family === 4) own.push({ family: 4, first: range.last, last: range.last });
  for (const gateway of gateways) {
    const { family, value } = parseIp(gateway);
    own.push({ family, first: value, last: value });
  }
  const never = clip(range, [...own, ...excluded]);
  const onRequest: number[] = [];
  for (const gap of clip(range, reserved)) {
    for (let at = gap.first; at <= gap.last; at++) {
      if (!never.some((n) => at >= n.first && at <= n.last)) onRequest.push(at);
    }
  }
  const gaps = clip(range, [...own, ...excluded, ...reserved]);
  return new Subnet(range.family, range.first, range.length, gaps, onRequest);
}

function sum(subnets: readonly Subnet[], of: (subnet: Subnet) => number): number {
  return subnets.reduce((total, subnet) => total + of(subnet), 0);
}

function smallest(
  a: readonly Subnet[],
  b: readonly Subnet[],
  of: (subnet: Subnet) => number,
): number {
  if (a.length === 0) return sum(b, of);
  if (b.length === 0) return sum(a, of);
  return Math.min(sum(a, of), sum(b, of));
}
