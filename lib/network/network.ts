import { integer } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import { checkCallOptions, limited } from '../netlink/limits.ts';
import type { CallOptions } from '../netlink/request.ts';
import { link } from '../rtnetlink/link/api.ts';
import { type AttachOptions, attachOptions, isOrdinary } from './attach-options.ts';
import { checkName } from './attachment.ts';
import { isBlank, takesBlank } from './blank.ts';
import { type Course, Courses } from './course.ts';
import { Endpoint, type EndpointState } from './endpoint.ts';
import type { Host } from './host.ts';
import { type Layout, refuse, rulesOf } from './layout.ts';
import { Members, type Workshop } from './members.ts';
import { Pool, type PoolSource, type PoolStats } from './pool.ts';
import { Reaper } from './reaper.ts';
import { type Found, survey } from './recovery.ts';
import { Rules } from './rules.ts';
import { Seats } from './seats.ts';
import type { Settings, UseOptions } from './settings.ts';
import { type Swept, sweep } from './sweep.ts';

/** What a network holds, and what it waits for. */
export interface NetworkStats {
  endpoints: number;
  /** Addresses in use, those of the pool and of endpoints that are going included. */
  addresses: { used: number; capacity: number };
  pool: PoolStats;
  /** Namespaces closed that the kernel has not freed yet. */
  unfreed: number;
  /** Namespaces freed so far. */
  freed: number;
}

/** What a network is made of, once it is there. */
export interface Parts {
  host: Host;
  settings: Settings;
  layout: Layout;
  /** Gives the ownership up. */
  release: () => void;
}

const MAX_UNFREED = 256;

/** What bridge, routed and macvlan networks have in common: all but their layouts. */
export class Network {
  /** The name of the network, and of its link on the host. */
  readonly name: string;
  readonly #parts: Parts;
  readonly #shop: Workshop;
  readonly #members: Members;
  readonly #pool: Pool;
  readonly #endpoints = new Set<Endpoint>();
  #left: Found = { endpoints: [], unreachable: [], broken: [], orphans: [] };
  /** Whether the pool's endpoints have their addresses. */
  readonly #addressed: boolean;
  #attaching = 0;
  #idle: (() => void)[] = [];
  #closed = false;
  #deleted: Promise<void> | undefined;

  /** @internal Use `create` or `open`. */
  constructor(parts: Parts, use: UseOptions) {
    const { host, settings, layout } = parts;
    this.#parts = parts;
    this.name = settings.name;
    this.#addressed = use.pool?.addressed !== false;
    const source: PoolSource = {
      make: () => this.#ahead(),
      discard: (state: EndpointState) => this.#members.remove(state),
      idle: () => this.#whenIdle(),
    };
    this.#pool = new Pool(source, use.pool);
    this.#shop = {
      host,
      settings,
      layout,
      seats: new Seats(settings),
      rules: new Rules(host, rulesOf(settings, layout)),
      reaper: new Reaper(host, use.maxUnfreed ?? MAX_UNFREED),
      courses: new Courses(),
      recycle: use.pool?.recycle,
      pool: this.#pool,
    };
    this.#members = new Members(this.#shop, (endpoint) => this.#endpoints.delete(endpoint));
  }

  /** The subnets: '10.88.0.0/16'. */
  get subnets(): string[] {
    return this.#parts.settings.addresses.subnets.map(({ text }) => text);
  }

  /** The gateway of endpoints: the IPv4 one where there are both. */
  get gateway(): string {
    const { layout, settings } = this.#parts;
    const { ipv4, ipv6 } = layout.gateways(settings);
    return ipv4 ?? ipv6 ?? '';
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @internal Makes the rules that the settings ask for, and tells who is in the way. */
  async prepare(): Promise<void> {
    await this.#prepareRules();
    // Not before what the kernel shows is known: an endpoint of the pool is none of it.
    this.#pool.start();
  }

  async #prepareRules(): Promise<void> {
    const { settings, layout } = this.#parts;
    const { masquerade, isolated, denyInbound, denyWithin } = rulesOf(settings, layout);
    if (!masquerade && !isolated && !denyInbound && !denyWithin) return;
    await this.#shop.rules.ensure();
    for (const { family, table, name } of await this.#shop.rules.blockers()) {
      process.emitWarning(
        `The chain '${name}' of table '${family} ${table}' drops what is forwarded unless a rule there lets it through: let the links of network '${this.name}' pass.`,
        { type: 'NetworkWarning', code: 'ERR_FORWARDING_BLOCKED' },
      );
    }
  }

  /** @internal Takes over what the kernel shows. */
  async adopt(): Promise<void> {
    const { host, settings, layout } = this.#parts;
    const found = await survey(host, settings, layout, this.#shop.rules);
    for (const state of [...found.endpoints, ...found.unreachable])
      this.#shop.seats.adopt(state.assigned, state.hostLink);
    for (const state of found.endpoints) this.#endpoints.add(new Endpoint(this.#members, state));
    for (const each of found.broken) this.#shop.seats.block(each.link);
    this.#left = found;
  }

  /** The endpoints: those attached here, and those found again by `open`. */
  endpoints(): Endpoint[] {
    return [...this.#endpoints];
  }

  /**
   * Attaches a namespace: a new anonymous one, a new one with a name, or one that exists
   * (`{ netns }`). All in one go; where a part fails, nothing of the rest stays. An attach that is
   * given up is undone, and one that comes too late detaches itself.
   */
  async attach(target?: string | AttachOptions, call?: CallOptions): Promise<Endpoint> {
    const options = attachOptions(target);
    refuse(options, this.#parts.layout);
    this.#check('attach');
    if (call === undefined) return this.#add(await this.#attach(options));
    const state = await this.#shop.courses.run(
      'network.attach',
      call,
      (course) => this.#attach(options, course),
      (late) => this.#members.remove(late),
    );
    return this.#add(state);
  }

  async #attach(options: AttachOptions, course?: Course): Promise<EndpointState> {
    const { name, publish, address } = options;
    const { courses } = this.#shop;
    // A name, a port, an address may be what something that was given up is about to free.
    if (courses.late && (name ?? publish ?? address) !== undefined) {
      await courses.settled();
      course?.check();
    }
    if (name !== undefined) checkName(name);
    const { layout } = this.#parts;
    const served = this.#addressed ? isOrdinary(options) : takesBlank(options, layout);
    const ready = served ? this.#pool.take() : undefined;
    this.#attaching++;
    try {
      if (ready !== undefined) return await this.#fromPool(ready, options, course);
      return await this.#make(options, course);
    } finally {
      this.#attaching--;
      if (this.#attaching === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  async #make(options: AttachOptions, course?: Course): Promise<EndpointState> {
    await this.#shop.reaper.room();
    course?.check();
    // At once: whoever waits here as well must see the address that is taken now.
    this.#checkRoom(this.#pool.size);
    const { stock } = this.#members;
    // What may be given back is made as the pool's are.
    if (this.#shop.recycle !== undefined && takesBlank(options, this.#parts.layout)) {
      return stock.fill(await stock.make(course), options, course);
    }
    return this.#members.attach(options, course);
  }

  /** One for the pool. */
  async #ahead(): Promise<EndpointState> {
    await this.#shop.reaper.room();
    this.#checkRoom(this.#pool.size - 1);
    return this.#addressed ? this.#members.attach({}) : this.#members.stock.make();
  }

  /** @param others in the pool */
  #checkRoom(others: number): void {
    const { layout, settings } = this.#parts;
    const { limit } = layout;
    // Whoever has an address has a port, or is about to.
    const blanks = this.#addressed ? 0 : others;
    if (limit !== undefined && settings.addresses.used + blanks >= limit.endpoints) {
      throw new NetlinkError(`network '${this.name}' is full: ${limit.why}`, {
        code: 'ERR_NETWORK_FULL',
      });
    }
  }

  #add(state: EndpointState): Endpoint {
    const endpoint = new Endpoint(this.#members, state);
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  async #fromPool(
    state: EndpointState,
    options: AttachOptions,
    course: Course | undefined,
  ): Promise<EndpointState> {
    if (isBlank(state)) return this.#members.stock.fill(state, options, course);
    const { name, publish } = options;
    try {
      if (name !== undefined) await this.#members.rename(state, name, course);
      if (publish !== undefined) await this.#members.publishTo(state, [publish].flat(), course);
      return state;
    } catch (error) {
      await this.#members.remove(state);
      throw error;
    }
  }

  /**
   * Makes endpoints ahead: the next `count` plain attaches take them without asking the kernel.
   * Given up, it makes no more; those made so far stay.
   */
  async prewarm(count: number, call?: CallOptions): Promise<void> {
    integer('count', count, 0, 65_534);
    this.#check('prewarm');
    await this.#shop.courses.run('network.prewarm', call, (course) => {
      course?.begin();
      return this.#pool.prewarm(count, course);
    });
  }

  #whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#attaching === 0) setImmediate(resolve);
      else this.#idle.push(resolve);
    });
  }

  stats(): NetworkStats {
    const { used, capacity } = this.#parts.settings.addresses;
    return {
      endpoints: this.#endpoints.size,
      addresses: { used, capacity },
      pool: this.#pool.stats,
      unfreed: this.#shop.reaper.backlog,
      freed: this.#shop.reaper.reaped,
    };
  }

  /**
   * Takes away what `open` found half made or half gone: links whose record is missing, ports that
   * lead nowhere, files in /run/netns on which nothing is mounted. What is whole stays. Given up, it
   * leaves what it has not come to yet for another call.
   */
  async sweep(call?: CallOptions): Promise<Swept> {
    this.#check('sweep');
    return this.#shop.courses.run('network.sweep', call, (course) =>
      sweep(this.#left, { ...this.#shop, members: this.#members }, course),
    );
  }

  /**
   * Detaches all endpoints and takes the network away, rules, routes and link. Once begun it goes on
   * to its end, given up or not; to call it again is to wait for that.
   */
  async delete(call?: CallOptions): Promise<void> {
    if (this.#deleted === undefined) this.#check('delete');
    const running = (): Promise<void> => {
      this.#deleted ??= this.#delete();
      return this.#deleted;
    };
    if (call === undefined) return running();
    checkCallOptions(call);
    // Not one of the courses: it waits for those itself.
    await limited('network.delete', call, () => ({ promise: running(), cancel: () => true }));
  }

  async #delete(): Promise<void> {
    const { host, release } = this.#parts;
    this.#closed = true;
    await Promise.all([
      this.#pool.close(),
      ...this.endpoints().map((endpoint) => endpoint.detach()),
    ]);
    await this.#shop.courses.settled();
    await this.#shop.rules.remove();
    await host.ns.channel.run(link.delete(this.name)).catch((error) => {
      // Somebody else took it away.
      if (!(error instanceof NetlinkError) || error.code !== 'ENODEV') throw error;
    });
    await this.#shop.reaper.close();
    release();
    host.close();
  }

  /**
   * Lets go of the network: it stays as it is for another `open`, with its named endpoints and those
   * whose namespaces were there before. Handles are closed, so anonymous endpoints end; the pool is
   * emptied.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool.close();
    await this.#shop.courses.settled();
    for (const { state } of this.#endpoints) state.netns?.close();
    await this.#shop.reaper.close();
    const { host, release } = this.#parts;
    release();
    host.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(operation: string): void {
    if (!this.#closed) return;
    throw new NetlinkError(`network.${operation}: network '${this.name}' has been closed`, {
      code: 'ERR_NETWORK_CLOSED',
    });
  }
}
