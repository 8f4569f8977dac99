/**
 * Numbers behind those that the addresses of a network's subnets have: for endpoints whose links are
 * there before their address is known, and for IPv6 addresses far from the first ones.
 */
export class Places {
  #next: number;
  readonly #freed: number[] = [];
  readonly #used = new Set<number>();

  constructor(first: number) {
    this.#next = first;
  }

  /** @param refused places that nobody gets */
  take(refused: ReadonlySet<number>): number {
    for (;;) {
      const place = this.#freed.pop() ?? this.#next++;
      if (this.#used.has(place) || refused.has(place)) continue;
      this.#used.add(place);
      return place;
    }
  }

  /** Marks a place that an endpoint is found to have. */
  claim(place: number): void {
    this.#used.add(place);
  }

  free(place: number): void {
    if (this.#used.delete(place)) this.#freed.push(place);
  }
}
