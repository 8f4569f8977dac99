import { invalidType, invalidValue, outOfRange } from '../errors.ts';
import type { Codec } from './codec.ts';
import { DecodeError } from './errors.ts';
import { type IntegerCodec, tooShort } from './numbers.ts';
import { MAX_ATTRIBUTE, NLA_F_NESTED, NLA_HEADER } from './writer.ts';

export * from './addresses.ts';
export type { Codec, ValueOf } from './codec.ts';
export * from './numbers.ts';
export * from './texts.ts';

/** NLA_FLAG: the attribute's presence is the value. `false` writes nothing (see the table). */
export const flag: Codec<boolean> = {
  type: 'flag',
  size: 0,
  samples: [true],
  write(_w, value, path) {
    if (typeof value !== 'boolean') throw invalidType(path.toString(), value, 'true or false');
  },
  read: () => true,
};

/** A u8 that is 0 or 1 (or, in reading, anything else: true). */
export const bool: Codec<boolean> = boolOf('u8 as boolean', 1);
/** The same in 32 bits, as some attributes want it. */
export const bool32: Codec<boolean> = boolOf('u32 as boolean', 4);

function boolOf(type: string, size: number): Codec<boolean> {
  return {
    type,
    size,
    samples: [true, false],
    write(w, value, path) {
      if (typeof value !== 'boolean') throw invalidType(path.toString(), value, 'true or false');
      if (size === 1) w.u8(value ? 1 : 0);
      else w.u32(value ? 1 : 0);
    },
    read(bytes, _view, at, length) {
      if (length < size) throw tooShort(type, size, length, at);
      for (let i = 0; i < size; i++) if (bytes[at + i] !== 0) return true;
      return false;
    },
  };
}

/** Bytes as they are, copied out in reading; with `size`, exactly so many in writing. */
export function bytes(size?: number): Codec<Uint8Array> {
  return {
    type: size === undefined ? 'bytes' : `${size} bytes`,
    size,
    alignment: 1,
    samples: [new Uint8Array(size ?? 5).fill(7)],
    write(w, value, path) {
      const allowed = size === undefined ? 'a Uint8Array' : `a Uint8Array of ${size} bytes`;
      if (!(value instanceof Uint8Array)) throw invalidType(path.toString(), value, allowed);
      if (size !== undefined && value.length !== size) {
        throw invalidValue(path.toString(), value, allowed);
      }
      if (value.length > MAX_ATTRIBUTE - NLA_HEADER) {
        throw outOfRange(path.toString(), value, `of at most ${MAX_ATTRIBUTE - NLA_HEADER} bytes`);
      }
      w.raw(value);
    },
    read: (all, _view, at, length) =>
      all.slice(at, at + (size === undefined ? length : Math.min(size, length))),
  };
}

export const binary: Codec<Uint8Array> = bytes();

/** A number with names: the name in reading, name or number in writing. Unknown numbers stay numbers. */
export function oneOf<const M extends Record<string, number>>(
  base: IntegerCodec,
  names: M,
): Codec<(keyof M & string) | number> {
  const keys = Object.keys(names) as (keyof M & string)[];
  const byNumber = new Map<number, keyof M & string>();
  // The first of several names for a number is the one shown.
  for (const key of keys) if (!byNumber.has(names[key])) byNumber.set(names[key], key);
  const numbers = new Map<string, number>(Object.entries(names));
  const allowed = `one of '${keys.join("', '")}' or a number`;
  return {
    type: `${base.type}: ${keys.join(' | ')}`,
    size: base.size,
    samples: [...byNumber.values()],
    write(w, value, path) {
      if (typeof value === 'number') return base.write(w, value, path);
      if (typeof value !== 'string') throw invalidType(path.toString(), value, allowed);
      const number = numbers.get(value);
      if (number === undefined) throw invalidValue(path.toString(), value, allowed);
      base.write(w, number, path);
    },
    read(all, view, at, length) {
      const number = base.read(all, view, at, length);
      return byNumber.get(number) ?? number;
    },
  };
}

/** Flags by name. Bits without a name are kept under `other`, so that nothing is lost. */
export type Bits<K extends string> = { [name in K]?: boolean } & { other?: number };

/** Named bits (masks, not positions); in reading every name is there, true or false. */
export function bits<const M extends Record<string, number>>(
  base: IntegerCodec,
  masks: M,
): Codec<Bits<keyof M & string>> {
  type Value = Bits<keyof M & string>;
  const names = Object.keys(masks) as (keyof M & string)[];
  const known = Object.values(masks).reduce((all, mask) => (all | mask) >>> 0, 0);
  const on: Record<string, boolean> = {};
  const off: Record<string, boolean> = {};
  for (const name of names) {
    on[name] = true;
    off[name] = false;
  }
  return {
    type: `${base.type} of bits: ${names.join(', ')}`,
    size: base.size,
    samples: [on as Value, off as Value],
    write(w, value, path) {
      if (typeof value !== 'object' || value === null) {
        throw invalidType(path.toString(), value, `an object of flags: ${names.join(', ')}`);
      }
      let number = 0;
      for (const key in value) {
        const set = (value as Record<string, unknown>)[key];
        if (key === 'other' && typeof set === 'number') {
          number |= set;
        } else if (Object.hasOwn(masks, key)) {
          if (typeof set !== 'boolean' && set !== undefined) {
            throw invalidType(`${path}.${key}`, set, 'true or false');
          }
          if (set) number |= masks[key];
        } else {
          throw invalidValue(`${path}.${key}`, set, `one of the flags ${names.join(', ')}`);
        }
      }
      base.write(w, number >>> 0, path);
    },
    read(all, view, at, length) {
      const number = base.read(all, view, at, length);
      const value: Record<string, boolean | number> = {};
      for (const name of names) value[name] = (number & masks[name]) !== 0;
      const other = (number & ~known) >>> 0;
      if (other !== 0) value.other = other;
      return value as Value;
    },
  };
}

/** Another face for the same bytes. */
export function mapped<W, T>(
  base: Codec<W>,
  type: string,
  toWire: (value: T, path: string) => W,
  fromWire: (wire: W) => T,
  samples?: readonly T[],
): Codec<T> {
  return {
    type,
    size: base.size,
    alignment: base.alignment,
    samples,
    write: (w, value, path) => base.write(w, toWire(value, path.toString()), path),
    read: (all, view, at, length) => fromWire(base.read(all, view, at, length)),
  };
}

function checkArray(path: { toString(): string }, value: unknown): void {
  if (!Array.isArray(value)) throw invalidType(path.toString(), value, 'an array');
}

/**
 * A nest whose attributes are the elements, one after the other. `element` is the type number each
 * gets: a number, or 'index' (from 0), or 'position' (from 1). In reading any number is taken.
 */
export function array<T>(codec: Codec<T>, element: number | 'index' | 'position' = 1): Codec<T[]> {
  const nested = codec.nested ? NLA_F_NESTED : 0;
  return {
    type: `list of ${codec.type}`,
    nested: true,
    inner: [codec],
    samples:
      codec.samples === undefined
        ? undefined
        : [[...codec.samples], [...codec.samples].slice(0, 1)],
    write(w, value, path) {
      checkArray(path, value);
      path.enter();
      for (let i = 0; i < value.length; i++) {
        path.set(i);
        const type = element === 'index' ? i : element === 'position' ? i + 1 : element;
        const start = w.begin(type | nested);
        codec.write(w, value[i], path);
        endChecked(w, start, path);
      }
      path.leave();
    },
    read(all, view, from, length) {
      const out: T[] = [];
      const to = from + length;
      let at = from;
      while (at + NLA_HEADER <= to) {
        const size = attributeLength(view, at, to);
        out.push(codec.read(all, view, at + NLA_HEADER, size - NLA_HEADER));
        at += (size + 3) & ~3;
      }
      return out;
    },
    pathOf(all, view, from, to, offset) {
      for (let at = from, i = 0; at + NLA_HEADER <= to; i++) {
        // An element of a length that does not fit is itself what the error is about.
        const size = view.getUint16(at, true);
        if (size < NLA_HEADER || at + size > to) return `[${i}]`;
        if (offset < at + size) {
          const inner = codec.pathOf?.(all, view, at + NLA_HEADER, at + size, offset);
          return inner === undefined ? `[${i}]` : `[${i}].${inner}`;
        }
        at += (size + 3) & ~3;
      }
      return undefined;
    },
  };
}

/** The length of the attribute at `at`; one that does not fit is a DecodeError. */
export function attributeLength(view: DataView, at: number, to: number): number {
  const size = view.getUint16(at, true);
  if (size < NLA_HEADER || at + size > to) {
    throw new DecodeError(`an attribute of ${size} bytes does not fit into ${to - at}`, at);
  }
  return size;
}

/** Closes an attribute, with the path in the error when it has grown too long. */
export function endChecked(
  w: { length: number; end(start: number): void },
  start: number,
  path: { toString(): string },
): void {
  if (w.length - start > MAX_ATTRIBUTE) {
    throw outOfRange(path.toString(), w.length - start, `of at most ${MAX_ATTRIBUTE} bytes`);
  }
  w.end(start);
}

/** Elements of a fixed size back to back in one attribute (a C array). */
export function packed<T>(codec: Codec<T>): Codec<T[]> {
  const size = codec.size;
  if (size === undefined || size === 0) throw new TypeError(`${codec.type} has no fixed size`);
  return {
    type: `array of ${codec.type}`,
    inner: [codec],
    samples: codec.samples === undefined ? undefined : [[...codec.samples]],
    write(w, value, path) {
      checkArray(path, value);
      path.enter();
      for (let i = 0; i < value.length; i++) {
        path.set(i);
        codec.write(w, value[i], path);
      }
      path.leave();
    },
    read(all, view, at, length) {
      const out: T[] = [];
      for (let i = 0; i + size <= length; i += size) out.push(codec.read(all, view, at + i, size));
      return out;
    },
  };
}

/** For tables that hold themselves. */
export function lazy<T>(get: () => Codec<T>, nested = true): Codec<T> {
  return {
    type: 'nest',
    get inner() {
      return [get()];
    },
    nested,
    write: (w, value, path, selected) => get().write(w, value, path, selected),
    read: (all, view, at, length, selected) => get().read(all, view, at, length, selected),
    pathOf: (all, view, from, to, offset) => get().pathOf?.(all, view, from, to, offset),
  };
}
