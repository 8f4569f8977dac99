import { NetlinkError } from '../errors.ts';
import { transaction } from '../nftables/transaction.ts';
import type { Assigned } from './addresses.ts';
import { type AttachOptions, openExisting } from './attach-options.ts';
import { attachSequence } from './attachment.ts';
import { detachSequence, nameSequence, removeInner } from './detachment.ts';
import type { Endpoint, EndpointState, Owner } from './endpoint.ts';
import type { Host } from './host.ts';
import type { Layout } from './layout.ts';
import { expand, type PublishSpec, portText, removePorts, samePort } from './ports.ts';
import { publishSequence } from './publication.ts';
import type { Reaper } from './reaper.ts';
import type { Rules } from './rules.ts';
import type { Seats } from './seats.ts';
import { runSequence } from './sequence.ts';
import type { Settings } from './settings.ts';

/** The parts of a network that its endpoints are made with. */
export interface Workshop {
  readonly host: Host;
  readonly settings: Settings;
  readonly layout: Layout;
  readonly seats: Seats;
  readonly rules: Rules;
  readonly reaper: Reaper;
}

/** How often an attach is tried again with other ifindexes. */
const INDEX_TRIES = 3;

/** Makes, changes and takes away endpoints. */
export class Members implements Owner {
  readonly #shop: Workshop;
  /** Told when an endpoint has been detached. */
  readonly #left: (endpoint: Endpoint) => void;
  // Whether bridged packets pass netfilter on this host: asked once.
  #bridgedFilter: boolean | undefined;

  constructor(shop: Workshop, left: (endpoint: Endpoint) => void) {
    this.#shop = shop;
    this.#left = left;
  }

  get name(): string {
    return this.#shop.settings.name;
  }

  async attach(options: AttachOptions): Promise<EndpointState> {
    const { seats, rules } = this.#shop;
    const existing = options.netns === undefined ? undefined : openExisting(options.netns);
    let assigned: Assigned | undefined;
    try {
      assigned = seats.take(options.address);
      const specs = options.publish === undefined ? [] : [options.publish].flat();
      const to = assigned;
      const ports = specs.flatMap((spec, i) => expand(`publish[${i}]`, spec, to));
      if (ports.length > 0) await rules.ensure();
      const hairpin = options.hairpin || (ports.length > 0 && this.#hairpinForPorts());
      return await this.#make({ ...options, hairpin }, assigned, existing, ports);
    } catch (error) {
      if (assigned !== undefined) seats.release(assigned);
      existing?.close();
      throw error;
    }
  }

  async #make(
    options: AttachOptions,
    assigned: Assigned,
    existing: EndpointState['netns'],
    ports: EndpointState['ports'],
  ): Promise<EndpointState> {
    const { host, settings, layout, seats } = this.#shop;
    const { name } = options;
    for (let tries = 0; ; tries++) {
      const seat = seats.seat(assigned, options, existing !== undefined);
      const { ifname, mac } = seat;
      const hostLink = layout.inner ? (settings.record.parent ?? '') : seat.hostLink;
      const hostIndex = layout.inner ? 0 : seat.hostIndex;
      try {
        const tag = this.#tag(name);
        const netns = await runSequence(
          attachSequence({ host, settings, layout, seat, name, existing, ports, tag }),
        );
        const gateways = layout.gateways(settings);
        const foreign = existing !== undefined;
        return {
          assigned,
          gateways,
          mac,
          ifname,
          hostLink,
          hostIndex,
          name,
          foreign,
          netns,
          ports,
        };
      } catch (error) {
        if (!(error instanceof NetlinkError) || error.code !== 'EBUSY' || tries === INDEX_TRIES)
          throw error;
        // An ifindex was taken, on the host or inside.
        seats.otherIndexes();
      }
    }
  }

  #hairpinForPorts(): boolean {
    const { host, layout } = this.#shop;
    if (!layout.hairpinForPorts) return false;
    this.#bridgedFilter ??= bridgedFilter(host);
    return this.#bridgedFilter;
  }

  #tag(name: string | undefined): string {
    return name === undefined ? this.name : `${this.name} ${name}`;
  }

  /** Gives a name to the namespace of an endpoint that was made without. */
  async rename(state: EndpointState, name: string): Promise<void> {
    const { host, seats } = this.#shop;
    const { netns, assigned } = state;
    if (netns === undefined) return;
    await runSequence(nameSequence(host, state, netns.fd, name, seats.alias(assigned, { name })));
    netns.hold.name = name;
    state.name = name;
  }

  async publish({ state }: Endpoint, specs: readonly PublishSpec[]): Promise<void> {
    await this.publishTo(state, specs);
  }

  async publishTo(state: EndpointState, specs: readonly PublishSpec[]): Promise<void> {
    const { host, settings, layout, rules } = this.#shop;
    const ports = specs.flatMap((spec, i) => expand(`publish[${i}]`, spec, state.assigned));
    if (ports.length === 0) return;
    await rules.ensure();
    const tag = this.#tag(state.name);
    await runSequence(
      publishSequence(host, settings, layout, state, ports, tag, this.#hairpinForPorts()),
    );
    state.ports.push(...ports);
  }

  async unpublish({ state, address }: Endpoint, specs: readonly PublishSpec[]): Promise<void> {
    const asked = specs.flatMap((spec, i) => expand(`unpublish[${i}]`, spec, state.assigned));
    const known = asked.map((port) => state.ports.find((each) => samePort(each, port)));
    const missing = known.indexOf(undefined);
    if (missing >= 0) {
      throw new NetlinkError(
        `endpoint.unpublish: ${portText(asked[missing])} is not published to ${address}`,
        {
          code: 'ERR_NOT_PUBLISHED',
        },
      );
    }
    const { nft } = this.#shop.host;
    await nft.batch([transaction(removePorts(asked), { operation: 'endpoint.unpublish' })]);
    state.ports = state.ports.filter((each) => !known.includes(each));
  }

  async detach(endpoint: Endpoint): Promise<void> {
    await this.remove(endpoint.state);
    this.#left(endpoint);
  }

  async remove(state: EndpointState): Promise<void> {
    const { host, layout, seats, reaper } = this.#shop;
    const { foreign, name, ports, netns, hostLink, hostIndex, assigned } = state;
    if (layout.inner) await removeInner(this.#shop, state);
    else {
      // Of an anonymous namespace nothing is known but by its descriptor: closing it is all.
      if (foreign || name !== undefined || ports.length > 0) {
        await runSequence(detachSequence(host, this.name, state));
      }
      netns?.close();
      if (!foreign) await reaper.gone(hostLink, hostIndex);
    }
    state.ports = [];
    seats.release(assigned);
  }
}

/** Whether br_netfilter is there and on. */
function bridgedFilter(host: Host): boolean {
  try {
    return host.ns.sysctl.get('net.bridge.bridge-nf-call-iptables') !== '0';
  } catch {
    return false;
  }
}
