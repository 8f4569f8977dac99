import { integer } from '../check.ts';
import { invalidValue, NetlinkError } from '../errors.ts';
import { transaction } from '../nftables/transaction.ts';
import { link } from '../rtnetlink/link/api.ts';
import { type AttachOptions, attachOptions, isOrdinary } from './attach-options.ts';
import { checkName } from './attachment.ts';
import { Endpoint, type EndpointState } from './endpoint.ts';
import type { Host } from './host.ts';
import type { Layout } from './layout.ts';
import { Members } from './members.ts';
import { Pool } from './pool.ts';
import { portText, removePorts } from './ports.ts';
import { Reaper } from './reaper.ts';
import { type Found, survey, sweepNames } from './recovery.ts';
import { Rules } from './rules.ts';
import type { NetworkRules } from './ruleset.ts';
import { Seats } from './seats.ts';
import type { Settings, UseOptions } from './settings.ts';

/** What a network holds, and what it waits for. */
export interface NetworkStats {
  endpoints: number;
  /** Addresses in use, those of the pool and of endpoints that are going included. */
  addresses: { used: number; capacity: number };
  pool: { ready: number; making: number; taken: number; missed: number };
  /** Namespaces closed that the kernel has not freed yet. */
  unfreed: number;
  /** Namespaces freed so far. */
  freed: number;
}

/** What `sweep` found half done, and took away. */
export interface Swept {
  /** Links of the host. */
  links: string[];
  /** Published ports that led to no endpoint: 'tcp 0.0.0.0:8080'. */
  ports: string[];
  /** Names in /run/netns on which nothing was mounted. */
  names: string[];
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
  readonly #seats: Seats;
  readonly #rules: Rules;
  readonly #reaper: Reaper;
  readonly #members: Members;
  readonly #pool: Pool;
  readonly #endpoints = new Set<Endpoint>();
  #left: Found = { endpoints: [], unreachable: [], broken: [], orphans: [] };
  #attaching = 0;
  #idle: (() => void)[] = [];
  #closed = false;

  /** @internal Use `create` or `open`. */
  constructor(parts: Parts, use: UseOptions) {
    const { host, settings, layout } = parts;
    this.#parts = parts;
    this.name = settings.name;
    this.#seats = new Seats(settings);
    this.#rules = new Rules(host, rulesOf(settings, layout));
    this.#reaper = new Reaper(host, use.maxUnfreed ?? MAX_UNFREED);
    const shop = { host, settings, layout, seats: this.#seats, rules: this.#rules, reaper: this.#reaper };
    this.#members = new Members(shop, (endpoint) => this.#endpoints.delete(endpoint));
    const source = {
      make: () => this.#make({}),
      discard: (state: EndpointState) => this.#members.remove(state),
      idle: () => this.#whenIdle(),
    };
    this.#pool = new Pool(source, use.pool);
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
    const { settings, layout } = this.#parts;
    const { masquerade, isolated, denyInbound, denyWithin } = rulesOf(settings, layout);
    if (!masquerade && !isolated && !denyInbound && !denyWithin) return;
    await this.#rules.ensure();
    for (const { family, table, name } of await this.#rules.blockers()) {
      process.emitWarning(
        `The chain '${name}' of table '${family} ${table}' drops what is forwarded unless a rule there lets it through: let the links of network '${this.name}' pass.`,
        { type: 'NetworkWarning', code: 'ERR_FORWARDING_BLOCKED' },
      );
    }
  }

  /** @internal Takes over what the kernel shows. */
  async adopt(): Promise<void> {
    const { host, settings, layout } = this.#parts;
    const found = await survey(host, settings, layout, this.#rules);
    for (const state of [...found.endpoints, ...found.unreachable]) this.#seats.adopt(state.assigned, state.hostLink);
    for (const state of found.endpoints) this.#endpoints.add(new Endpoint(this.#members, state));
    for (const each of found.broken) this.#seats.block(each.link);
    this.#left = found;
  }

  /** The endpoints: those attached here, and those found again by `open`. */
  endpoints(): Endpoint[] {
    return [...this.#endpoints];
  }

  /**
   * Attaches a namespace: a new anonymous one, a new one with a name, or one that exists
   * (`{ netns }`). All in one go; where a part fails, nothing of the rest stays.
   */
  async attach(target?: string | AttachOptions): Promise<Endpoint> {
    const options = attachOptions(target);
    refuse(options, this.#parts.layout);
    this.#check('attach');
    if (options.name !== undefined) checkName(options.name);
    const ready = isOrdinary(options) ? this.#pool.take() : undefined;
    if (ready !== undefined) return this.#fromPool(ready, options);
    this.#attaching++;
    try {
      return this.#add(await this.#make(options));
    } finally {
      this.#attaching--;
      if (this.#attaching === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  async #make(options: AttachOptions): Promise<EndpointState> {
    await this.#reaper.room();
    const { layout, settings } = this.#parts;
    const { limit } = layout;
    // Whoever has an address has a port, or is about to.
    if (limit !== undefined && settings.addresses.used >= limit.endpoints) {
      throw new NetlinkError(`network '${this.name}' is full: ${limit.why}`, { code: 'ERR_NETWORK_FULL' });
    }
    return this.#members.attach(options);
  }

  #add(state: EndpointState): Endpoint {
    const endpoint = new Endpoint(this.#members, state);
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  async #fromPool(state: EndpointState, { name, publish }: AttachOptions): Promise<Endpoint> {
    try {
      if (name !== undefined) await this.#members.rename(state, name);
      if (publish !== undefined) await this.#members.publishTo(state, [publish].flat());
      return this.#add(state);
    } catch (error) {
      await this.#members.remove(state);
      throw error;
    }
  }

  /** Makes endpoints ahead: the next `count` plain attaches take them without asking the kernel. */
  async prewarm(count: number): Promise<void> {
    integer('count', count, 0, 65_534);
    this.#check('prewarm');
    await this.#pool.prewarm(count);
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
      unfreed: this.#reaper.backlog,
      freed: this.#reaper.reaped,
    };
  }

  /**
   * Takes away what `open` found half made or half gone: links whose record is missing, ports that
   * lead nowhere, files in /run/netns on which nothing is mounted. What is whole stays.
   */
  async sweep(): Promise<Swept> {
    this.#check('sweep');
    const { broken, orphans, unreachable } = this.#left;
    this.#left = { endpoints: [], unreachable: [], broken: [], orphans: [] };
    const { host } = this.#parts;
    if (orphans.length > 0) {
      await host.nft.batch([transaction(removePorts(orphans), { operation: 'network.sweep' })]);
    }
    // Their namespaces went with the process, and the kernel is about to free them.
    const dying = unreachable.map((state) => this.#members.remove(state));
    await this.#removeBroken(broken);
    for (const each of broken) this.#seats.unblock(each.link);
    await Promise.all(dying);
    return {
      links: [...broken.map((each) => each.link), ...unreachable.map(({ hostLink }) => hostLink)],
      ports: orphans.map(portText),
      names: await sweepNames(),
    };
  }

  async #removeBroken(broken: Found['broken']): Promise<void> {
    const here = broken.filter(({ netns }) => netns === undefined);
    if (here.length > 0) await this.#reaper.remove(here.map(({ index }) => index));
    for (const { netns, index } of broken) {
      await netns?.channel.run(link.delete(index)).catch(() => undefined);
      netns?.close();
    }
  }

  /** Detaches all endpoints and takes the network away, rules, routes and link. */
  async delete(): Promise<void> {
    this.#check('delete');
    const { host, release } = this.#parts;
    this.#closed = true;
    await Promise.all([this.#pool.close(), ...this.endpoints().map((endpoint) => endpoint.detach())]);
    await this.#rules.remove();
    await host.ns.channel.run(link.delete(this.name)).catch((error) => {
      // Somebody else took it away.
      if (!(error instanceof NetlinkError) || error.code !== 'ENODEV') throw error;
    });
    await this.#reaper.close();
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
    for (const { state } of this.#endpoints) state.netns?.close();
    await this.#reaper.close();
    const { host, release } = this.#parts;
    release();
    host.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(operation: string): void {
    if (!this.#closed) return;
    throw new NetlinkError(`network.${operation}: network '${this.name}' has been closed`, { code: 'ERR_NETWORK_CLOSED' });
  }
}

function rulesOf(settings: Settings, layout: Layout): NetworkRules {
  const interfaces = layout.interfaces(settings) ?? settings.name;
  // A bridge keeps its ports apart itself.
  return { ...settings, interfaces, denyWithin: settings.isolatePorts && settings.kind === 'routed' };
}

function refuse(options: AttachOptions, { refused, inner }: Layout): void {
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
