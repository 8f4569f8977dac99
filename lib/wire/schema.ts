import { invalidType, invalidValue, unknownKey } from '../errors.ts';
import type { Codec } from './codec.ts';
import { attributeLength, endChecked } from './codecs.ts';
import { DecodeError } from './errors.ts';
import { Path } from './path.ts';
import { Shapes } from './shapes.ts';
import { NLA_F_NESTED, NLA_HEADER, NLA_TYPE_MASK, type Writer } from './writer.ts';

export { headed, nest, union } from './nests.ts';
export { Struct, type StructValue, struct } from './struct.ts';

/** What the documentation tells of an attribute. */
export interface AttributeInfo {
  /** The kernel's name: 'IFLA_MTU'. */
  readonly kernel: string;
  /** The first kernel that has it, where that is later than 4.9. */
  readonly since?: string;
  readonly doc?: string;
  /** Only the kernel writes it. */
  readonly readonly?: boolean;
}

export interface Attribute<T> extends AttributeInfo {
  readonly number: number;
  readonly codec: Codec<T>;
  /** The value is an array, each element an attribute of its own with the same number. */
  readonly many: boolean;
}

/** Keeps `readonly` in the type, so that specs can leave those attributes out. */
export type Marked<A, I> = I extends { readonly: true } ? A & { readonly readonly: true } : A;

export function attr<T, const I extends AttributeInfo>(
  number: number,
  codec: Codec<T>,
  info: I,
): Marked<Attribute<T>, I> {
  const attribute: Attribute<T> = { number, codec, many: false, ...info };
  return attribute as Marked<Attribute<T>, I>;
}

/** An attribute that may come several times beside each other: its value is an array. */
export function many<T>(number: number, codec: Codec<T>, info: AttributeInfo): Attribute<T[]> {
  const element = codec as Codec<unknown>;
  return { number, codec: element as Codec<T[]>, many: true, ...info };
}

/** An attribute that no table knows: kept in reading, written again as it was. */
export interface UnknownAttribute {
  type: number;
  bytes: Uint8Array;
}

// biome-ignore lint/suspicious/noExplicitAny: attributes of every type
export type Shape = Record<string, Attribute<any>>;

export type Values<S extends Shape> = {
  [K in keyof S]?: S[K] extends Attribute<infer T> ? T : never;
} & { unknown?: UnknownAttribute[] };

/** What a caller may set: all but what only the kernel writes. */
export type Settable<S extends Shape> = {
  [K in keyof S as S[K] extends { readonly readonly: true } ? never : K]?: S[K] extends Attribute<
    infer T
  >
    ? T
    : never;
};

export type Infer<T> = T extends Table<infer S> ? Values<S> : never;

/** One attribute of a table, as the loops want it: no lookups of optional fields left. */
export interface Entry {
  readonly key: string;
  readonly attribute: Attribute<unknown>;
  readonly codec: Codec<unknown>;
  /** The type number with its NLA_F_* flags. */
  readonly header: number;
  readonly many: boolean;
  readonly flag: boolean;
  readonly selector: string | undefined;
  readonly readonly: boolean;
}

/** A set of attributes: encoder, decoder and documentation in one. */
export class Table<S extends Shape> implements Codec<Values<S>> {
  readonly name: string;
  readonly shape: S;
  readonly type: string;
  readonly nested: boolean;
  readonly #byKey = new Map<string, Entry>();
  readonly #byNumber: (Entry | undefined)[] = [];
  readonly #shapes = new Shapes();

  constructor(name: string, shape: S, options: { nested?: boolean } = {}) {
    this.name = name;
    this.shape = shape;
    this.type = `nest ${name}`;
    this.nested = options.nested ?? true;
    for (const [key, attribute] of Object.entries(shape)) {
      const { codec, number } = attribute;
      const entry: Entry = {
        key,
        attribute,
        codec,
        header: number | (codec.nested ? NLA_F_NESTED : 0),
        many: attribute.many,
        flag: codec.type === 'flag',
        selector: codec.selector,
        readonly: attribute.readonly ?? false,
      };
      this.#byKey.set(key, entry);
      // Two faces of one number: the first is the one read.
      this.#byNumber[number] ??= entry;
    }
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Writes all attributes of `value`; a key that is none is an error that offers near names. */
  encode(w: Writer, value: Values<S>, path: Path | string = this.name): void {
    this.write(w, value, typeof path === 'string' ? new Path(path) : path);
  }

  write(w: Writer, value: Values<S>, path: Path): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidType(path.toString(), value, 'an object');
    }
    const given = value as Record<string, unknown>;
    path.enter();
    for (const key in given) {
      const entry = this.#byKey.get(key);
      if (entry === undefined) this.#other(w, key, given[key], path);
      else this.#put(w, entry, given[key], path, given);
    }
    path.leave();
  }

  /**
   * Writes one attribute by its key; false when the table has none of that name. `undefined` writes
   * nothing; what only the kernel writes is refused. `path` stands inside the object with the key.
   */
  put(w: Writer, key: string, value: unknown, path: Path, siblings: object): boolean {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return false;
    this.putEntry(w, entry, value, path, siblings);
    return true;
  }

  /** What `putEntry` takes, for callers that look their keys up beforehand. */
  entry(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  putEntry(w: Writer, entry: Entry, value: unknown, path: Path, siblings: object): void {
    if (entry.readonly && value !== undefined) {
      path.set(entry.key);
      throw invalidValue(path.toString(), value, 'left out: only the kernel sets it');
    }
    this.#put(w, entry, value, path, siblings);
  }

  #put(w: Writer, entry: Entry, value: unknown, path: Path, siblings: object): void {
    if (value === undefined || (entry.flag && value === false)) return;
    path.set(entry.key);
    if (entry.many) {
      this.#putMany(w, entry, value, path);
      return;
    }
    const start = w.begin(entry.header);
    if (entry.selector === undefined) entry.codec.write(w, value, path);
    else entry.codec.write(w, value, path, (siblings as Record<string, unknown>)[entry.selector]);
    endChecked(w, start, path);
  }

  #putMany(w: Writer, entry: Entry, value: unknown, path: Path): void {
    if (!Array.isArray(value)) throw invalidType(path.toString(), value, 'an array');
    path.enter();
    for (let i = 0; i < value.length; i++) {
      path.set(i);
      const start = w.begin(entry.header);
      entry.codec.write(w, value[i], path);
      endChecked(w, start, path);
    }
    path.leave();
  }

  #other(w: Writer, key: string, value: unknown, path: Path): void {
    if (key !== 'unknown') throw unknownKey(path.holder(), key, this.#byKey.keys());
    if (value === undefined) return;
    path.set(key);
    if (!Array.isArray(value)) throw invalidType(path.toString(), value, 'an array');
    for (const { type, bytes } of value as UnknownAttribute[]) {
      if (!(bytes instanceof Uint8Array)) throw invalidType(`${path}.bytes`, bytes, 'a Uint8Array');
      const start = w.begin(type & 0xffff);
      w.raw(bytes);
      endChecked(w, start, path);
    }
  }

  /** Reads attributes from `from` to `to`; a DecodeError names the path. */
  decode(bytes: Uint8Array, view: DataView, from: number, to: number, into?: Values<S>): Values<S> {
    try {
      if (into === undefined) return this.read(bytes, view, from, to - from);
      return this.readInto(bytes, view, from, to, into);
    } catch (error) {
      // Found only now, so that the good way keeps no track of where it is.
      if (error instanceof DecodeError)
        error.locate(this.pathOf(bytes, from, to, error.offset) ?? this.name);
      throw error;
    }
  }

  read(bytes: Uint8Array, view: DataView, at: number, length: number): Values<S> {
    const shapes = this.#shapes;
    // A table within itself, or one whose messages are never alike.
    if (shapes.busy || shapes.hopeless) {
      return this.readInto(bytes, view, at, at + length, {});
    }
    shapes.busy = true;
    shapes.count = 0;
    try {
      if (this.#readPlain(bytes, view, at, at + length, shapes))
        return shapes.finish() as Values<S>;
    } finally {
      shapes.busy = false;
    }
    return this.readInto(bytes, view, at, at + length, {});
  }

  /** False when an attribute is more than one value with a name. */
  #readPlain(bytes: Uint8Array, view: DataView, from: number, to: number, shapes: Shapes): boolean {
    let at = from;
    while (at + NLA_HEADER <= to) {
      const size = attributeLength(view, at, to);
      const entry = this.#byNumber[view.getUint16(at + 2, true) & NLA_TYPE_MASK];
      if (entry === undefined || entry.many || entry.selector !== undefined) {
        shapes.miss();
        return false;
      }
      shapes.add(entry.key, entry.codec.read(bytes, view, at + NLA_HEADER, size - NLA_HEADER));
      at += (size + 3) & ~3;
    }
    return true;
  }

  readInto(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    into: Values<S>,
  ): Values<S> {
    const out = into as Record<string, unknown>;
    let unions: number[] | undefined;
    let at = from;
    while (at + NLA_HEADER <= to) {
      const size = attributeLength(view, at, to);
      const type = view.getUint16(at + 2, true);
      const entry = this.#byNumber[type & NLA_TYPE_MASK];
      if (entry === undefined) {
        keep(out, type, bytes, at, size);
      } else if (entry.selector !== undefined) {
        // Its selector may come later.
        unions ??= [];
        unions.push(at);
      } else {
        const value = entry.codec.read(bytes, view, at + NLA_HEADER, size - NLA_HEADER);
        if (!entry.many) out[entry.key] = value;
        else if (out[entry.key] === undefined) out[entry.key] = [value];
        else (out[entry.key] as unknown[]).push(value);
      }
      at += (size + 3) & ~3;
    }
    if (unions !== undefined) this.#readUnions(bytes, view, unions, out);
    return into;
  }

  #readUnions(
    bytes: Uint8Array,
    view: DataView,
    places: number[],
    out: Record<string, unknown>,
  ): void {
    for (const at of places) {
      const entry = this.#byNumber[view.getUint16(at + 2, true) & NLA_TYPE_MASK];
      if (entry?.selector === undefined) continue;
      const size = view.getUint16(at, true);
      const selected = out[entry.selector];
      out[entry.key] = entry.codec.read(bytes, view, at + NLA_HEADER, size - NLA_HEADER, selected);
    }
  }

  /** The path of the attribute that `offset` lies in, for the kernel's error offsets. */
  pathOf(bytes: Uint8Array, from: number, to: number, offset: number): string | undefined;
  pathOf(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    offset: number,
  ): string | undefined;
  pathOf(
    bytes: Uint8Array,
    second: DataView | number,
    third: number,
    fourth: number,
    fifth?: number,
  ): string | undefined {
    if (typeof second !== 'number') return this.#find(bytes, second, third, fourth, fifth ?? 0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#find(bytes, view, second, third, fourth);
  }

  #find(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    offset: number,
  ): string | undefined {
    let at = from;
    let selected: Record<string, unknown> | undefined;
    while (at + NLA_HEADER <= to) {
      const size = view.getUint16(at, true);
      if (size < NLA_HEADER || at + size > to) return undefined;
      const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
      if (offset >= at && offset < at + size) {
        const entry = this.#byNumber[type];
        if (entry === undefined) return `unknown(${type})`;
        if (entry.selector !== undefined) selected = this.#selectors(bytes, view, from, to);
        const inner =
          offset < at + NLA_HEADER
            ? undefined
            : innerPath(entry, bytes, view, at, size, offset, selected);
        if (inner === undefined) return entry.key;
        return inner.startsWith('[') ? entry.key + inner : `${entry.key}.${inner}`;
      }
      at += (size + 3) & ~3;
    }
    return undefined;
  }

  /** What the attributes that choose a union say. */
  #selectors(bytes: Uint8Array, view: DataView, from: number, to: number): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    let at = from;
    while (at + NLA_HEADER <= to) {
      const size = view.getUint16(at, true);
      if (size < NLA_HEADER || at + size > to) break;
      const entry = this.#byNumber[view.getUint16(at + 2, true) & NLA_TYPE_MASK];
      if (entry !== undefined && !entry.codec.nested && entry.selector === undefined) {
        try {
          out[entry.key] = entry.codec.read(bytes, view, at + NLA_HEADER, size - NLA_HEADER);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }
      at += (size + 3) & ~3;
    }
    return out;
  }
}

function innerPath(
  entry: Entry,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  size: number,
  offset: number,
  siblings: Record<string, unknown> | undefined,
): string | undefined {
  const codec = entry.codec as Codec<unknown> & {
    select?(value: unknown): Codec<unknown> | undefined;
  };
  const chosen = entry.selector === undefined ? codec : codec.select?.(siblings?.[entry.selector]);
  return chosen?.pathOf?.(bytes, view, at + NLA_HEADER, at + size, offset);
}

function keep(
  out: Record<string, unknown>,
  type: number,
  bytes: Uint8Array,
  at: number,
  size: number,
): void {
  const kept = { type, bytes: bytes.slice(at + NLA_HEADER, at + size) };
  if (out.unknown === undefined) out.unknown = [kept];
  else (out.unknown as UnknownAttribute[]).push(kept);
}

export function table<const S extends Shape>(
  name: string,
  shape: S,
  options?: { nested?: boolean },
): Table<S> {
  return new Table(name, shape, options);
}
