import { boolean, checkKeys, object } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import type { CallOptions } from '../netlink/request.ts';
import { isCallOptions } from '../netns/faces.ts';
import type { NetNs } from '../netns/netns.ts';
import type { Assigned } from './addresses.ts';
import type { Course } from './course.ts';
import { Once } from './once.ts';
import type { PublishedPort, PublishSpec } from './ports.ts';

/** What an endpoint's network does for it. */
export interface Owner {
  readonly name: string;
  publish(endpoint: Endpoint, specs: readonly PublishSpec[], call?: CallOptions): Promise<void>;
  unpublish(endpoint: Endpoint, specs: readonly PublishSpec[], call?: CallOptions): Promise<void>;
  detach(endpoint: Endpoint, course?: Course): Promise<void>;
  recycle(endpoint: Endpoint, options: RecycleOptions): Promise<Recycled>;
  limit(
    operation: string,
    call: CallOptions | undefined,
    begin: (course?: Course) => Promise<void>,
  ): Promise<void>;
}

/** How an endpoint is given back. */
export interface RecycleOptions {
  /** No process is in it any more, as the caller knows: they need not be looked for. */
  processesGone?: boolean;
}

/** What became of an endpoint that was given back. */
export interface Recycled {
  /** Whether the pool has it again; it was destroyed otherwise. */
  recycled: boolean;
  /** Why it was destroyed: 'a process is in it'. */
  because?: string;
}

const RECYCLE_KEYS = new Set(['processesGone']);

/** What is settled when an endpoint is made or found. */
export interface EndpointState {
  assigned: Assigned;
  gateways: Assigned;
  mac: string;
  ifname: string;
  hostLink: string;
  hostIndex: number;
  /** The name that was made for it. */
  name?: string;
  /** The namespace was there before. */
  foreign: boolean;
  netns?: NetNs;
  /** Opens the namespace by its name, where the endpoint was found again. */
  open?: () => NetNs;
  ports: PublishedPort[];
}

/** A namespace's place in a network: its address, its links, its published ports. */
export class Endpoint {
  /** The name in /run/netns that it was given. */
  readonly name: string | undefined;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** The hardware address of the end inside. */
  readonly mac: string;
  /** The end inside: 'eth0'. */
  readonly ifname: string;
  /** The host's end. */
  readonly hostLink: string;
  readonly hostIndex: number;
  /** Whether the namespace was there before: it stays when the endpoint is detached. */
  readonly foreign: boolean;

  /** @internal */
  readonly state: EndpointState;
  readonly #owner: Owner;
  readonly #detached = new Once();

  /** @internal Use the network's `attach`. */
  constructor(owner: Owner, state: EndpointState) {
    this.#owner = owner;
    this.state = state;
    this.name = state.name;
    this.ipv4 = state.assigned.ipv4;
    this.ipv6 = state.assigned.ipv6;
    this.mac = state.mac;
    this.ifname = state.ifname;
    this.hostLink = state.hostLink;
    this.hostIndex = state.hostIndex;
    this.foreign = state.foreign;
  }

  /** The network's name. */
  get network(): string {
    return this.#owner.name;
  }

  /** Its address: the IPv4 one where it has both. */
  get address(): string {
    return this.ipv4 ?? this.ipv6 ?? '';
  }

  /** The default route's gateway, of the same family as `address`. */
  get gateway(): string {
    const { gateways } = this.state;
    return (this.ipv4 === undefined ? gateways.ipv6 : gateways.ipv4) ?? '';
  }

  /**
   * The namespace. Closing the handle of an anonymous one ends it, and leaves the address taken
   * until `detach`. ERR_NETNS_UNREACHABLE where the endpoint was found after a crash and neither a
   * name nor a process leads to its namespace.
   */
  get netns(): NetNs {
    this.state.netns ??= this.state.open?.();
    if (this.state.netns !== undefined) return this.state.netns;
    throw new NetlinkError(
      `network '${this.network}': no name and no process leads to the namespace of ${this.address} (${this.hostLink})`,
      { code: 'ERR_NETNS_UNREACHABLE' },
    );
  }

  /** The published ports. */
  get ports(): readonly PublishedPort[] {
    return this.state.ports;
  }

  get detached(): boolean {
    return this.#detached.begun;
  }

  /**
   * Publishes ports of the host that lead here, all or none, in one transaction. ERR_PORT_IN_USE
   * where a process listens there or another endpoint has it. `{ signal, timeout }` may come last:
   * what is published after it was given up is taken back.
   */
  async publish(...specs: PublishArguments): Promise<void> {
    const call = callOptions(specs);
    this.#check('publish');
    await this.#owner.publish(this, specs as PublishSpec[], call);
  }

  /** Takes published ports back. `{ signal, timeout }` may come last: once begun, it is done. */
  async unpublish(...specs: PublishArguments): Promise<void> {
    const call = callOptions(specs);
    this.#check('unpublish');
    await this.#owner.unpublish(this, specs as PublishSpec[], call);
  }

  /**
   * Takes the endpoint away with its ports, addresses and links, and the namespace that was made for
   * it. When it resolves, the host's end is gone and the address free. Idempotent. Given up before
   * it has begun, the endpoint stays; behind that it goes on to its end, and to call it again is to
   * wait for that.
   */
  detach(options?: CallOptions): Promise<void> {
    const once = (course?: Course): Promise<void> =>
      this.#detached.run(course, (course) => this.#owner.detach(this, course));
    return options === undefined ? once() : this.#owner.limit('endpoint.detach', options, once);
  }

  /**
   * Gives the endpoint back to the pool, where that has `recycle`, after its processes are gone: its
   * ports, addresses, routes and name are taken back, and it is looked at as `pool.recycle` says.
   * Where anything is not as it was, or it can't be told, it is destroyed, as by `detach`. Either way
   * it is detached, and its handle closed. See docs/pools.md for what can be told, and what can't.
   */
  async recycle(options: RecycleOptions = {}): Promise<Recycled> {
    checkKeys('options', object('options', options), RECYCLE_KEYS);
    if (options.processesGone !== undefined) boolean('processesGone', options.processesGone);
    this.#check('recycle');
    let done: Recycled = { recycled: false };
    await this.#detached.run(undefined, async () => {
      done = await this.#owner.recycle(this, options);
    });
    return done;
  }

  #check(operation: string): void {
    if (!this.detached) return;
    throw new NetlinkError(`endpoint.${operation}: ${this.address} has been detached`, {
      code: 'ERR_DETACHED',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.detach();
  }
}

/** The ports' specs, with `{ signal, timeout }` behind them. */
export type PublishArguments = PublishSpec[] | [...specs: PublishSpec[], options: CallOptions];

/** Takes the call's own options off the end. */
function callOptions(specs: unknown[]): CallOptions | undefined {
  const last = specs.at(-1);
  if (!isCallOptions(last)) return undefined;
  specs.pop();
  return last;
}
