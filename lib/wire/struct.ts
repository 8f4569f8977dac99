import { invalidType, unknownKey } from '../errors.ts';
import type { Codec } from './codec.ts';
import { tooShort } from './numbers.ts';
import type { Path } from './path.ts';
import type { Writer } from './writer.ts';

export type StructValue<F extends object> = {
  [K in keyof F]: F[K] extends Codec<infer T> ? T : never;
};

interface Field {
  readonly name: string;
  readonly codec: Codec<unknown>;
  readonly offset: number;
}

/** A C struct: fields in order, each aligned as the compiler would; what is not given is zero. */
export class Struct<T extends object> implements Codec<T> {
  readonly type: string;
  readonly size: number;
  readonly alignment: number;
  readonly fields: readonly Field[];
  readonly #names: ReadonlySet<string>;
  /** Bytes without which it can't be read: older kernels send shorter ones. */
  readonly #minimum: number;

  constructor(
    name: string,
    fields: readonly Field[],
    size: number,
    alignment: number,
    minimum: number,
  ) {
    this.type = `struct ${name}`;
    this.fields = fields;
    this.size = size;
    this.alignment = alignment;
    this.#names = new Set(fields.map((field) => field.name));
    this.#minimum = minimum;
  }

  /** The same, for an attribute whose writer may leave fields out. */
  get partial(): Codec<Partial<T>> {
    return this as Codec<Partial<T>>;
  }

  get samples(): readonly T[] | undefined {
    const value: Record<string, unknown> = {};
    for (const { name, codec } of this.fields) {
      const samples = codec.samples;
      if (samples === undefined) return undefined;
      value[name] = samples[samples.length - 1];
    }
    return [value as T];
  }

  write(w: Writer, value: Partial<T>, path: Path): void {
    if (typeof value !== 'object' || value === null) {
      throw invalidType(path.toString(), value, 'an object');
    }
    const given = value as Record<string, unknown>;
    for (const key in given) {
      if (!this.#names.has(key)) throw unknownKey(path.toString(), key, this.#names);
    }
    const start = w.length;
    w.zeros(this.size);
    path.enter();
    for (const { name, codec, offset } of this.fields) {
      const field = given[name];
      if (field === undefined) continue;
      path.set(name);
      w.length = start + offset;
      codec.write(w, field, path);
    }
    path.leave();
    w.length = start + this.size;
  }

  read(bytes: Uint8Array, view: DataView, at: number, length: number): T {
    if (length < this.#minimum) throw tooShort(this.type, this.#minimum, length, at);
    const value: Record<string, unknown> = {};
    for (const { name, codec, offset } of this.fields) {
      const size = codec.size ?? 0;
      if (offset + size > length) break;
      value[name] = codec.read(bytes, view, at + offset, size);
    }
    return value as T;
  }
}

/**
 * Describes a C struct. Every field's codec has a fixed size. With `minimum`, a shorter one (of an
 * older kernel) is read too, less its last fields.
 */
// biome-ignore lint/suspicious/noExplicitAny: codecs of every type
export function struct<F extends Record<string, Codec<any>>>(
  name: string,
  shape: F,
  options: { minimum?: number; packed?: boolean } = {},
): Struct<StructValue<F>> {
  const fields: Field[] = [];
  let offset = 0;
  let alignment = 1;
  for (const [key, codec] of Object.entries(shape)) {
    if (codec.size === undefined) throw new TypeError(`${name}.${key} has no fixed size`);
    const own = options.packed ? 1 : (codec.alignment ?? codec.size);
    offset = Math.ceil(offset / own) * own;
    fields.push({ name: key, codec, offset });
    offset += codec.size;
    alignment = Math.max(alignment, own);
  }
  const size = Math.ceil(offset / alignment) * alignment;
  return new Struct(name, fields, size, alignment, options.minimum ?? size);
}
