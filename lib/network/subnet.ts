import { ipv4Number, ipv4Text, ipv6Text, parseIp } from './ip.ts';

/** How many addresses of an IPv6 subnet are given out by themselves; any other may be asked for. */
const IPV6_WINDOW = 0x10000;

/** Offsets from the subnet's first address that are never given out, both ends included. */
export interface Gap {
  first: number;
  last: number;
}

/**
 * The addresses of one subnet. Fresh ones are given in order, then the released ones, the longest
 * unused first: a neighbour's stale entry for an address has the most time to die. Each step is
 * O(1), whatever the number of endpoints.
 */
export class Subnet {
  readonly family: 4 | 6;
  readonly length: number;
  /** '10.88.0.0/16' */
  readonly text: string;
  /** Addresses that can be given out by themselves. */
  readonly capacity: number;
  used = 0;

  readonly #base: bigint;
  readonly #base4: number;
  readonly #size: bigint;
  readonly #window: number;
  readonly #gaps: readonly Gap[];
  // A bit for each offset of the window: in use; and: ever in use, so that fresh ones come first.
  readonly #taken: Uint32Array;
  readonly #touched: Uint32Array;
  #next = 0;
  #gap = 0;
  #released: number[] = [];
  #head = 0;
  // Released offsets that were asked for by address while they waited in the queue.
  readonly #stale = new Map<number, number>();
  // Addresses outside the window, given on request alone.
  readonly #far = new Set<bigint>();
  // Gaps that may be asked for by address.
  readonly #reserved: ReadonlySet<number>;

  /**
   * @param gaps sorted, not overlapping
   * @param reserved offsets in gaps that are given when asked for
   */
  constructor(
    family: 4 | 6,
    base: bigint,
    length: number,
    gaps: readonly Gap[],
    reserved: Iterable<number>,
  ) {
    this.family = family;
    this.length = length;
    this.#base = base;
    this.#base4 = family === 4 ? Number(base) : 0;
    this.#size = 1n << BigInt((family === 4 ? 32 : 128) - length);
    this.text = `${this.#text(0)}/${length}`;
    this.#window = family === 4 ? Number(this.#size) : Math.min(Number(this.#size), IPV6_WINDOW);
    this.#gaps = gaps;
    this.#reserved = new Set(reserved);
    let closed = 0;
    for (const gap of gaps) {
      if (gap.first < this.#window) closed += Math.min(gap.last, this.#window - 1) - gap.first + 1;
    }
    this.capacity = this.#window - closed;
    const words = (this.#window + 31) >>> 5;
    this.#taken = new Uint32Array(words);
    this.#touched = new Uint32Array(words);
  }

  #text(offset: number): string {
    return this.family === 4
      ? ipv4Text(this.#base4 + offset)
      : ipv6Text(this.#base + BigInt(offset));
  }

  #offset(address: string): bigint {
    if (this.family === 4) return BigInt(ipv4Number(address) - this.#base4);
    return parseIp(address).value - this.#base;
  }

  contains(address: string): boolean {
    // IPv4, whose window is the whole subnet, goes without the dear big numbers.
    if (this.family === 4) return this.placeOf(address) !== undefined;
    const offset = this.#offset(address);
    return offset >= 0n && offset < this.#size;
  }

  /** Its place in the subnet; undefined beyond those that are given out by themselves. */
  placeOf(address: string): number | undefined {
    const offset =
      this.family === 4 ? ipv4Number(address) - this.#base4 : Number(this.#offset(address));
    return offset >= 0 && offset < this.#window ? offset : undefined;
  }

  /** How many places there are. */
  get places(): number {
    return this.#window;
  }

  /** Why an address can't be asked for, or undefined. */
  refusal(address: string): 'outside' | 'excluded' | 'taken' | undefined {
    const offset = this.#offset(address);
    if (offset < 0n || offset >= this.#size) return 'outside';
    if (this.#excluded(offset)) return 'excluded';
    return this.has(address) ? 'taken' : undefined;
  }

  #excluded(offset: bigint): boolean {
    if (offset < this.#window && this.#reserved.has(Number(offset))) return false;
    let low = 0;
    let high = this.#gaps.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const gap = this.#gaps[middle];
      if (offset < gap.first) high = middle - 1;
      else if (offset > gap.last) low = middle + 1;
      else return true;
    }
    return false;
  }

  has(address: string): boolean {
    const offset = this.#offset(address);
    if (offset >= this.#window) return this.#far.has(offset);
    return offset >= 0n && this.#bit(this.#taken, Number(offset));
  }

  /** The next free address, or undefined when there is none. */
  allocate(): string | undefined {
    const offset = this.#fresh() ?? this.#oldest();
    if (offset === undefined) return undefined;
    this.#take(offset);
    return this.#text(offset);
  }

  #fresh(): number | undefined {
    while (this.#next < this.#window) {
      const gap = this.#gaps[this.#gap];
      if (gap !== undefined && this.#next >= gap.first) {
        this.#next = gap.last + 1;
        this.#gap++;
      } else if (this.#bit(this.#touched, this.#next)) this.#next++;
      else return this.#next++;
    }
    return undefined;
  }

  #oldest(): number | undefined {
    while (this.#head < this.#released.length) {
      const offset = this.#released[this.#head++];
      if (this.#head > 1024 && this.#head * 2 > this.#released.length) {
        this.#released.splice(0, this.#head);
        this.#head = 0;
      }
      const stale = this.#stale.get(offset) ?? 0;
      if (stale === 0) return offset;
      if (stale === 1) this.#stale.delete(offset);
      else this.#stale.set(offset, stale - 1);
    }
    return undefined;
  }

  /** Takes this very address: the caller has looked at `refusal`. */
  claim(address: string): void {
    const offset = this.#offset(address);
    if (offset >= this.#window) {
      this.#far.add(offset);
      this.used++;
      return;
    }
    const near = Number(offset);
    const inGap = this.#reserved.has(near);
    if (!inGap && this.#bit(this.#touched, near))
      this.#stale.set(near, (this.#stale.get(near) ?? 0) + 1);
    this.#take(near);
  }

  #take(offset: number): void {
    const bit = 1 << (offset & 31);
    this.#taken[offset >>> 5] |= bit;
    this.#touched[offset >>> 5] |= bit;
    this.used++;
  }

  /** Gives an address back; false when it was not in use. */
  release(address: string): boolean {
    if (!this.has(address)) return false;
    const offset = this.#offset(address);
    this.used--;
    if (offset >= this.#window) return this.#far.delete(offset);
    const near = Number(offset);
    this.#taken[near >>> 5] &= ~(1 << (near & 31));
    if (!this.#reserved.has(near)) this.#released.push(near);
    return true;
  }

  #bit(map: Uint32Array, offset: number): boolean {
    return (map[offset >>> 5] & (1 << (offset & 31))) !== 0;
  }
}
