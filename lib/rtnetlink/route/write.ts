import type { Messages } from '../../netlink/messages.ts';
import { Path } from '../../wire/path.ts';
import { AF_INET, AF_INET6, familyOf } from '../families.ts';
import { routeProtocols, routeScopes } from '../names.ts';
import {
  NEXTHOP_FLAGS,
  ROUTE_TYPES,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_COMPAT,
  RTPROT_STATIC,
} from './constants.ts';
import { encapToWire } from './encap.ts';
import { routeTable, rtmsg, type WireHop } from './schema.ts';
import type { Checked, NextHopSpec, RouteSpec } from './spec.ts';

export const ROUTE_SCHEMA = { header: rtmsg.size, table: routeTable };

const path = new Path('route');

/**
 * RTM_NEWROUTE or RTM_DELROUTE. A deletion leaves out what the caller has not told: the kernel then
 * takes the first route with that destination.
 */
export function writeRoute(
  m: Messages,
  message: { type: number; flags: number; syscall: string },
  spec: RouteSpec,
  checked: Checked,
  deleting = false,
): void {
  const w = m.writer;
  m.begin(message.type, message.flags, message.syscall, ROUTE_SCHEMA);
  const family = checked.family === 4 ? AF_INET : AF_INET6;
  w.u8(family);
  w.u8(checked.dst?.length ?? 0);
  w.u8(checked.from?.length ?? 0);
  w.u8(spec.tos ?? 0);
  w.u8(checked.table < 256 ? checked.table : RT_TABLE_COMPAT);
  w.u8(protocolOf(spec, deleting));
  w.u8(scopeOf(spec, checked, deleting));
  w.u8(deleting && spec.type === undefined ? 0 : ROUTE_TYPES[checked.type]);
  w.u32(spec.onlink ? NEXTHOP_FLAGS.onlink : 0);
  path.reset().enter();
  const put = (key: string, value: unknown): boolean => routeTable.put(w, key, value, path, spec);
  put('dst', checked.dst?.address);
  put('from', checked.from?.address);
  if (checked.table >= 256) put('table', checked.table);
  put('metric', spec.metric);
  put('src', spec.src);
  put('dev', spec.dev);
  if (spec.via !== undefined) put(familyOf(spec.via) === family ? 'gateway' : 'via', spec.via);
  const { mtu } = spec;
  if (spec.metrics !== undefined || mtu !== undefined) {
    put('metrics', mtu === undefined ? spec.metrics : { ...spec.metrics, mtu });
  }
  if (spec.nexthops !== undefined) {
    put(
      'multipath',
      spec.nexthops.map((hop, i) => wireHop(hop, family, `route.nexthops[${i}]`)),
    );
  }
  put('nhid', spec.nhid);
  put('pref', spec.pref);
  put('expires', spec.expires);
  put('ttlPropagate', spec.ttlPropagate);
  if (spec.encap !== undefined) {
    const wire = encapToWire(spec.encap, 'route.encap');
    routeTable.put(w, 'encapType', wire.encapType, path, wire);
    routeTable.put(w, 'encap', wire.encap, path, wire);
  }
  path.leave();
  m.end();
}

function wireHop(hop: NextHopSpec, family: number, at: string): WireHop {
  const attributes: WireHop['attributes'] =
    hop.via === undefined
      ? {}
      : familyOf(hop.via) === family
        ? { gateway: hop.via }
        : { via: hop.via };
  if (hop.encap !== undefined) Object.assign(attributes, encapToWire(hop.encap, `${at}.encap`));
  return {
    dev: hop.dev ?? 0,
    flags: hop.onlink ? NEXTHOP_FLAGS.onlink : 0,
    weight: hop.weight ?? 1,
    attributes,
  };
}

function protocolOf(spec: RouteSpec, deleting: boolean): number {
  if (spec.protocol !== undefined) return routeProtocols.number('route.protocol', spec.protocol);
  return deleting ? 0 : RTPROT_STATIC;
}

/** As iproute2 chooses: what is reached without a router is on the link. */
function scopeOf(spec: RouteSpec, { family, type }: Checked, deleting: boolean): number {
  if (spec.scope !== undefined) return routeScopes.number('route.scope', spec.scope);
  if (deleting) return RT_SCOPE_NOWHERE;
  if (family === 6) return RT_SCOPE_UNIVERSE;
  if (type === 'local' || type === 'nat') return RT_SCOPE_HOST;
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return RT_SCOPE_LINK;
  const direct =
    type === 'unicast' &&
    spec.via === undefined &&
    spec.nhid === undefined &&
    spec.nexthops === undefined;
  return direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}
