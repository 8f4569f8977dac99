import { boolean, checkKeys, device, integer, ipAddress, ipPrefix, object } from '../../check.ts';
import { invalidValue, NetlinkError } from '../../errors.ts';
import type { Composed, Dev, Request } from '../../netlink/request.ts';
import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from '../../wire/message.ts';
import { AF_INET, AF_INET6, AF_UNSPEC, type Family, familyNumber, familyOf } from '../families.ts';
import { routeProtocols, routeScopes, routeTables } from '../names.ts';
import { change, NETLINK_ROUTE, question } from '../requests.ts';
import {
  ROUTE_TYPES,
  type RouteType,
  RT_TABLE_COMPAT,
  RTM_DELROUTE,
  RTM_F_CLONED,
  RTM_F_FIB_MATCH,
  RTM_F_LOOKUP_TABLE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
} from './constants.ts';
import { readRoute } from './read.ts';
import { routeTable } from './schema.ts';
import { checkRoute, type Route, type RouteKey, type RouteSpec } from './spec.ts';
import { ROUTE_SCHEMA, writeRoute } from './write.ts';

export type { Encap, EncapValue } from './encap.ts';
export type { RouteMetrics } from './schema.ts';
export type { NextHop, NextHopSpec, Route, RouteKey, RouteSpec } from './spec.ts';

/** Which routes; all that is given must hold. */
export interface RouteFilter {
  /** 'main' unless given; 'all' for every table. */
  table?: string | number;
  family?: Family;
  dev?: Dev;
  via?: string;
  type?: RouteType;
  protocol?: string | number;
  scope?: string | number;
  /** Exactly this destination. */
  dst?: string;
  /** Cached exceptions as well (learnt path MTUs, redirects). */
  cached?: boolean;
}

/** What a lookup is for; as `ip route get`. */
export interface RouteQuery {
  from?: string;
  /** The link a packet comes in by: how would it be forwarded? */
  iif?: Dev;
  /** The link it must leave by. */
  oif?: Dev;
  mark?: number;
  tos?: number;
  uid?: number;
  ipProto?: 'tcp' | 'udp' | 'icmp' | 'icmpv6' | number;
  sport?: number;
  dport?: number;
  /** The route in the table that matched, instead of what is made of it (since 4.13). */
  fibMatch?: boolean;
}

const FILTER_KEYS = new Set([
  'table',
  'family',
  'dev',
  'via',
  'type',
  'protocol',
  'scope',
  'dst',
  'cached',
]);
const QUERY_KEYS = new Set([
  'from',
  'iif',
  'oif',
  'mark',
  'tos',
  'uid',
  'ipProto',
  'sport',
  'dport',
  'fibMatch',
]);
const IP_PROTOCOLS = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 } as const;
const U32 = 0xffff_ffff;

function make(operation: string, flags: number, spec: RouteSpec): Request<void> {
  const checked = checkRoute(spec);
  const message = { type: RTM_NEWROUTE, flags, syscall: 'RTM_NEWROUTE' };
  return change(`route.${operation}`, (m) => writeRoute(m, message, spec, checked));
}

function deleteRoute(key: RouteKey): Request<void> {
  const checked = checkRoute(key);
  const message = { type: RTM_DELROUTE, flags: 0, syscall: 'RTM_DELROUTE' };
  return change('route.delete', (m) => writeRoute(m, message, key, checked, true));
}

/** The kernel chooses by table, link, protocol and type (strict checking), we by the rest. */
function list(operation: string, filter: RouteFilter): Request<Route[]> {
  object('filter', filter);
  checkKeys('filter', filter, FILTER_KEYS);
  const table =
    filter.table === 'all' ? 0 : routeTables.number('filter.table', filter.table ?? 'main');
  const family =
    filter.family === undefined ? AF_UNSPEC : familyNumber('filter.family', filter.family);
  const protocol =
    filter.protocol === undefined ? 0 : routeProtocols.number('filter.protocol', filter.protocol);
  if (filter.type !== undefined && !Object.hasOwn(ROUTE_TYPES, filter.type)) {
    throw invalidValue(
      'filter.type',
      filter.type,
      `one of '${Object.keys(ROUTE_TYPES).join("', '")}'`,
    );
  }
  if (filter.dev !== undefined) device('filter.dev', filter.dev);
  if (filter.via !== undefined) ipAddress('filter.via', filter.via);
  if (filter.dst !== undefined && filter.dst !== 'default') ipPrefix('filter.dst', filter.dst);
  if (filter.cached !== undefined) boolean('filter.cached', filter.cached);
  const wanted = wantedBy(filter, table);
  return question(
    operation,
    (m) => {
      const w = m.writer;
      m.begin(RTM_GETROUTE, NLM_F_DUMP, 'RTM_GETROUTE', ROUTE_SCHEMA);
      w.u8(family);
      w.zeros(3);
      w.u8(table < 256 ? table : RT_TABLE_COMPAT);
      w.u8(protocol);
      w.u8(0);
      w.u8(filter.type === undefined ? 0 : ROUTE_TYPES[filter.type]);
      w.u32(filter.cached ? RTM_F_CLONED : 0);
      if (table !== 0) routeTable.encode(w, { table });
      if (filter.dev !== undefined) routeTable.encode(w, { dev: filter.dev });
      m.end();
    },
    (r) => {
      const route = readRoute(r);
      return wanted(route) ? route : undefined;
    },
  );
}

function wantedBy(filter: RouteFilter, table: number): (route: Route) => boolean {
  const tableName = table === 0 ? undefined : routeTables.nameOrNumber(table);
  const protocol =
    filter.protocol === undefined
      ? undefined
      : routeProtocols.nameOrNumber(routeProtocols.number('filter.protocol', filter.protocol));
  const scope =
    filter.scope === undefined
      ? undefined
      : routeScopes.nameOrNumber(routeScopes.number('filter.scope', filter.scope));
  return (route) =>
    (tableName === undefined || route.table === tableName) &&
    (filter.type === undefined || route.type === filter.type) &&
    (protocol === undefined || route.protocol === protocol) &&
    (scope === undefined || route.scope === scope) &&
    (filter.dst === undefined || route.dst === filter.dst) &&
    (filter.via === undefined ||
      route.via === filter.via ||
      (route.nexthops ?? []).some((hop) => hop.via === filter.via));
}

function checkQuery(query: RouteQuery): void {
  object('query', query);
  checkKeys('query', query, QUERY_KEYS);
  if (query.from !== undefined) ipAddress('query.from', query.from);
  if (query.iif !== undefined) device('query.iif', query.iif);
  if (query.oif !== undefined) device('query.oif', query.oif);
  if (query.mark !== undefined) integer('query.mark', query.mark, 0, U32);
  if (query.uid !== undefined) integer('query.uid', query.uid, 0, U32);
  if (query.tos !== undefined) integer('query.tos', query.tos, 0, 255);
  if (query.sport !== undefined) integer('query.sport', query.sport, 1, 65535);
  if (query.dport !== undefined) integer('query.dport', query.dport, 1, 65535);
  if (query.fibMatch !== undefined) boolean('query.fibMatch', query.fibMatch);
  if (typeof query.ipProto === 'string' && !Object.hasOwn(IP_PROTOCOLS, query.ipProto)) {
    throw invalidValue(
      'query.ipProto',
      query.ipProto,
      "'tcp', 'udp', 'icmp', 'icmpv6' or a number",
    );
  }
  if (typeof query.ipProto === 'number') integer('query.ipProto', query.ipProto, 0, 255);
}

/** `ip route`: the IPv4 and IPv6 routes of a namespace. */
export const route = {
  /** Adds a route; one with the same destination, TOS and metric is EEXIST. */
  add(spec: RouteSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Adds a route behind those with the same destination. */
  append(spec: RouteSpec): Request<void> {
    return make('append', NLM_F_CREATE | NLM_F_APPEND, spec);
  },

  /** Adds a route, or puts it in the place of the one with the same destination, TOS and metric. */
  replace(spec: RouteSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec);
  },

  /** Puts a route in the place of one that is there; none is ENOENT (`ip route change`). */
  set(spec: RouteSpec): Request<void> {
    return make('set', NLM_F_REPLACE, spec);
  },

  /** Deletes the first route with this destination of which all that is given is true; none is ESRCH. */
  delete: deleteRoute,

  /** How a packet to `dst` would go: the kernel's answer. No way is ENETUNREACH or what a dead end says. */
  get(dst: string, query: RouteQuery = {}): Request<Route> {
    ipAddress('dst', dst);
    checkQuery(query);
    const family = familyOf(dst);
    return {
      operation: 'route.get',
      family: NETLINK_ROUTE,
      write(m) {
        const w = m.writer;
        const bits = family === AF_INET ? 32 : 128;
        m.begin(RTM_GETROUTE, 0, 'RTM_GETROUTE', ROUTE_SCHEMA);
        w.u8(family);
        w.u8(bits);
        w.u8(query.from === undefined ? 0 : bits);
        w.u8(query.tos ?? 0);
        w.u32(0);
        w.u32(query.fibMatch ? RTM_F_FIB_MATCH : family === AF_INET6 ? 0 : RTM_F_LOOKUP_TABLE);
        const { from, iif, oif: dev, mark, uid, sport, dport } = query;
        const ipProto =
          typeof query.ipProto === 'string' ? IP_PROTOCOLS[query.ipProto] : query.ipProto;
        routeTable.encode(w, { dst, from, iif, dev, mark, uid, sport, dport, ipProto }, 'query');
        m.end();
      },
      read(replies) {
        if (replies.next()) return readRoute(replies);
        throw new NetlinkError(`route.get: the kernel answered nothing about ${dst}`, {
          code: 'ENODATA',
        });
      },
    };
  },

  list(filter: RouteFilter = {}): Request<Route[]> {
    return list('route.list', filter);
  },

  /** Deletes all routes that the filter lets through, and answers how many. Those of the kernel stay unless asked for by `protocol`. */
  flush(filter: RouteFilter): Composed<number, Route[]> {
    const kept = (found: Route): boolean =>
      filter.protocol === undefined && found.protocol === 'kernel';
    return {
      operation: 'route.flush',
      first: list('route.flush', filter),
      next: (found) => found.filter((each) => !kept(each)).map((each) => deleteRoute(keyOf(each))),
      result: (_found, deleted) => deleted.length,
    };
  },
} as const;

/** What names a route that was listed, and no other. */
function keyOf(found: Route): RouteKey {
  const { table, protocol, scope, metric, tos, via, dev, from } = found;
  const any = found.family === 'inet6' ? '::/0' : '0.0.0.0/0';
  const key: RouteKey = {
    dst: found.dst === 'default' ? any : found.dst,
    table,
    protocol,
    scope,
    metric,
    tos,
    from,
  };
  if (typeof found.type === 'string') key.type = found.type;
  if (found.nexthops === undefined && found.nhid === undefined && typeof found.type === 'string') {
    if (via !== undefined) key.via = via;
    if (dev !== undefined) key.dev = dev;
  }
  if (
    found.type === 'blackhole' ||
    found.type === 'unreachable' ||
    found.type === 'prohibit' ||
    found.type === 'throw'
  ) {
    delete key.via;
  }
  return key;
}
