import { interfaceName } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import type { Dev } from '../netlink/request.ts';
import { bridgeLayout } from './bridge-layout.ts';
import { checkEnslave, type Enslaved, type EnslaveOptions, enslave } from './enslave.ts';
import { found, reopen } from './founding.ts';
import { Network, type Parts } from './network.ts';
import { checkOptions, type NetworkOptions, type UseOptions } from './settings.ts';
import { addTap, type Tap, type TapOptions } from './tap.ts';

export type BridgeOptions = NetworkOptions;

/**
 * Namespaces on a bridge of the host: each has an address in the subnet, all reach each other and,
 * through the bridge's address, the host and what is behind it. A bridge takes 1,023 endpoints.
 */
export class BridgeNetwork extends Network {
  readonly #bridge: Parts;
  readonly #enslaved = new Set<Enslaved>();
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
   * (by a nexthop object, with an encapsulation) ERR_IMMOVABLE_ROUTE: nothing is changed then.
   */
  async enslave(dev: Dev, options: EnslaveOptions = {}): Promise<Enslaved> {
    checkEnslave(dev, options);
    this.#open('enslave');
    const { host } = this.#bridge;
    return this.#inTurn(async () => {
      const port = await enslave(host, this.name, dev, options, (run) => this.#inTurn(run));
      this.#enslaved.add(port);
      return port;
    });
  }

  /** Makes a tap for a virtual machine, a port of the bridge from the beginning. */
  async addTap(options: TapOptions = {}): Promise<Tap> {
    this.#open('addTap');
    return addTap(this.#bridge.host, this.#bridge.settings, options);
  }

  /** Gives enslaved links what was theirs, detaches all endpoints and takes the network away. */
  override async delete(): Promise<void> {
    // What they have on the bridge would go with it.
    if (!this.closed) for (const port of this.#enslaved) await port.release();
    this.#enslaved.clear();
    await super.delete();
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(run);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #open(operation: string): void {
    if (!this.closed) return;
    throw new NetlinkError(`network.${operation}: network '${this.name}' has been closed`, {
      code: 'ERR_NETWORK_CLOSED',
    });
  }
}
