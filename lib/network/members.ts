import { NetlinkError } from '../errors.ts';
import type { CallOptions } from '../netlink/request.ts';
import type { Assigned } from './addresses.ts';
import { type AttachOptions, openExisting } from './attach-options.ts';
import { attachSequence } from './attachment.ts';
import { isBlank } from './blank.ts';
import type { Course, Courses } from './course.ts';
import { detachSequence, nameSequence, removeInner } from './detachment.ts';
import type { Endpoint, EndpointState, Owner, Recycled, RecycleOptions } from './endpoint.ts';
import type { Host } from './host.ts';
import type { Layout } from './layout.ts';
import type { Pool } from './pool.ts';
import { expand, type PublishedPort, type PublishSpec, portText, samePort } from './ports.ts';
import { publishSequence, unpublishSequence } from './publication.ts';
import type { Reaper } from './reaper.ts';
import type { Rules } from './rules.ts';
import type { Seats } from './seats.ts';
import { finishSequence, runSequence } from './sequence.ts';
import type { RecycleMode, Settings } from './settings.ts';
import { Stencils } from './stencils.ts';
import { Stock } from './stock.ts';

/** The parts of a network that its endpoints are made with. */
export interface Workshop {
  readonly host: Host;
  readonly settings: Settings;
  readonly layout: Layout;
  readonly seats: Seats;
  readonly rules: Rules;
  readonly reaper: Reaper;
  readonly courses: Courses;
  /** How endpoints are looked at that are given back, where they may be. */
  readonly recycle: RecycleMode | undefined;
  readonly pool: Pool;
}

/** How often an attach is tried again with other ifindexes. */
export const INDEX_TRIES = 3;

/** Makes, changes and takes away endpoints. */
export class Members implements Owner {
  /** What the pool has of them. */
  readonly stock: Stock;
  readonly #shop: Workshop;
  /** Told when an endpoint has been detached. */
  readonly #left: (endpoint: Endpoint) => void;
  readonly #plans = new Stencils(attachSequence);
  // Whether bridged packets pass netfilter on this host: asked once.
  #bridgedFilter: boolean | undefined;

  constructor(shop: Workshop, left: (endpoint: Endpoint) => void) {
    this.#shop = shop;
    this.#left = left;
    this.stock = new Stock(shop, this);
  }

  get name(): string {
    return this.#shop.settings.name;
  }

  async attach(options: AttachOptions, course?: Course): Promise<EndpointState> {
    const { seats, rules } = this.#shop;
    const existing = options.netns === undefined ? undefined : openExisting(options.netns);
    let assigned: Assigned | undefined;
    let made: EndpointState;
    try {
      assigned = seats.take(options.address);
      const specs = options.publish === undefined ? [] : [options.publish].flat();
      const to = assigned;
      const ports = specs.flatMap((spec, i) => expand(`publish[${i}]`, spec, to));
      if (ports.length > 0) await rules.ensureForPorts(course);
      const hairpin = options.hairpin || (ports.length > 0 && this.#hairpinForPorts());
      made = await this.#make({ ...options, hairpin }, assigned, existing, ports, course);
    } catch (error) {
      if (assigned !== undefined) seats.release(assigned);
      existing?.close();
      throw error;
    }
    try {
      if (made.ports.length > 0) await rules.renew(made.ports);
      return made;
    } catch (error) {
      // It is whole: its address goes with it, and not before.
      await this.remove(made);
      throw error;
    }
  }

  async #make(
    options: AttachOptions,
    assigned: Assigned,
    existing: EndpointState['netns'],
    ports: EndpointState['ports'],
    course: Course | undefined,
  ): Promise<EndpointState> {
    const { host, settings, layout, seats } = this.#shop;
    const { name } = options;
    for (let tries = 0; ; tries++) {
      const seat = seats.seat(assigned, options, existing !== undefined);
      const { ifname, mac } = seat;
      const hostLink = layout.inner ? (settings.record.parent ?? '') : seat.hostLink;
      const hostIndex = layout.inner ? 0 : seat.hostIndex;
      try {
        const tag = this.tag(name);
        const attachment = { host, settings, layout, seat, name, existing, ports, tag };
        const bytes = this.#plans.fill(attachment);
        const netns = await runSequence(
          attachSequence(attachment),
          course,
          bytes && { bytes, host },
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

  async recycle(endpoint: Endpoint, options: RecycleOptions): Promise<Recycled> {
    try {
      return await this.stock.recycle(endpoint.state, options);
    } finally {
      this.#left(endpoint);
    }
  }

  #hairpinForPorts(): boolean {
    const { host, layout } = this.#shop;
    if (!layout.hairpinForPorts) return false;
    this.#bridgedFilter ??= bridgedFilter(host);
    return this.#bridgedFilter;
  }

  /** How the elements of its ports are marked. */
  tag(name: string | undefined): string {
    return name === undefined ? this.name : `${this.name} ${name}`;
  }

  /** Gives a name to the namespace of an endpoint that was made without. */
  async rename(state: EndpointState, name: string, course?: Course): Promise<void> {
    const { host, seats } = this.#shop;
    const { netns, assigned } = state;
    if (netns === undefined) return;
    const alias = seats.alias(assigned, { name });
    await runSequence(nameSequence(host, state, netns.fd, name, alias), course);
    netns.hold.name = name;
    state.name = name;
  }

  async publish(
    { state }: Endpoint,
    specs: readonly PublishSpec[],
    call?: CallOptions,
  ): Promise<void> {
    const { courses } = this.#shop;
    await courses.run(
      'endpoint.publish',
      call,
      (course) => this.publishTo(state, specs, course),
      (late) => this.#unpublish(state, late),
    );
  }

  /** Answers the ports that were published. */
  async publishTo(
    state: EndpointState,
    specs: readonly PublishSpec[],
    course?: Course,
  ): Promise<readonly PublishedPort[]> {
    const { host, settings, layout, rules, courses } = this.#shop;
    const ports = specs.flatMap((spec, i) => expand(`publish[${i}]`, spec, state.assigned));
    if (ports.length === 0) return ports;
    // What was given up may be on its way to take the same port back.
    await courses.settled();
    await rules.ensureForPorts(course);
    const tag = this.tag(state.name);
    await runSequence(
      publishSequence(host, settings, layout, state, ports, tag, this.#hairpinForPorts()),
      course,
    );
    state.ports.push(...ports);
    await rules.renew(ports);
    return ports;
  }

  async unpublish(
    { state, address }: Endpoint,
    specs: readonly PublishSpec[],
    call?: CallOptions,
  ): Promise<void> {
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
    const { courses } = this.#shop;
    await courses.run('endpoint.unpublish', call, (course) =>
      this.#unpublish(
        state,
        known.filter((port) => port !== undefined),
        course,
      ),
    );
  }

  async #unpublish(
    state: EndpointState,
    ports: readonly PublishedPort[],
    course?: Course,
  ): Promise<void> {
    const { host, rules } = this.#shop;
    await finishSequence(unpublishSequence(host, this.name, ports), course);
    await rules.forget(ports);
    state.ports = state.ports.filter((each) => !ports.includes(each));
  }

  /** @param course with it the detach can be given up before it has begun; never behind that */
  async detach(endpoint: Endpoint, course?: Course): Promise<void> {
    await this.remove(endpoint.state, course);
    this.#left(endpoint);
  }

  async remove(state: EndpointState, course?: Course): Promise<void> {
    const { host, layout, seats, reaper, rules } = this.#shop;
    const { foreign, name, ports, netns, hostLink, hostIndex, assigned } = state;
    if (layout.inner) {
      course?.begin();
      await removeInner(this.#shop, state);
    } else {
      // Of an anonymous namespace nothing is known but by its descriptor: closing it is all.
      if (foreign || name !== undefined || ports.length > 0) {
        await finishSequence(detachSequence(host, this.name, state), course);
      }
      course?.begin();
      netns?.close();
      const forgotten = ports.length > 0 ? rules.forget(ports) : undefined;
      if (!foreign) await reaper.gone(hostLink, hostIndex);
      await forgotten;
    }
    state.ports = [];
    seats.release(assigned, isBlank(state) ? state.seat.hostLink : hostLink);
  }

  /** Runs an operation of an endpoint under its caller's limits. */
  limit(
    operation: string,
    call: CallOptions | undefined,
    begin: (course?: Course) => Promise<void>,
  ): Promise<void> {
    return this.#shop.courses.run(operation, call, begin);
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
