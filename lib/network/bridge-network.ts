import { interfaceName } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import { checkCallOptions, limited } from '../netlink/limits.ts';
import type { CallOptions, Dev } from '../netlink/request.ts';
import { bridgeLayout } from './bridge-layout.ts';
import { type FoundCard, findCards } from './cards.ts';
import { Courses } from './course.ts';
import { checkEnslave, type Enslaved, type EnslaveOptions, enslave, handleOf } from './enslave.ts';
import { found, reopen } from './founding.ts';
import { Network, type Parts } from './network.ts';
import { checkOptions, type NetworkOptions, type UseOptions } from './settings.ts';
import type { Swept } from './sweep.ts';
import { addTap, type Tap, type TapOptions } from './tap.ts';

export type BridgeOptions = NetworkOptions;

/**
 * Namespaces on a bridge of the host: each has an address in the subnet, all reach each other and,
 * through the bridge's address, the host and what is behind it. A bridge takes 1,023 endpoints.
 */
export class BridgeNetwork extends Network {
  readonly #bridge: Parts;
  readonly #enslaved = new Set<Enslaved>();
  readonly #courses = new Courses();
  // Cards whose process died on the way: put back by `sweep`.
  readonly #half: FoundCard[] = [];
  // One link after the other: what the bridge had before must be known.
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal Use `create` or `open`. */
  constructor(parts: Parts, use: UseOptions) {
    super(parts, use);
    this.#bridge = parts;
  }

  /** Makes the bridge with its address and, where asked for, its rules. */
  static async create(options: BridgeOptions): Promise<BridgeNetwork> {
    const settings = checkOptions('bridge', options);
    return found(options, settings, bridgeLayout, (parts) => new BridgeNetwork(parts, options));
  }

  /** Opens a network that is there, by whatever process it was made, and finds its endpoints again. */
  static async open(name: string, use: UseOptions = {}): Promise<BridgeNetwork> {
    interfaceName('name', name);
    return reopen('bridge', name, use, bridgeLayout, (parts) => new BridgeNetwork(parts, use));
  }

  /**
   * Makes a link of the host (a network card, a tap) a port of the bridge. Its addresses, but for
   * link-local ones, and its routes move to the bridge, in one call of the kernel; where a part
   * fails, all is put back. `release` of what it answers, or `delete` of the network, undoes it.
   *
   * A link that is not there is ENODEV, a port of something EBUSY, a route that can't be made anew
   * (by a nexthop object, with an encapsulation) ERR_IMMOVABLE_ROUTE: nothing is changed then. One
   * that was given up, by `signal` or `timeout`, is released when it comes too late.
   */
  async enslave(dev: Dev, options: EnslaveOptions = {}): Promise<Enslaved> {
    checkEnslave(dev, options);
    this.#open('enslave');
    const { host } = this.#bridge;
    return this.#courses.run(
      'network.enslave',
      options,
      (course) =>
        this.#inTurn(async () => {
          const port = await enslave(
            host,
            this.name,
            dev,
            options,
            this.#inTurn,
            this.#courses,
            course,
          );
          this.#enslaved.add(port);
          return port;
        }),
      (late) => late.release(),
    );
  }

  /** The cards on the bridge: those enslaved here, and those found again by `open`. */
  enslaved(): Enslaved[] {
    return [...this.#enslaved].filter(({ released }) => !released);
  }

  /** @internal */
  override async adopt(): Promise<void> {
    await super.adopt();
    const { host, settings } = this.#bridge;
    for (const card of await findCards(host, settings)) {
      const { link, had, move, half } = card;
      if (half) this.#half.push(card);
      else this.#enslaved.add(handleOf(link, had, move, this.#inTurn, this.#courses));
    }
  }

  /** As of any network; cards that a crash has left half moved are put back as they were. */
  override async sweep(call?: CallOptions): Promise<Swept> {
    const swept = await super.sweep(call);
    for (const card of this.#half.splice(0)) {
      await this.#inTurn(() => card.move.back());
      swept.cards.push(card.link.name);
    }
    return swept;
  }

  /**
   * Makes a tap for a virtual machine, a port of the bridge from the beginning. One that comes after
   * it was given up is deleted.
   */
  async addTap(options: TapOptions = {}, call?: CallOptions): Promise<Tap> {
    this.#open('addTap');
    const { host, settings } = this.#bridge;
    return this.#courses.run(
      'network.addTap',
      call,
      (course) => addTap(host, settings, options, course),
      (late) => late.delete(),
    );
  }

  /** Gives enslaved links what was theirs, detaches all endpoints and takes the network away. */
  override async delete(call?: CallOptions): Promise<void> {
    if (call === undefined) return this.#takeAway();
    checkCallOptions(call);
    await limited('network.delete', call, () => ({
      promise: this.#takeAway(),
      cancel: () => true,
    }));
  }

  async #takeAway(): Promise<void> {
    // What they have on the bridge would go with it.
    if (!this.closed) for (const port of this.#enslaved) await port.release();
    this.#enslaved.clear();
    await this.#courses.settled();
    await super.delete();
  }

  #inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const done = this.#turn.then(run);
    this.#turn = done.catch(() => undefined);
    return done;
  };

  #open(operation: string): void {
    if (!this.closed) return;
    throw new NetlinkError(`network.${operation}: network '${this.name}' has been closed`, {
      code: 'ERR_NETWORK_CLOSED',
    });
  }
}
