import type { Request } from '../netlink/request.ts';
import { address } from '../rtnetlink/address/api.ts';
import { link } from '../rtnetlink/link/api.ts';
import { route } from '../rtnetlink/route/api.ts';
import type { Assigned } from './addresses.ts';
import type { Inside, Layout, Seat } from './layout.ts';
import { hostMac, linkLocalOf, networkMac } from './mac.ts';
import type { Settings } from './settings.ts';

/** A bridge on the host with the gateway's addresses, and a port for each endpoint. */
export const bridgeLayout: Layout = {
  // BR_MAX_PORTS of net/bridge/br_private.h, less the one that is never used.
  limit: {
    endpoints: 1023,
    why: 'a bridge takes 1023 ports; make several bridges, or a RoutedNetwork',
  },

  interfaces: ({ name }) => name,

  make({ name, mtu, addresses }, alias, index): Request<void>[] {
    const mac = networkMac(addresses.gateway4 ?? addresses.gateway6 ?? name);
    const requests: Request<void>[] = [
      link.add({
        kind: 'bridge',
        name,
        index,
        // A bridge without an address and MTU of its own takes those of its ports, anew with each.
        address: mac,
        mtu,
        // Snooping costs each port its timers, and no container asks for it.
        mcastSnooping: false,
      }),
      link.set(index, { alias, addrGenMode: 'none' }),
      // Routes need the link to be up.
      link.set(index, { up: true }),
    ];
    requests.push(...gatewayAddresses(index, addresses, true));
    // For what is forwarded, the kernel looks for neighbours from here, and from nowhere else.
    if (addresses.gateway6 !== undefined)
      requests.push(address.add({ dev: index, address: `${linkLocalOf(mac)}/64`, noDad: true }));
    return requests;
  },

  pair: ({ name, mtu }, seat, inside) => [
    link.add({
      kind: 'veth',
      name: seat.hostLink,
      index: seat.hostIndex,
      master: name,
      up: true,
      mtu,
      address: hostMac(seat.mac),
      peer: peerOf(seat, inside),
    }),
  ],

  host({ isolatePorts }, seat): Request<void>[] {
    const port: { hairpin?: boolean; isolated?: boolean } = {};
    if (seat.hairpin) port.hairpin = true;
    if (seat.isolated || isolatePorts) port.isolated = true;
    const requests: Request<void>[] = [
      link.set(seat.hostIndex, { alias: seat.alias, addrGenMode: 'none' }),
    ];
    if (seat.hairpin || port.isolated) requests.push(link.set(seat.hostIndex, { port }));
    return requests;
  },

  inside(settings, seat): Request<void>[] {
    return [...insideUp(seat), ...this.own(settings, seat)];
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
      const noDad = text.includes(':') || undefined;
      requests.push(address.add({ dev: index, address: `${text}/${length}`, noDad }));
      if (!seat.defaultRoute || gateway === undefined) continue;
      // A gateway of another subnet of the network is behind the same bridge all the same.
      const onlink = addresses.subnetOf(text) !== addresses.subnetOf(gateway) || undefined;
      requests.push(route.add({ dst: defaultOf(text), via: gateway, dev: index, onlink }));
    }
    requests.push(...extraRoutes(seat, this.gateways(settings)));
    return requests;
  },

  hairpinForPorts: true,

  filter: ({ name }) => ({ master: name }),

  gateways: ({ addresses }): Assigned => ({ ipv4: addresses.gateway4, ipv6: addresses.gateway6 }),
};

/** The gateway's addresses on the network's own link. */
export function gatewayAddresses(
  index: number,
  addresses: Settings['addresses'],
  withSubnet: boolean,
): Request<void>[] {
  const out: Request<void>[] = [];
  for (const gateway of [addresses.gateway4, addresses.gateway6]) {
    if (gateway === undefined) continue;
    const noDad = gateway.includes(':') || undefined;
    const host = gateway.includes(':') ? 128 : 32;
    const length = withSubnet ? (addresses.subnetOf(gateway)?.length ?? host) : host;
    out.push(address.add({ dev: index, address: `${gateway}/${length}`, noDad }));
  }
  // Subnets that come with no address are on the link as well: what is sent to nobody ends there.
  for (const subnet of addresses.subnets) {
    const gateway = subnet.family === 4 ? addresses.gateway4 : addresses.gateway6;
    if (withSubnet && gateway !== undefined && addresses.subnetOf(gateway) === subnet) continue;
    out.push(route.add({ dst: subnet.text, dev: index, scope: 'link' }));
  }
  return out;
}

/** The end inside. */
export function peerOf(seat: Seat, inside: Inside) {
  return { name: seat.ifname, index: seat.index, netns: inside, address: seat.mac, mtu: seat.mtu };
}

/** Up, without an IPv6 address of its own making: no duplicate address detection, no solicitations. */
export function insideUp(seat: Seat): Request<void>[] {
  // Two requests: one would wait for the first answer before it asks for the second.
  return [link.set(seat.index, { addrGenMode: 'none' }), link.set(seat.index, { up: true })];
}

export function defaultOf(address: string): string {
  return address.includes(':') ? '::/0' : '0.0.0.0/0';
}

export function extraRoutes(seat: Seat, gateways: Assigned): Request<void>[] {
  return seat.routes.map(({ dst, via }) => {
    const gateway = via ?? (dst.includes(':') ? gateways.ipv6 : gateways.ipv4);
    return route.add({ dst, via: gateway, dev: seat.index, onlink: true });
  });
}
