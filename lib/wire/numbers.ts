import { invalidType, outOfRange } from '../errors.ts';
import type { Codec } from './codec.ts';
import { DecodeError } from './errors.ts';
import type { Path } from './path.ts';
import type { Writer } from './writer.ts';

/** A whole number of a fixed size, with the range that the caller may use. */
export abstract class IntegerCodec implements Codec<number> {
  abstract readonly size: number;
  readonly type: string;
  readonly min: number;
  readonly max: number;

  constructor(type: string, min: number, max: number) {
    this.type = type;
    this.min = min;
    this.max = max;
  }

  get samples(): readonly number[] {
    return [this.min, this.max, Math.floor((this.max - this.min) / 3) + this.min];
  }

  /** The same encoding with a narrower range; what the kernel sends is not held to it. */
  abstract range(min: number, max: number): IntegerCodec;

  write(w: Writer, value: number, path: Path): void {
    this.check(value, path);
    this.put(w, value);
  }

  check(value: number, path: Path): void {
    // NaN and fractions fail the first test, both ends the others.
    if (Number.isInteger(value) && value >= this.min && value <= this.max) return;
    const allowed = `a whole number from ${this.min} to ${this.max}`;
    if (typeof value !== 'number') throw invalidType(path.toString(), value, allowed);
    throw outOfRange(path.toString(), value, allowed);
  }

  read(bytes: Uint8Array, view: DataView, at: number, length: number): number {
    if (length < this.size) throw tooShort(this.type, this.size, length, at);
    return this.get(view, at, bytes);
  }

  protected abstract put(w: Writer, value: number): void;
  protected abstract get(view: DataView, at: number, bytes: Uint8Array): number;
}

export function tooShort(type: string, size: number, length: number, at: number): DecodeError {
  return new DecodeError(`${type} needs ${size} bytes, there are ${length}`, at);
}

class U8 extends IntegerCodec {
  readonly size = 1;
  range(min: number, max: number) {
    return new U8(`u8 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.u8(value);
  }
  protected get(_view: DataView, at: number, bytes: Uint8Array) {
    return bytes[at];
  }
}

class S8 extends IntegerCodec {
  readonly size = 1;
  range(min: number, max: number) {
    return new S8(`s8 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.u8(value);
  }
  protected get(view: DataView, at: number) {
    return view.getInt8(at);
  }
}

class U16 extends IntegerCodec {
  readonly size = 2;
  range(min: number, max: number) {
    return new U16(`u16 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.u16(value);
  }
  protected get(view: DataView, at: number) {
    return view.getUint16(at, true);
  }
}

class S16 extends IntegerCodec {
  readonly size = 2;
  range(min: number, max: number) {
    return new S16(`s16 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.u16(value);
  }
  protected get(view: DataView, at: number) {
    return view.getInt16(at, true);
  }
}

class Be16 extends IntegerCodec {
  readonly size = 2;
  range(min: number, max: number) {
    return new Be16(`be16 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.be16(value);
  }
  protected get(view: DataView, at: number) {
    return view.getUint16(at, false);
  }
}

class U32 extends IntegerCodec {
  readonly size = 4;
  range(min: number, max: number) {
    return new U32(`u32 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.u32(value);
  }
  protected get(view: DataView, at: number) {
    return view.getUint32(at, true);
  }
}

class S32 extends IntegerCodec {
  readonly size = 4;
  range(min: number, max: number) {
    return new S32(`s32 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.s32(value);
  }
  protected get(view: DataView, at: number) {
    return view.getInt32(at, true);
  }
}

class Be32 extends IntegerCodec {
  readonly size = 4;
  range(min: number, max: number) {
    return new Be32(`be32 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.be32(value);
  }
  protected get(view: DataView, at: number) {
    return view.getUint32(at, false);
  }
}

/** A 64-bit number as a JavaScript number: counters past 2^53 lose their last digits in reading. */
class U64 extends IntegerCodec {
  readonly size = 8;
  range(min: number, max: number) {
    return new U64(`u64 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.u64(value);
  }
  protected get(view: DataView, at: number) {
    return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
  }
}

class Be64 extends IntegerCodec {
  readonly size = 8;
  range(min: number, max: number) {
    return new Be64(`be64 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.be32(Math.floor(value / 0x1_0000_0000));
    w.be32(value % 0x1_0000_0000);
  }
  protected get(view: DataView, at: number) {
    return view.getUint32(at, false) * 0x1_0000_0000 + view.getUint32(at + 4, false);
  }
}

class S64 extends IntegerCodec {
  readonly size = 8;
  range(min: number, max: number) {
    return new S64(`s64 ${min}..${max}`, min, max);
  }
  protected put(w: Writer, value: number) {
    w.u64big(BigInt.asUintN(64, BigInt(value)));
  }
  protected get(view: DataView, at: number) {
    return Number(view.getBigInt64(at, true));
  }
}

export const u8: IntegerCodec = new U8('u8', 0, 0xff);
export const s8: IntegerCodec = new S8('s8', -0x80, 0x7f);
export const u16: IntegerCodec = new U16('u16', 0, 0xffff);
export const s16: IntegerCodec = new S16('s16', -0x8000, 0x7fff);
export const be16: IntegerCodec = new Be16('be16', 0, 0xffff);
export const u32: IntegerCodec = new U32('u32', 0, 0xffff_ffff);
export const s32: IntegerCodec = new S32('s32', -0x8000_0000, 0x7fff_ffff);
export const be32: IntegerCodec = new Be32('be32', 0, 0xffff_ffff);
export const u64: IntegerCodec = new U64('u64', 0, Number.MAX_SAFE_INTEGER);
export const s64: IntegerCodec = new S64('s64', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const be64: IntegerCodec = new Be64('be64', 0, Number.MAX_SAFE_INTEGER);

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** A 64-bit number that must be exact (a handle, a cookie): a bigint. */
export const u64big: Codec<bigint> = {
  type: 'u64 as bigint',
  size: 8,
  samples: [0n, 1n, MAX_U64],
  write(w, value, path) {
    if (typeof value !== 'bigint') throw invalidType(path.toString(), value, 'a bigint');
    if (value < 0n || value > MAX_U64) {
      throw outOfRange(path.toString(), value, `from 0n to ${MAX_U64}n`);
    }
    w.u64big(value);
  },
  read(_bytes, view, at, length) {
    if (length < 8) throw tooShort('u64', 8, length, at);
    return view.getBigUint64(at, true);
  },
};
