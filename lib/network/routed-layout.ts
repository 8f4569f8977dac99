import type { PlanWriter } from '../netlink/plan.ts';
import type { Request } from '../netlink/request.ts';
import { address } from '../rtnetlink/address/api.ts';
import { link } from '../rtnetlink/link/api.ts';
import { route } from '../rtnetlink/route/api.ts';
import type { Assigned } from './addresses.ts';
import { defaultOf, extraRoutes, gatewayAddresses, insideUp, peerOf } from './bridge-layout.ts';
import type { Layout, Seat } from './layout.ts';
import { networkMac } from './mac.ts';
import type { Settings } from './settings.ts';

/** The gateways that every endpoint has: link-local, since each is alone with the host on its link. */
const GATEWAY4 = '169.254.1.1';
const GATEWAY6 = 'fe80::1';

/**
 * No bridge: a route on the host for each endpoint. Both ends of a pair have the same hardware
 * address and no ARP (IFF_NOARP): whatever is sent is for the other end, and nothing is asked first.
 */
export const routedLayout: Layout = {
  interfaces: ({ name }) => `${name}-*`,

  oneMac: true,

  refused: {
    hairpin: 'left out: there is no bridge',
    isolated: 'left out: a routed network keeps all endpoints apart (isolatePorts) or none',
  },

  // A bridge without ports holds the host's own addresses and the network's record: every kernel
  // that makes networks has bridges, but not dummies.
  make: ({ name, mtu, addresses }, alias, index): Request<void>[] => [
    link.add({ kind: 'bridge', name, index, address: networkMac(name), mtu, mcastSnooping: false }),
    link.set(index, { alias, addrGenMode: 'none' }),
    link.set(index, { up: true }),
    ...gatewayAddresses(index, addresses, false),
    ...(addresses.gateway4 === undefined
      ? []
      : [address.add({ dev: index, address: `${GATEWAY4}/32`, scope: 'link' })]),
  ],

  pair: ({ mtu }, seat, inside) => [
    link.add({
      kind: 'veth',
      name: seat.hostLink,
      index: seat.hostIndex,
      up: true,
      arp: false,
      mtu,
      address: seat.mac,
      peer: { ...peerOf(seat, inside), arp: false },
    }),
  ],

  host(settings, seat): Request<void>[] {
    return [
      link.set(seat.hostIndex, { alias: seat.alias, addrGenMode: 'none' }),
      ...hostRoutes(settings, seat),
    ];
  },

  hostOwn: hostRoutes,

  inside(settings, seat): Request<void>[] {
    return [...insideUp(seat), ...this.own(settings, seat)];
  },

  own(settings, seat): Request<void>[] {
    const { assigned, index } = seat;
    const requests: Request<void>[] = [];
    for (const [text, gateway] of [
      [assigned.ipv4, GATEWAY4],
      [assigned.ipv6, GATEWAY6],
    ]) {
      if (text === undefined) continue;
      const ipv6 = text.includes(':');
      requests.push(
        address.add({
          dev: index,
          address: `${text}/${ipv6 ? 128 : 32}`,
          noDad: ipv6 || undefined,
          noPrefixRoute: true,
        }),
      );
      if (!seat.defaultRoute) continue;
      requests.push(route.add({ dst: defaultOf(text), via: gateway, dev: index, onlink: true }));
    }
    requests.push(...extraRoutes(seat, this.gateways(settings)));
    return requests;
  },

  // From 127.0.0.1 on the host to a published port: the answer comes in by this link.
  beforePublish(plan: PlanWriter, _settings, { hostLink }): void {
    plan.writeFile(`/proc/sys/net/ipv4/conf/${hostLink}/route_localnet`, '1');
  },

  filter: () => ({ kind: 'veth' }),

  gateways: ({ addresses }): Assigned => ({
    ipv4: addresses.gateway4 === undefined ? undefined : GATEWAY4,
    ipv6: addresses.gateway6 === undefined ? undefined : GATEWAY6,
  }),
};

/** A route to each address. */
function hostRoutes({ addresses }: Settings, { assigned, hostIndex }: Seat): Request<void>[] {
  const requests: Request<void>[] = [];
  if (assigned.ipv4 !== undefined) {
    const src = addresses.gateway4;
    requests.push(route.add({ dst: `${assigned.ipv4}/32`, dev: hostIndex, scope: 'link', src }));
  }
  if (assigned.ipv6 !== undefined) {
    requests.push(
      route.add({ dst: `${assigned.ipv6}/128`, dev: hostIndex, src: addresses.gateway6 }),
    );
  }
  return requests;
}
