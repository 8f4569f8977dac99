import { isIP } from 'node:net';
import { invalidType, invalidValue } from '../../../errors.ts';
import { type Codec, ipv4 } from '../../../wire/codecs.ts';
import type { Path } from '../../../wire/path.ts';
import { type Shape, Table, type Values } from '../../../wire/schema.ts';
import type { Writer } from '../../../wire/writer.ts';

/**
 * A table in which an IPv4 and an IPv6 address are attributes of different numbers, 'local' and
 * 'local6': an address of either family may be told under the shorter name, and is read back there.
 */
export class DualTable<S extends Shape> extends Table<S> {
  readonly #dual: readonly string[];

  constructor(name: string, shape: S) {
    super(name, shape);
    this.#dual = Object.keys(shape).filter((key) => `${key}6` in shape);
  }

  override put(w: Writer, key: string, value: unknown, path: Path, siblings: object): boolean {
    const other = typeof value === 'string' && value.includes(':') && this.#dual.includes(key);
    return super.put(w, other ? `${key}6` : key, value, path, siblings);
  }

  override write(w: Writer, value: Values<S>, path: Path): void {
    const given: Record<string, unknown> = value;
    const ends = this.#dual.filter((key) => String(given?.[key]).includes(':'));
    if (ends.length === 0) {
      super.write(w, value, path);
      return;
    }
    const apart = Object.entries(given).map(([key, each]) => [
      ends.includes(key) ? `${key}6` : key,
      each,
    ]);
    super.write(w, Object.fromEntries(apart) as Values<S>, path);
  }

  override read(bytes: Uint8Array, view: DataView, at: number, length: number): Values<S> {
    return this.#joined(super.read(bytes, view, at, length));
  }

  override readInto(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    into: Values<S>,
  ): Values<S> {
    return this.#joined(super.readInto(bytes, view, from, to, into));
  }

  #joined(values: Values<S>): Values<S> {
    const out: Record<string, unknown> = values;
    for (const key of this.#dual) {
      const address = out[`${key}6`];
      if (address === undefined) continue;
      out[key] = address;
      delete out[`${key}6`];
    }
    return values;
  }
}

/** The attribute of the IPv4 address, whose name takes IPv6 addresses too. */
export const dualIpv4: Codec<string> = {
  ...ipv4,
  type: 'IPv4 address (an IPv6 address is sent as the attribute beside)',
  write(w, value, path) {
    if (typeof value !== 'string') throw invalidType(path.toString(), value, 'an IP address');
    if (isIP(value) === 0) throw invalidValue(path.toString(), value, 'an IP address');
    ipv4.write(w, value, path);
  },
};
