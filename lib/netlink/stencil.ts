/** Writes the bytes of one part that is another from time to time, at 0; returns how many. */
export type Hole<T> = (into: Buffer, values: T) => number;

// Native copies and searches throughout: a loop over bytes is dear until it is compiled, and what
// stencils are for is to be fast from the start.
const scratch = Buffer.alloc(1024);

function bytesOf<T>(hole: Hole<T>, values: T): Buffer {
  return Buffer.from(scratch.subarray(0, hole(scratch, values)));
}

/** Where `first` stands in one plan and `second` in the other. */
function placesOf(
  [one, first]: readonly [Buffer, Buffer],
  [other, second]: readonly [Buffer, Buffer],
): number[] {
  const places: number[] = [];
  const { length } = first;
  if (length === 0) return places;
  for (let at = one.indexOf(first); at >= 0; at = one.indexOf(first, at + 1)) {
    if (other.compare(second, 0, length, at, at + length) === 0) places.push(at);
  }
  return places;
}

/**
 * Bytes that are the same time after time but for a few holes. They are written once, by the code
 * that writes them anyway, for two samples whose every value differs: where both show a hole's
 * bytes, there the hole is. From then on only the holes are filled.
 */
export class Stencil<T> {
  readonly #bytes: Buffer;
  readonly #holes: readonly Hole<T>[];
  readonly #places: readonly (readonly number[])[];
  readonly #sizes: readonly number[];

  private constructor(
    bytes: Buffer,
    holes: readonly Hole<T>[],
    places: readonly (readonly number[])[],
    sizes: readonly number[],
  ) {
    this.#bytes = bytes;
    this.#holes = holes;
    this.#places = places;
    this.#sizes = sizes;
  }

  /** Undefined where the samples differ in more than the holes. */
  static learn<T>(
    write: (values: T) => Uint8Array,
    holes: readonly Hole<T>[],
    samples: readonly [T, T],
  ): Stencil<T> | undefined {
    const [one, other] = samples.map((sample) => Buffer.from(write(sample)));
    if (one.length !== other.length) return undefined;
    // Both as they are but for the holes, which are blank: whatever differs now is in none.
    const [rest, otherRest] = [Buffer.from(one), Buffer.from(other)];
    const places: number[][] = [];
    const sizes: number[] = [];
    for (const hole of holes) {
      const [first, second] = samples.map((sample) => bytesOf(hole, sample));
      if (first.length !== second.length) return undefined;
      const found = placesOf([one, first], [other, second]);
      for (const at of found) {
        rest.fill(0, at, at + first.length);
        otherRest.fill(0, at, at + first.length);
      }
      places.push(found);
      sizes.push(first.length);
    }
    return rest.equals(otherRest) ? new Stencil(one, holes, places, sizes) : undefined;
  }

  /** The bytes with these values, good until it is filled again. A hole of another size is a RangeError. */
  fill(values: T): Uint8Array {
    for (let i = 0; i < this.#holes.length; i++) {
      const places = this.#places[i];
      if (places.length === 0) continue;
      const size = this.#holes[i](scratch, values);
      if (size !== this.#sizes[i]) {
        throw new RangeError(`hole ${i} has ${size} bytes, and room for ${this.#sizes[i]}`);
      }
      for (const place of places) scratch.copy(this.#bytes, place, 0, size);
    }
    return this.#bytes;
  }
}
