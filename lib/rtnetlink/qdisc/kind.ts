import { checkKeys, object } from '../../check.ts';
import type { Codec } from '../../wire/codecs.ts';
import type { Path } from '../../wire/path.ts';

/**
 * A kind of qdisc, class, filter or action: its options as the caller sees them, on top of those
 * the kernel takes.
 */
export interface OptionsCodec<V> extends Codec<V> {
  /** The kernel wants its options even where none is told. */
  readonly always: boolean;
}

export interface OptionsKind<V, W> {
  /** Every key that may be told. */
  keys: readonly (keyof V & string)[];
  always?: boolean;
  toWire(options: V, path: string): W;
  fromWire(wire: W): V;
  samples?: readonly V[];
}

export function options<V extends object, W>(
  base: Codec<W>,
  kind: OptionsKind<V, W>,
): OptionsCodec<V> {
  const keys = new Set<string>(kind.keys);
  return {
    type: base.type,
    nested: base.nested,
    inner: [base],
    samples: kind.samples,
    always: kind.always ?? false,
    write(w, value, path: Path) {
      const name = path.toString();
      object(name, value);
      checkKeys(name, value, keys);
      base.write(w, kind.toWire(value, name), path);
    },
    read: (bytes, view, at, length) => kind.fromWire(base.read(bytes, view, at, length)),
    pathOf: base.pathOf?.bind(base),
  };
}

/** Leaves out what is undefined, so that reading gives only what there is. */
export function compact<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[]) {
    if (value[key] === undefined) delete value[key];
  }
  return value;
}
