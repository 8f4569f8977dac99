import {
  boolean,
  checkKeys,
  device,
  integer,
  ipAddress,
  ipPrefix,
  object,
  type Prefix,
} from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Dev } from '../../netlink/request.ts';
import type { Family } from '../families.ts';
import { routeProtocols, routeScopes, routeTables } from '../names.ts';
import {
  DEAD_ENDS,
  type NextHopFlag,
  ROUTE_TYPES,
  type ROUTER_PREFERENCES,
  type RouteType,
} from './constants.ts';
import type { Encap, EncapValue } from './encap.ts';
import type { RouteMetrics } from './schema.ts';

/** One of several ways of a route. */
export interface NextHopSpec {
  via?: string;
  dev?: Dev;
  /** Its share, 1 to 256; 1 unless given. */
  weight?: number;
  /** Reached by `dev` though no route says so. */
  onlink?: boolean;
  encap?: Encap;
}

/** A route, by the words of ip-route(8). */
export interface RouteSpec {
  /** 'default', a prefix '10.1.0.0/16', or a host's address. */
  dst: string;
  /** The router's address, of either family. */
  via?: string;
  dev?: Dev;
  /** The link counts as the gateway's whatever its addresses say. */
  onlink?: boolean;
  encap?: Encap;
  /** Several ways, instead of `via` and `dev`. */
  nexthops?: NextHopSpec[];
  /** A nexthop object instead (since 5.3). */
  nhid?: number;
  /** 'main' unless given; 'local' for routes of type 'local' and its like. */
  table?: string | number;
  /** 'unicast' unless given. */
  type?: RouteType;
  /** Who set it: 'static' unless given, a name of rt_protos or a number. */
  protocol?: string | number;
  /** 'global', 'link', 'host', 'nowhere' or a number; by type and gateway unless given. IPv4 only. */
  scope?: string | number;
  tos?: number;
  /** RTA_PRIORITY: the lower goes first. */
  metric?: number;
  /** The preferred source address. RTA_PREFSRC */
  src?: string;
  /** Only for packets from this prefix (IPv6 with subtrees). */
  from?: string;
  metrics?: RouteMetrics;
  /** Shorthand for `metrics: { mtu }`. */
  mtu?: number;
  /** IPv6: what a router would advertise. */
  pref?: keyof typeof ROUTER_PREFERENCES | number;
  /** Seconds until it goes (IPv6). */
  expires?: number;
  ttlPropagate?: boolean;
}

/** What names a route to be deleted: its destination, and whatever else is given must be the same. */
export type RouteKey = RouteSpec;

/** A next hop as the kernel has it. */
export interface NextHop {
  via?: string;
  /** ifindex; absent where there is none. */
  dev?: number;
  weight: number;
  flags: NextHopFlag[];
  encap?: EncapValue;
}

/** A route as the kernel has it. */
export interface Route {
  family: Family | 'mpls' | number;
  type: RouteType | number;
  /** 'default', or a prefix; a host's without its length. */
  dst: string;
  from?: string;
  via?: string;
  /** ifindex */
  dev?: number;
  src?: string;
  table: string | number;
  protocol: string | number;
  scope: string | number;
  metric?: number;
  tos?: number;
  flags: NextHopFlag[];
  /** Copied from another route by a lookup (RTM_F_CLONED). */
  cloned?: true;
  metrics?: RouteMetrics;
  nexthops?: NextHop[];
  nhid?: number;
  encap?: EncapValue;
  pref?: keyof typeof ROUTER_PREFERENCES | number;
  /** Seconds. */
  expires?: number;
  ttlPropagate?: boolean;
  /** The link a looked-up packet came in by. */
  iif?: number;
  mark?: number;
  uid?: number;
  realms?: number;
  /** What packets are answered with, of a dead end. */
  error?: number;
}

const KEYS: ReadonlySet<string> = new Set([
  'dst',
  'via',
  'dev',
  'onlink',
  'encap',
  'nexthops',
  'nhid',
  'table',
  'type',
  'protocol',
  'scope',
  'tos',
  'metric',
  'src',
  'from',
  'metrics',
  'mtu',
  'pref',
  'expires',
  'ttlPropagate',
]);
const HOP_KEYS: ReadonlySet<string> = new Set(['via', 'dev', 'weight', 'onlink', 'encap']);

/** What was checked of a spec. */
export interface Checked {
  /** 2 or 10: by the destination; of 'default', by the gateway. */
  family: 4 | 6;
  dst: Prefix | undefined;
  from: Prefix | undefined;
  type: RouteType;
  table: number;
}

export function checkRoute(spec: RouteSpec): Checked {
  object('route', spec);
  checkKeys('route', spec, KEYS);
  const dst = spec.dst === 'default' ? undefined : ipPrefix('route.dst', spec.dst);
  const from = spec.from === undefined ? undefined : ipPrefix('route.from', spec.from);
  checkWays(spec);
  const family = dst?.family ?? from?.family ?? familyOfDefault(spec);
  if (from !== undefined && from.family !== family) {
    throw invalidValue('route.from', spec.from, `an IPv${family} prefix`);
  }
  if (spec.src !== undefined) ipAddress('route.src', spec.src, family);
  if (spec.protocol !== undefined) routeProtocols.number('route.protocol', spec.protocol);
  if (spec.scope !== undefined) routeScopes.number('route.scope', spec.scope);
  if (spec.tos !== undefined) integer('route.tos', spec.tos, 0, 255);
  if (spec.metric !== undefined) integer('route.metric', spec.metric, 0, 0xffff_ffff);
  if (spec.mtu !== undefined) {
    integer('route.mtu', spec.mtu, 0, 0xffff_ffff);
    if (spec.metrics?.mtu !== undefined)
      throw invalidValue('route.mtu', spec.mtu, 'left out beside metrics.mtu');
  }
  if (spec.expires !== undefined) {
    if (family === 4)
      throw invalidValue('route.expires', spec.expires, 'left out: IPv4 routes do not expire');
    integer('route.expires', spec.expires, 0, 0xffff_ffff);
  }
  const type = checkType(spec);
  return { family, dst, from, type, table: tableOf(spec, type) };
}

function checkType(spec: RouteSpec): RouteType {
  const { type = 'unicast' } = spec;
  if (typeof type !== 'string' || !Object.hasOwn(ROUTE_TYPES, type)) {
    throw invalidValue('route.type', type, `one of '${Object.keys(ROUTE_TYPES).join("', '")}'`);
  }
  if (!DEAD_ENDS.has(type)) return type;
  for (const key of ['via', 'nexthops', 'nhid', 'encap'] as const) {
    if (spec[key] !== undefined) {
      throw invalidValue(
        `route.${key}`,
        spec[key],
        `left out of a route of type '${type}', which leads nowhere`,
      );
    }
  }
  return type;
}

/** Routes to the machine itself belong in the table 'local', as with iproute2. */
function tableOf(spec: RouteSpec, type: RouteType): number {
  if (spec.table !== undefined) return routeTables.number('route.table', spec.table);
  const local = type === 'local' || type === 'broadcast' || type === 'anycast' || type === 'nat';
  return routeTables.number('route.table', local ? 'local' : 'main');
}

function checkWays(spec: RouteSpec): void {
  checkWay('route', spec);
  if (spec.nhid !== undefined) {
    integer('route.nhid', spec.nhid, 1, 0xffff_ffff);
    for (const key of ['via', 'dev', 'nexthops', 'encap'] as const) {
      if (spec[key] !== undefined)
        throw invalidValue(`route.${key}`, spec[key], 'left out beside route.nhid');
    }
  }
  if (spec.nexthops === undefined) return;
  if (!Array.isArray(spec.nexthops) || spec.nexthops.length === 0) {
    throw invalidType('route.nexthops', spec.nexthops, 'an array of at least one next hop');
  }
  for (const key of ['via', 'dev', 'encap'] as const) {
    if (spec[key] !== undefined)
      throw invalidValue(`route.${key}`, spec[key], 'left out beside route.nexthops');
  }
  spec.nexthops.forEach((hop, i) => {
    object(`route.nexthops[${i}]`, hop);
    checkKeys(`route.nexthops[${i}]`, hop, HOP_KEYS);
    checkWay(`route.nexthops[${i}]`, hop);
    if (hop.weight !== undefined) integer(`route.nexthops[${i}].weight`, hop.weight, 1, 256);
    if (hop.via === undefined && hop.dev === undefined) {
      throw invalidValue(`route.nexthops[${i}]`, hop, 'with via or dev');
    }
  });
}

function checkWay(path: string, way: { via?: unknown; dev?: unknown; onlink?: unknown }): void {
  if (way.via !== undefined) ipAddress(`${path}.via`, way.via);
  if (way.dev !== undefined) device(`${path}.dev`, way.dev);
  if (way.onlink !== undefined) boolean(`${path}.onlink`, way.onlink);
}

function familyOfDefault(spec: RouteSpec): 4 | 6 {
  const address = spec.src ?? spec.via ?? spec.nexthops?.find((hop) => hop.via !== undefined)?.via;
  return address?.includes(':') ? 6 : 4;
}
