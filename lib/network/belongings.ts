import type { Request } from '../netlink/request.ts';
import { type Address, type AddressSpec, address } from '../rtnetlink/address/api.ts';
import { type Route, type RouteKey, type RouteSpec, route } from '../rtnetlink/route/api.ts';

/** Both kinds of link-local addresses belong to the link itself, and stay. */
export const moves = ({ scope }: Address): boolean => scope !== 'link' && scope !== 'host';

/** The kernel makes its own routes with the addresses; exceptions that it learnt are cached. */
export const leads = ({ protocol, cloned }: Route): boolean =>
  protocol !== 'kernel' && protocol !== 'redirect' && cloned !== true;

/** Why a route can't be made anew as it was; undefined where it can. */
export function immovable(found: Route): string | undefined {
  if (found.nhid !== undefined) return `goes by the nexthop object ${found.nhid}`;
  if (found.encap !== undefined || found.nexthops?.some(({ encap }) => encap !== undefined)) {
    return 'encapsulates what it sends';
  }
  if (found.realms !== undefined) return 'has realms';
  if (typeof found.type !== 'string') return `is of the unknown type ${found.type}`;
  if (found.family !== 'inet' && found.family !== 'inet6')
    return `is of the family ${found.family}`;
  return undefined;
}

/**
 * The order in which addresses are given so that they are listed as before: IPv4 behind each other
 * (the first of a subnet is the primary one), IPv6 each before the earlier ones.
 */
export function inOrder(addresses: readonly Address[]): Address[] {
  return [
    ...addresses.filter(({ family }) => family === 'inet'),
    ...addresses.filter(({ family }) => family === 'inet6').toReversed(),
  ];
}

/** Routes to what is on the link before those by routers, which they make reachable. */
export function linkFirst(routes: readonly Route[]): Route[] {
  const byRouter = ({ via, nexthops = [] }: Route): boolean =>
    via !== undefined || nexthops.some((hop) => hop.via !== undefined);
  return [...routes.filter((each) => !byRouter(each)), ...routes.filter(byRouter)];
}

/** The same address, on whatever link. */
export const addressKey = ({ address: text, peer }: Address): string => `${text} ${peer ?? ''}`;

/** The same route, over whatever link. */
export function routeKey(found: Route): string {
  const { family, table, type, dst, from, tos, metric, via, nexthops } = found;
  const hops = nexthops?.map((hop) => hop.via ?? hop.dev);
  return JSON.stringify([family, table, type, dst, from, tos, metric, via, hops]);
}

/**
 * Gives an address to a link.
 * @param label whether it keeps its label, which names the link that it was on
 */
export function give(found: Address, dev: number, label: boolean): Request<void>[] {
  const { flags, scope, metric, protocol, broadcast, preferredLifetime, validLifetime } = found;
  const spec: AddressSpec = {
    dev,
    address: found.address,
    scope,
    preferredLifetime,
    validLifetime,
    home: flags.includes('home'),
    mngTmpAddr: flags.includes('mngTmpAddr'),
    noPrefixRoute: flags.includes('noPrefixRoute'),
    autoJoin: flags.includes('autoJoin'),
  };
  if (found.peer !== undefined) spec.peer = found.peer;
  if (broadcast !== undefined) spec.broadcast = broadcast;
  if (metric !== undefined) spec.metric = metric;
  if (protocol !== undefined) spec.protocol = protocol;
  if (label && found.label !== undefined) spec.label = found.label;
  if (found.family === 'inet') return [address.add(spec)];
  // It is the same segment, where nobody else has it: usable at once, for the routes that name it
  // as their source. Behind that it gets its own flags.
  const noDad = flags.includes('noDad');
  const made = address.add({ ...spec, noDad: true });
  return noDad ? [made] : [made, address.replace(spec)];
}

export function take({ address: text, peer }: Address, dev: number): Request<void> {
  return address.delete(peer === undefined ? { dev, address: text } : { dev, address: text, peer });
}

/** What names the route, with `to` in the place of the link `from`. */
function keyOver(found: Route, from: number, to: number): RouteKey {
  const { table, protocol, scope, metric, tos, via, dev, nexthops, type, family } = found;
  const any = family === 'inet6' ? '::/0' : '0.0.0.0/0';
  const other = (index: number | undefined) => (index === from ? to : index);
  const key: RouteKey = { dst: found.dst === 'default' ? any : found.dst, table, protocol, scope };
  if (typeof type === 'string') key.type = type;
  if (metric !== undefined) key.metric = metric;
  if (tos !== undefined) key.tos = tos;
  if (found.from !== undefined) key.from = found.from;
  if (via !== undefined) key.via = via;
  if (dev !== undefined && nexthops === undefined) key.dev = other(dev);
  if (nexthops !== undefined) {
    key.nexthops = nexthops.map((hop) => ({
      ...(hop.via === undefined ? {} : { via: hop.via }),
      ...(hop.dev === undefined ? {} : { dev: other(hop.dev) }),
      weight: hop.weight,
      onlink: hop.flags.includes('onlink'),
    }));
  }
  return key;
}

/** Makes a route anew, over the link `to` where it went over `from`. */
export function lead(found: Route, from: number, to: number): Request<void> {
  const spec: RouteSpec = keyOver(found, from, to);
  if (found.flags.includes('onlink')) spec.onlink = true;
  if (found.src !== undefined) spec.src = found.src;
  if (found.metrics !== undefined && Object.keys(found.metrics).length > 0)
    spec.metrics = found.metrics;
  if (found.pref !== undefined) spec.pref = found.pref;
  if (found.expires !== undefined) spec.expires = Math.max(1, Math.ceil(found.expires));
  if (found.ttlPropagate !== undefined) spec.ttlPropagate = found.ttlPropagate;
  // Several routes may have one destination and metric, on this link or others: each comes behind
  // those that are there. The very same one is EEXIST all the same.
  return route.append(spec);
}

/** Takes a route away that went over the link `from` and goes over `to` by now. */
export function drop(found: Route, from: number, to: number): Request<void> {
  return route.delete(keyOver(found, from, to));
}
