import type { Path } from './path.ts';
import type { Writer } from './writer.ts';

/** Reads and writes the payload of one attribute, straight on the buffers. */
export interface Codec<T> {
  /** For the documentation: 'u32', 'text of at most 15 bytes'. */
  readonly type: string;
  /** Bytes, where it is fixed. */
  readonly size?: number;
  /** Alignment inside a C struct, where it is not the size. */
  readonly alignment?: number;
  /** Its attribute carries NLA_F_NESTED. */
  readonly nested?: boolean;
  /** Values that documentation and tests may use; each survives a round trip. */
  readonly samples?: readonly T[];
  /** The codecs that this one is made of, so that every table can be found from those above it. */
  readonly inner?: readonly unknown[];
  /** The sibling attribute that says how to read this one (see `union`). */
  readonly selector?: string;

  write(w: Writer, value: T, path: Path, selected?: unknown): void;
  read(bytes: Uint8Array, view: DataView, at: number, length: number, selected?: unknown): T;
  /** For nests: the attribute path at a byte offset. */
  pathOf?(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    offset: number,
  ): string | undefined;
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never;
