import { invalidValue } from '../errors.ts';
import type { PlanWriter } from '../netlink/plan.ts';
import type { Request } from '../netlink/request.ts';
import type { LinkFilter } from '../rtnetlink/link/api.ts';
import type { Assigned } from './addresses.ts';
import type { AttachOptions } from './attach-options.ts';
import type { Limits } from './limits.ts';
import type { NetworkRules } from './ruleset.ts';
import type { Settings } from './settings.ts';

/** The place of an endpoint: all that is settled about it before the kernel is asked. */
export interface Seat {
  readonly assigned: Assigned;
  /** The host's end: its name and ifindex. */
  readonly hostLink: string;
  readonly hostIndex: number;
  /** The end inside. */
  readonly ifname: string;
  readonly index: number;
  readonly mac: string;
  /** That of the link below unless given. */
  readonly mtu: number | undefined;
  /** The record for the host's end. */
  readonly alias: string | undefined;
  readonly hairpin: boolean;
  readonly isolated: boolean;
  readonly limit: Limits;
  readonly routes: readonly ExtraRoute[];
  readonly defaultRoute: boolean;
}

/** A route inside beside the default one. */
export interface ExtraRoute {
  /** '10.1.0.0/16' */
  dst: string;
  /** The network's gateway unless given. */
  via?: string;
}

/** The namespace that the far end is born in: a slot of the plan, or a descriptor. */
export type Inside = { readonly slot: number } | { readonly fd: number };

/**
 * What one kind of network does otherwise than the others. The rest, addresses and ports, pool and
 * recovery, is written once, in network.ts.
 */
export interface Layout {
  /** Endpoints have no end on the host: their only link, and its record, is inside. */
  readonly inner?: boolean;
  /** The host's links of the network, as rules name them: 'br0', 'rt0-*'; undefined where the host sees none of its packets. */
  interfaces(settings: Settings): string | undefined;
  /** Makes the network's own link, with this ifindex: in one send, so that it is whole or not there. */
  make(settings: Settings, alias: string, index: number): Request<void>[];
  /** Makes both ends; nothing else, since this is what is taken back. */
  pair(settings: Settings, seat: Seat, inside: Inside): Request<void>[];
  /** What remains to be done on the host. */
  host(settings: Settings, seat: Seat): Request<void>[];
  /** The last part of that, which is this endpoint's own: what leads to its addresses. */
  hostOwn?(settings: Settings, seat: Seat): Request<void>[];
  /** Takes back on the host what does not go with the endpoint's link. */
  hostGone?(settings: Settings, seat: Pick<Seat, 'assigned'>): Request<void>[];
  /** What is done inside, but for `lo`. */
  inside(settings: Settings, seat: Seat): Request<void>[];
  /** The last part of that, which is this endpoint's own: its addresses and routes. */
  own(settings: Settings, seat: Seat): Request<void>[];
  /** Both ends have one hardware address, which is settled when they are made. */
  readonly oneMac?: boolean;
  /** Steps on the host before a first port is published to this endpoint. */
  beforePublish?(plan: PlanWriter, settings: Settings, seat: { hostLink: string }): void;
  /**
   * Whether published ports need a port that sends frames back where they came from: where bridged
   * packets pass netfilter (br_netfilter), who asks for its own published port is answered so.
   */
  readonly hairpinForPorts?: boolean;
  /** Options of an attach that mean nothing here, and what is allowed instead. */
  readonly refused?: { readonly [K in keyof AttachOptions]?: string };
  /** Which of the host's links may be endpoints. */
  filter(settings: Settings): LinkFilter;
  /** The gateways as endpoints know them. */
  gateways(settings: Settings): Assigned;
  /** The most endpoints that the kernel takes, where it limits them. */
  readonly limit?: { readonly endpoints: number; readonly why: string };
}

/** The number of a link's place in its network. */
export function placeOfLink(network: string, hostLink: string): number | undefined {
  if (!hostLink.startsWith(`${network}-`)) return undefined;
  const text = hostLink.slice(network.length + 1);
  return /^[0-9a-f]+$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

/** What the ruleset must know of a network. */
export function rulesOf(settings: Settings, layout: Layout): NetworkRules {
  const interfaces = layout.interfaces(settings) ?? settings.name;
  // A bridge keeps its ports apart itself.
  return {
    ...settings,
    interfaces,
    denyWithin: settings.isolatePorts && settings.kind === 'routed',
  };
}

/** Refuses options that mean nothing to this kind of network. */
export function refuse(options: AttachOptions, { refused, inner }: Layout): void {
  if (inner && options.limit?.in !== undefined) {
    throw invalidValue('limit.in', options.limit.in, 'left out: its packets go past the host');
  }
  for (const key in refused) {
    const value = options[key as keyof AttachOptions];
    if (value !== undefined && value !== false) {
      throw invalidValue(key, value, refused[key as keyof AttachOptions] ?? '');
    }
  }
}
