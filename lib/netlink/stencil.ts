import { Writer } from '../wire/writer.ts';

/** Writes the bytes of one part that is another from time to time. */
export type Hole<T> = (writer: Writer, values: T) => void;

const scratch = new Writer(512);

function bytesOf<T>(hole: Hole<T>, values: T): Uint8Array {
  scratch.reset();
  hole(scratch, values);
  return scratch.bytes.slice(0, scratch.length);
}

/** Where `first` stands in one text and `second` in the other. */
function placesOf(
  [one, first]: readonly [Uint8Array, Uint8Array],
  [other, second]: readonly [Uint8Array, Uint8Array],
): number[] {
  const places: number[] = [];
  for (let at = 0; at + first.length <= one.length; at++) {
    let i = 0;
    while (i < first.length && one[at + i] === first[i] && other[at + i] === second[i]) i++;
    if (i === first.length) places.push(at);
  }
  return places;
}

/**
 * Bytes that are the same time after time but for a few holes. They are written once, by the code
 * that writes them anyway, for two samples whose every value differs: where both show a hole's
 * bytes, there the hole is. From then on only the holes are filled, which is some fifty times
 * faster, and needs no warm code.
 */
export class Stencil<T> {
  readonly #bytes: Uint8Array;
  readonly #holes: readonly Hole<T>[];
  readonly #places: readonly (readonly number[])[];
  readonly #sizes: readonly number[];

  private constructor(
    bytes: Uint8Array,
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
    const [one, other] = samples.map(write);
    if (one.length !== other.length) return undefined;
    const covered = new Uint8Array(one.length);
    const places: number[][] = [];
    const sizes: number[] = [];
    for (const hole of holes) {
      const [first, second] = samples.map((sample) => bytesOf(hole, sample));
      if (first.length !== second.length) return undefined;
      const found = placesOf([one, first], [other, second]);
      for (const at of found) covered.fill(1, at, at + first.length);
      places.push(found);
      sizes.push(first.length);
    }
    for (let at = 0; at < one.length; at++) {
      if (one[at] !== other[at] && covered[at] === 0) return undefined;
    }
    return new Stencil(one, holes, places, sizes);
  }

  /** The bytes with these values, good until it is filled again. A hole of another size is a RangeError. */
  fill(values: T): Uint8Array {
    for (let i = 0; i < this.#holes.length; i++) {
      const places = this.#places[i];
      if (places.length === 0) continue;
      scratch.reset();
      this.#holes[i](scratch, values);
      const size = this.#sizes[i];
      if (scratch.length !== size)
        throw new RangeError(`hole ${i} has ${scratch.length} bytes, and room for ${size}`);
      for (const place of places) {
        for (let k = 0; k < size; k++) this.#bytes[place + k] = scratch.bytes[k];
      }
    }
    return this.#bytes;
  }
}
