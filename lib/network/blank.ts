import type { Request } from '../netlink/request.ts';
import { NetNs } from '../netns/netns.ts';
import { link } from '../rtnetlink/link/api.ts';
import type { AttachOptions } from './attach-options.ts';
import { type Attachment, explain, type Kept } from './attachment.ts';
import type { EndpointState } from './endpoint.ts';
import type { Host } from './host.ts';
import type { Layout, Seat } from './layout.ts';
import { writeName } from './naming.ts';
import { Sentinel, type SentinelSlots, writeSentinel } from './recycle/sentinel.ts';
import type { Template } from './recycle/template.ts';
import type { SequenceOf } from './sequence.ts';
import type { Settings } from './settings.ts';

const CLONE_NEWNET = 0x40000000;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;
const LOOPBACK = 1;

/** An endpoint of the pool that has its links, but no address yet. */
export interface Blank extends EndpointState {
  netns: NetNs;
  readonly seat: Seat;
  /** The seat as it is taken, while it is. */
  taken?: Seat;
  /** Of one that can be given back: what hears its changes, and what it was like before. */
  readonly sentinel?: Sentinel;
  template?: Template;
}

export function isBlank(state: EndpointState): state is Blank {
  return 'seat' in state;
}

/** What is settled when a blank is taken. */
const SETTLED: ReadonlySet<string> = new Set([
  'name',
  'publish',
  'address',
  'routes',
  'defaultRoute',
]);

/** Whether an endpoint that has its links already will do. */
export function takesBlank(options: AttachOptions, layout: Layout): boolean {
  for (const key in options) {
    if (SETTLED.has(key) || (key === 'mac' && !layout.oneMac)) continue;
    if (options[key as keyof AttachOptions] !== undefined) return false;
  }
  return true;
}

/**
 * Makes the namespace and both ends; the socket inside is kept, for what is set when it is taken.
 * @param watched makes one that can be given back
 */
export function blankSequence(
  host: Host,
  settings: Settings,
  layout: Layout,
  seat: Seat,
  watched: boolean,
): SequenceOf<{ netns: NetNs; sentinel?: Sentinel }> {
  let slot = -1;
  let socket = -1;
  let sentinel: SentinelSlots | undefined;
  return {
    operation: 'network.attach',
    label: `network '${settings.name}'`,
    write(steps) {
      const { plan } = steps;
      const { route } = steps.lend(host, false);
      slot = plan.slot();
      plan.unshare(slot, CLONE_NEWNET);
      plan.export(slot);
      socket = plan.slot();
      plan.socket(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
      plan.export(socket);
      sentinel = watched ? writeSentinel(plan) : undefined;
      steps.send(route, layout.pair(settings, seat, { slot }));
      if (layout.inner) steps.undo(~socket, [link.delete(seat.index)]);
      else steps.undo(route, [link.delete(seat.hostIndex)]);
      steps.send(route, layout.host(settings, seat));
      steps.send(~socket, [link.set(LOOPBACK, { up: true }), ...layout.inside(settings, seat)]);
    },
    read(made) {
      const netns = new NetNs(host.ns.hold.beside(made.fd(slot)));
      netns.channel.adopt(made.fd(socket));
      return { netns, sentinel: sentinel && new Sentinel(made, sentinel, netns.hold) };
    },
    explain: (error) =>
      explain(error, { host, settings, layout, seat, ports: [], tag: '' }, undefined),
  };
}

/** What a plan needs to know of a blank whose taker has this hardware address. */
export function keptOf({ netns, seat }: Blank, mac: string): Kept {
  return { fd: netns.fd, socket: netns.channel.socket, mac: seat.mac, otherMac: seat.mac !== mac };
}

export const NOTHING_KEPT: Kept = { fd: -1, socket: -1, mac: '', otherMac: false };

/**
 * Gives a blank what is its own: addresses and routes over the socket that is there, the record and
 * its route on the host, a name. The namespace is nobody's yet, so nobody else uses the socket. What
 * fails half way is not undone: the caller takes the endpoint away.
 */
export function fillSequence(attachment: Attachment): SequenceOf<void> {
  const { host, settings, layout, seat, name, kept = NOTHING_KEPT } = attachment;
  return {
    operation: 'network.attach',
    label: `network '${settings.name}'`,
    write(steps) {
      const { route } = steps.lend(host, false);
      const inside: Request<void>[] = layout.own(settings, seat);
      // Who had the address before is remembered by the hardware address that goes with it.
      if (kept.otherMac) inside.unshift(link.set(seat.index, { address: seat.mac }));
      const record = link.set(layout.inner ? seat.index : seat.hostIndex, { alias: seat.alias });
      const own = layout.hostOwn?.(settings, seat) ?? [];
      steps.send(route, layout.inner ? own : [record, ...own]);
      if (layout.inner) inside.push(record);
      steps.send(kept.socket, inside);
      if (name !== undefined) writeName(steps.plan, name, kept.fd);
    },
    read() {},
    explain: (error) => explain(error, attachment, undefined),
  };
}
