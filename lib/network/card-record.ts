import { createHash } from 'node:crypto';
import type { Address } from '../rtnetlink/address/api.ts';
import type { Link } from '../rtnetlink/link/api.ts';
import type { Route } from '../rtnetlink/route/api.ts';
import { addressKey, routeKey } from './belongings.ts';
import { MARK, MAX_ALIAS, readRecord } from './record.ts';

/** The record on a link of the host that has become a port: what it was, and what moved from it. */
export interface CardRecord {
  /** The network that has it. */
  card: string;
  /** It was down. */
  down?: true;
  promisc?: true;
  /** Its own alias. */
  alias?: string;
  /** A mark for each address and route that moved; all that is not the network's where it is missing. */
  moved?: string;
}

/** Letters of a mark: 24 bits, of which each alias has room for some 50. */
const MARK_LENGTH = 4;

const markOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, MARK_LENGTH);

export const addressMark = (of: Address): string => markOf(addressKey(of));

/** @param from of its next hops that are links, this one counts as `to` */
export function routeMark(of: Route, from: number, to: number): string {
  const nexthops = of.nexthops?.map((hop) => (hop.dev === from ? { ...hop, dev: to } : hop));
  return markOf(routeKey({ ...of, nexthops }));
}

/** Undefined where the kernel keeps no text so long: the way back is lost with the process then. */
export function cardAlias(
  network: string,
  { up, promisc, alias }: Link,
  moved: readonly string[],
): string | undefined {
  const record: CardRecord = { card: network };
  if (!up) record.down = true;
  if (promisc) record.promisc = true;
  if (alias) record.alias = alias;
  for (const each of [{ ...record, moved: moved.join('') }, record]) {
    const text = MARK + JSON.stringify(each);
    if (Buffer.byteLength(text) <= MAX_ALIAS) return text;
  }
  return undefined;
}

/** Undefined where the link is no network's card. */
export function readCard(alias: string | undefined): CardRecord | undefined {
  const record = readRecord(alias);
  if (record === undefined || typeof record.card !== 'string') return undefined;
  const { card, alias: own, moved } = record;
  return {
    card,
    ...(record.down === true ? { down: true } : {}),
    ...(record.promisc === true ? { promisc: true } : {}),
    ...(typeof own === 'string' ? { alias: own } : {}),
    ...(typeof moved === 'string' ? { moved } : {}),
  };
}

/** The marks of a record; undefined where it stands for all that is not the network's. */
export function marksOf({ moved }: CardRecord): ReadonlySet<string> | undefined {
  return moved === undefined ? undefined : new Set(moved.match(/.{4}/g));
}
