import type { Address } from '../rtnetlink/address/api.ts';
import { type Link, link } from '../rtnetlink/link/api.ts';
import type { Route } from '../rtnetlink/route/api.ts';
import { addressKey, routeKey } from './belongings.ts';
import { addressMark, type CardRecord, marksOf, readCard, routeMark } from './card-record.ts';
import type { Host } from './host.ts';
import { type Holdings, holdings, Move } from './move.ts';
import type { Settings } from './settings.ts';

/** A card that another process has put on the bridge. */
export interface FoundCard {
  link: Link;
  had: Holdings;
  move: Move;
  /** Its process died on the way, there or back: it is on the bridge, but not what it had, or the other way round. */
  half: boolean;
}

/** The cards of a network whose process is gone, by the records that they carry. */
export async function findCards(host: Host, settings: Settings): Promise<FoundCard[]> {
  const bridge = await host.ns.channel.run(link.get(settings.name));
  const found: FoundCard[] = [];
  // One on its way back is a port no more, so all links are looked at.
  for (const each of await host.ns.channel.run(link.list())) {
    const record = readCard(each.alias);
    if (record?.card !== settings.name) continue;
    const card = await readBack(host, settings, each, bridge, record);
    if (card !== undefined) found.push(card);
  }
  return found;
}

async function readBack(
  host: Host,
  settings: Settings,
  card: Link,
  bridge: Link,
  record: CardRecord,
): Promise<FoundCard | undefined> {
  const [here, there] = [await holdings(host, card.index), await holdings(host, bridge.index)];
  if (here === undefined || there === undefined) return undefined;
  const marks = marksOf(record);
  const { addresses, subnets } = settings;
  const own = new Set<string>([
    ...[addresses.gateway4, addresses.gateway6].filter((each) => each !== undefined),
    ...subnets.map(({ address, length }) => `${address}/${length}`),
  ]);
  const [from, to] = [card.index, bridge.index];
  const itsAddress = (each: Address): boolean =>
    marks?.has(addressMark(each)) ?? !own.has(each.local ?? '');
  const itsRoute = (each: Route): boolean =>
    marks?.has(routeMark(each, from, to)) ?? !own.has(each.dst);
  const moved: Holdings = {
    addresses: there.addresses.filter(itsAddress),
    routes: there.routes.filter(itsRoute),
  };
  const kept: Holdings = {
    addresses: here.addresses.filter(itsAddress),
    routes: here.routes.filter(itsRoute),
  };
  const missing = {
    addresses: lacking(kept.addresses, moved.addresses, addressKey),
    routes: lacking(kept.routes, moved.routes, routeKey),
  };
  const had: Holdings = {
    addresses: [...moved.addresses.map((each) => unlabelled(each, bridge)), ...missing.addresses],
    routes: [...moved.routes.map((each) => over(each, to, from)), ...missing.routes],
  };
  const before: Link = {
    ...card,
    up: record.down !== true,
    promisc: record.promisc === true,
    alias: record.alias ?? '',
  };
  const bridgeHad: Holdings = {
    addresses: there.addresses.filter((each) => !itsAddress(each)),
    routes: there.routes.filter((each) => !itsRoute(each)),
  };
  const move = new Move(host, before, bridge, had, bridgeHad);
  const half = card.master !== to || missing.addresses.length > 0 || missing.routes.length > 0;
  return { link: before, had, move, half };
}

/** Without the label that the kernel gives: the name of the link. */
function unlabelled(each: Address, { name }: Link): Address {
  if (each.label !== name) return each;
  const { label: _label, ...rest } = each;
  return rest;
}

function lacking<T>(all: readonly T[], there: readonly T[], key: (of: T) => string): T[] {
  const known = new Set(there.map(key));
  return all.filter((each) => !known.has(key(each)));
}

/** A route over one link, as it is over another. */
function over(found: Route, from: number, to: number): Route {
  const other = (dev: number | undefined) => (dev === from ? to : dev);
  const { dev, nexthops } = found;
  const moved: Route = { ...found };
  if (dev !== undefined) moved.dev = other(dev);
  if (nexthops !== undefined)
    moved.nexthops = nexthops.map((hop) => ({ ...hop, dev: other(hop.dev) }));
  return moved;
}
