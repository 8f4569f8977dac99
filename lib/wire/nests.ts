import { invalidType, invalidValue } from '../errors.ts';
import type { Codec } from './codec.ts';
import type { Shape, Table, Values } from './schema.ts';
import type { Struct } from './struct.ts';

/** A table as an attribute's payload. A table is a codec itself; this sets the flag otherwise. */
export function nest<S extends Shape>(
  table: Table<S>,
  options: { flag?: boolean } = {},
): Codec<Values<S>> {
  if (options.flag === undefined || options.flag === table.nested) return table;
  return {
    type: table.type,
    nested: options.flag,
    inner: [table],
    write: (w, value, path) => table.write(w, value, path),
    read: (bytes, view, at, length) => table.read(bytes, view, at, length),
    pathOf: (bytes, view, from, to, offset) => table.pathOf(bytes, view, from, to, offset),
  };
}

/** A payload of a fixed header, then attributes: `{ header: {…}, …attributes }`. */
export function headed<H extends object, S extends Shape>(
  header: Struct<H>,
  table: Table<S>,
  options: { flag?: boolean } = {},
): Codec<{ header: Partial<H> } & Values<S>> {
  const size = (header.size + 3) & ~3;
  return {
    type: `${header.type}, then ${table.name}`,
    nested: options.flag ?? true,
    inner: [header, table],
    write(w, value, path) {
      if (typeof value !== 'object' || value === null)
        throw invalidType(path.toString(), value, 'an object');
      const { header: fixed, ...attributes } = value;
      path.enter();
      path.set('header');
      header.write(w, fixed ?? {}, path);
      w.align();
      path.leave();
      table.write(w, attributes as Values<S>, path);
    },
    read(bytes, view, at, length) {
      const out: Record<string, unknown> = { header: header.read(bytes, view, at, length) };
      table.readInto(bytes, view, at + size, at + Math.max(length, size), out as Values<S>);
      return out as { header: Partial<H> } & Values<S>;
    },
    pathOf(bytes, view, from, to, offset) {
      if (offset < from + size) return 'header';
      return table.pathOf(bytes, view, from + size, to, offset);
    },
  };
}

/** One of the members' values: the condition is asked of each member by itself. */
type ValueOfAny<C> = C extends Codec<infer T> ? T : never;
type AnyValue<M> = ValueOfAny<M[keyof M]>;

/**
 * A payload whose form is told by a sibling attribute, `selector`. A kind that is not in `members`
 * is raw bytes, in reading and writing.
 */
// biome-ignore lint/suspicious/noExplicitAny: codecs of every type
export function union<M extends Record<string, Codec<any>>>(
  selector: string,
  members: M,
  options: { nested?: boolean } = {},
): Codec<AnyValue<M> | Uint8Array> & {
  readonly members: M;
  select(value: unknown): Codec<unknown> | undefined;
} {
  const byKind = new Map<unknown, Codec<unknown>>(Object.entries(members));
  return {
    type: `by ${selector}: ${[...byKind.keys()].join(' | ')}, else bytes`,
    nested: options.nested ?? true,
    selector,
    inner: Object.values(members),
    members,
    select: (value) => byKind.get(value),
    write(w, value, path, selected) {
      const codec = this.select(selected);
      if (value instanceof Uint8Array) {
        w.raw(value);
      } else if (codec === undefined) {
        throw invalidValue(
          path.toString(),
          value,
          `a Uint8Array: '${String(selected)}' is not known here`,
        );
      } else {
        codec.write(w, value, path);
      }
    },
    read(bytes, view, at, length, selected) {
      const codec = this.select(selected);
      if (codec === undefined) return bytes.slice(at, at + length);
      return codec.read(bytes, view, at, length) as AnyValue<M>;
    },
  };
}
