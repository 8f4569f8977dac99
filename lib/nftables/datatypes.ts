import { invalidValue } from '../errors.ts';
import type { ByteOrder } from './userdata.ts';

interface Datatype {
  /** nft's number of the type (datatype.h of nftables): the kernel keeps it for nft's listings. */
  readonly id: number;
  /** Bytes. */
  readonly size: number;
  readonly order: ByteOrder;
}

export const DATATYPES = {
  nf_proto: { id: 2, size: 1, order: 1 },
  ipv4_addr: { id: 7, size: 4, order: 2 },
  ipv6_addr: { id: 8, size: 16, order: 2 },
  ether_addr: { id: 9, size: 6, order: 2 },
  inet_proto: { id: 12, size: 1, order: 2 },
  inet_service: { id: 13, size: 2, order: 2 },
  mark: { id: 19, size: 4, order: 1 },
  iface_index: { id: 20, size: 4, order: 1 },
  ifname: { id: 41, size: 16, order: 1 },
  /** NFT_DATA_VERDICT, of verdict maps. */
  verdict: { id: 0xffff_ff00, size: 16, order: 0 },
} as const satisfies Record<string, Datatype>;

export type DatatypeName = keyof typeof DATATYPES;

/** What the kernel keeps of a key's or a value's type: several names are a concatenation. */
export function datatype(path: string, names: readonly DatatypeName[]): Datatype {
  const known = names.every((name) => Object.hasOwn(DATATYPES, name));
  if (names.length === 0 || names.length > 5 || !known) {
    throw invalidValue(
      path,
      names.join(' . '),
      `one to five of ${Object.keys(DATATYPES).join(', ')}`,
    );
  }
  if (names.length === 1) return DATATYPES[names[0]];
  // TYPE_BITS of nftables: six bits for each type.
  const id = names.reduce((sum, name) => (sum << 6) | DATATYPES[name].id, 0);
  const size = names.reduce((sum, name) => sum + ((DATATYPES[name].size + 3) & ~3), 0);
  return { id, size, order: 0 };
}
