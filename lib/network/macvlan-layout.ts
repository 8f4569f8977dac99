import type { Request } from '../netlink/request.ts';
import { address } from '../rtnetlink/address/api.ts';
import { link } from '../rtnetlink/link/api.ts';
import { neighbour } from '../rtnetlink/neighbour/api.ts';
import { route } from '../rtnetlink/route/api.ts';
import type { Assigned } from './addresses.ts';
import { defaultOf, extraRoutes, insideUp } from './bridge-layout.ts';
import type { Layout, Seat } from './layout.ts';
import { networkMac } from './mac.ts';
import type { Settings } from './settings.ts';

/** The group of the links inside, by which a half made one is known: 'nn' in ASCII. */
export const INNER_GROUP = 0x6e6e;

const HOST_ONLY = 'left out: its packets go past the host';

/**
 * Endpoints with hardware addresses of their own on a link of the host: they are neighbours of
 * whatever that link leads to. The host sees nothing of it but by a macvlan link of its own.
 */
export const macvlanLayout: Layout = {
  inner: true,
  refused: {
    hairpin: HOST_ONLY,
    isolated: "left out: use mode 'private' for all",
    publish: HOST_ONLY,
  },

  interfaces: () => undefined,

  // The host's own link on the parent holds the record, and where asked for the host's address.
  make({ name, record }, alias, index): Request<void>[] {
    const { parent, hostAddress, mode = 'bridge' } = record;
    const requests = [
      link.add({ kind: 'macvlan', name, index, link: parent, mode, address: networkMac(name) }),
      link.set(index, { alias, addrGenMode: 'none' }),
    ];
    if (hostAddress === undefined) return requests;
    const ipv6 = hostAddress.includes(':');
    requests.push(
      link.set(index, { up: true }),
      address.add({
        dev: index,
        address: `${hostAddress}/${ipv6 ? 128 : 32}`,
        noDad: ipv6 || undefined,
      }),
    );
    return requests;
  },

  pair: ({ record }, seat, inside) => [
    link.add({
      kind: 'macvlan',
      name: seat.ifname,
      index: seat.index,
      link: record.parent,
      mode: record.mode ?? 'bridge',
      netns: inside,
      address: seat.mac,
      group: INNER_GROUP,
      numTxQueues: 1,
      numRxQueues: 1,
      mtu: seat.mtu,
    }),
  ],

  // A permanent neighbour: an address that is used again would not answer while an old entry lasts.
  host: (settings, seat) =>
    hostRoutes(settings, seat).flatMap(({ dst, prefix, src, dev }) => [
      neighbour.replace({ dev, dst, lladdr: seat.mac, state: 'permanent' }),
      route.replace({ dst: prefix, dev, src }),
    ]),

  hostOwn(settings, seat) {
    return this.host(settings, seat);
  },

  hostGone: (settings, seat) =>
    hostRoutes(settings, seat).flatMap(({ dst, prefix, dev }) => [
      route.delete({ dst: prefix, dev }),
      neighbour.delete({ dev, dst }),
    ]),

  inside(settings, seat): Request<void>[] {
    const requests = [...insideUp(seat), ...this.own(settings, seat)];
    if (seat.alias !== undefined) requests.unshift(link.set(seat.index, { alias: seat.alias }));
    return requests;
  },

  own(settings, seat): Request<void>[] {
    const { addresses } = settings;
    const { assigned, index } = seat;
    const requests: Request<void>[] = [];
    for (const [text, gateway] of [
      [assigned.ipv4, addresses.gateway4],
      [assigned.ipv6, addresses.gateway6],
    ]) {
      if (text === undefined) continue;
      const length = addresses.subnetOf(text)?.length ?? 0;
      requests.push(
        address.add({
          dev: index,
          address: `${text}/${length}`,
          noDad: text.includes(':') || undefined,
        }),
      );
      if (!seat.defaultRoute || gateway === undefined) continue;
      requests.push(route.add({ dst: defaultOf(text), via: gateway, dev: index, onlink: true }));
    }
    requests.push(...extraRoutes(seat, this.gateways(settings)));
    return requests;
  },

  filter: () => ({ kind: 'macvlan' }),

  gateways: ({ addresses }): Assigned => ({ ipv4: addresses.gateway4, ipv6: addresses.gateway6 }),
};

/** What the host itself needs to reach an endpoint: nothing where it has no address in the network. */
function hostRoutes(
  { name, record }: Settings,
  { assigned }: Pick<Seat, 'assigned'>,
): { dst: string; prefix: string; src: string; dev: string }[] {
  const { hostAddress } = record;
  if (hostAddress === undefined) return [];
  const ipv6 = hostAddress.includes(':');
  const dst = ipv6 ? assigned.ipv6 : assigned.ipv4;
  return dst === undefined
    ? []
    : [{ dst, prefix: `${dst}/${ipv6 ? 128 : 32}`, src: hostAddress, dev: name }];
}
