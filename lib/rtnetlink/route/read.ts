import type { Replies } from '../../netlink/replies.ts';
import { familyName } from '../families.ts';
import { routeProtocols, routeScopes, routeTables } from '../names.ts';
import {
  NEXTHOP_FLAGS,
  type NextHopFlag,
  ROUTE_TYPES,
  type RouteType,
  RTM_F_CLONED,
} from './constants.ts';
import { encapFromWire } from './encap.ts';
import { routeTable, rtmsg, type WireHop } from './schema.ts';
import type { NextHop, Route } from './spec.ts';

const TYPE_NAMES = new Map<number, RouteType>(
  Object.entries(ROUTE_TYPES).map(([name, number]) => [number, name as RouteType]),
);
const FLAGS = Object.entries(NEXTHOP_FLAGS) as [NextHopFlag, number][];
/** USER_HZ: the expiry of a route is told in hundredths of a second. */
const USER_HZ = 100;

function flagNames(bits: number): NextHopFlag[] {
  const names: NextHopFlag[] = [];
  if ((bits & 0xff) !== 0)
    for (const [name, bit] of FLAGS) if ((bits & bit) !== 0) names.push(name);
  return names;
}

function prefix(address: string | undefined, length: number, family: number): string {
  if (address === undefined) return length === 0 ? 'default' : `0.0.0.0/${length}`;
  return length === (family === 2 ? 32 : 128) ? address : `${address}/${length}`;
}

/** The route under the cursor. */
export function readRoute(r: Replies): Route {
  const { bytes, view, from, to } = r;
  const header = rtmsg.read(bytes, view, from, to - from);
  const found = routeTable.decode(bytes, view, from + rtmsg.size, to);
  const route: Route = {
    family: familyName(header.family) ?? (header.family === 28 ? 'mpls' : header.family),
    type: TYPE_NAMES.get(header.type) ?? header.type,
    dst: prefix(found.dst, header.dstLength, header.family),
    table: routeTables.nameOrNumber(found.table ?? header.table),
    protocol: routeProtocols.nameOrNumber(header.protocol),
    scope: routeScopes.nameOrNumber(header.scope),
    flags: flagNames(header.flags),
  };
  const gateway = found.gateway ?? found.via;
  if (gateway !== undefined) route.via = gateway;
  if (typeof found.dev === 'number') route.dev = found.dev;
  if (found.src !== undefined) route.src = found.src;
  if (header.srcLength > 0) route.from = prefix(found.from, header.srcLength, header.family);
  if (found.metric !== undefined) route.metric = found.metric;
  if (header.tos !== 0) route.tos = header.tos;
  if ((header.flags & RTM_F_CLONED) !== 0) route.cloned = true;
  if (found.metrics !== undefined) route.metrics = found.metrics;
  if (found.multipath !== undefined) route.nexthops = found.multipath.map(readHop);
  if (found.nhid !== undefined) route.nhid = found.nhid;
  if (found.encapType !== undefined) route.encap = encapFromWire(found.encapType, found.encap);
  if (found.pref !== undefined) route.pref = found.pref;
  if (found.ttlPropagate !== undefined) route.ttlPropagate = found.ttlPropagate;
  if (typeof found.iif === 'number') route.iif = found.iif;
  if (found.mark !== undefined && found.mark !== 0) route.mark = found.mark;
  if (found.uid !== undefined) route.uid = found.uid;
  if (found.flow !== undefined) route.realms = found.flow;
  if (found.cacheInfo !== undefined) {
    const { expires = 0, error = 0 } = found.cacheInfo;
    if (expires !== 0) route.expires = expires / USER_HZ;
    if (error !== 0) route.error = -error | 0;
  }
  if (found.unknown !== undefined) Object.assign(route, { unknown: found.unknown });
  return route;
}

function readHop(wire: WireHop): NextHop {
  const { gateway, via, encapType, encap } = wire.attributes;
  const hop: NextHop = { weight: wire.weight, flags: flagNames(wire.flags) };
  const router = gateway ?? via;
  if (router !== undefined) hop.via = router;
  if (typeof wire.dev === 'number' && wire.dev !== 0) hop.dev = wire.dev;
  if (encapType !== undefined) hop.encap = encapFromWire(encapType, encap);
  return hop;
}
