import { boolean, checkKeys, device, object } from '../check.ts';
import { invalidValue, NetlinkError } from '../errors.ts';
import { MESSAGE_BARRIER } from '../netlink/messages.ts';
import type { Dev, Request } from '../netlink/request.ts';
import { type Address, address } from '../rtnetlink/address/api.ts';
import { type Link, link } from '../rtnetlink/link/api.ts';
import { neighbour } from '../rtnetlink/neighbour/api.ts';
import { type Route, route } from '../rtnetlink/route/api.ts';
import type { Host } from './host.ts';
import {
  addressKey,
  drop,
  give,
  immovable,
  inOrder,
  lead,
  leads,
  linkFirst,
  moves,
  routeKey,
  take,
} from './moving.ts';

export interface EnslaveOptions {
  /** Sets the link promiscuous for good (IFF_PROMISC). The bridge does so by itself where it must. */
  promisc?: boolean;
}

const KEYS = new Set(['promisc']);

/** What the addresses and routes of a link are. */
interface Holdings {
  addresses: Address[];
  routes: Route[];
}

/** A link of the host that has become a port of a bridge, and what moved from it to the bridge. */
export class Enslaved {
  /** The link's name. */
  readonly dev: string;
  /** The addresses that moved, as the link had them. */
  readonly addresses: readonly Address[];
  /** The routes that moved, as they went over the link. */
  readonly routes: readonly Route[];
  readonly #release: () => Promise<void>;
  #released: Promise<void> | undefined;

  /** @internal */
  constructor(link: Link, had: Holdings, release: () => Promise<void>) {
    this.dev = link.name;
    this.addresses = had.addresses;
    this.routes = had.routes;
    this.#release = release;
  }

  /**
   * Takes the link off the bridge and gives it its addresses and routes back; idempotent. What the
   * bridge got from others meanwhile stays there.
   */
  release(): Promise<void> {
    this.#released ??= this.#release().catch((error) => {
      this.#released = undefined;
      throw error;
    });
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** One link, on its way to a bridge and back. */
class Move {
  readonly #host: Host;
  readonly #link: Link;
  readonly #bridge: Link;
  readonly had: Holdings;
  // What the bridge had before is none of ours to take away.
  readonly #bridgeHad: Holdings;

  constructor(host: Host, link: Link, bridge: Link, had: Holdings, bridgeHad: Holdings) {
    this.#host = host;
    this.#link = link;
    this.#bridge = bridge;
    this.had = had;
    this.#bridgeHad = bridgeHad;
  }

  /** All in one go of the kernel: whoever is connected by the link hardly notices. */
  async there({ promisc }: EnslaveOptions): Promise<void> {
    const { addresses, routes } = this.had;
    const [from, to] = [this.#link.index, this.#bridge.index];
    const given = inOrder(addresses);
    const made = linkFirst(routes);
    const port = link.set(from, { up: true, master: to, ...(promisc ? { promisc } : {}) });
    const rest = [
      ...made.toReversed().map((each) => drop(each, from, from)),
      ...given.toReversed().map((each) => take(each, from)),
      ...given.flatMap((each) => give(each, to, keepsLabel(each, this.#link.name))),
      ...made.map((each) => lead(each, from, to)),
    ];
    // Nothing moves where the kernel will not have the link on a bridge.
    if (rest.length > 0) rest[0] = whenDone(rest[0]);
    try {
      await this.#host.ns.channel.batch([port, ...rest]);
    } catch (error) {
      await this.back().catch((second) => {
        throw new NetlinkError(
          `${messageOf(error)}; and putting '${this.#link.name}' back as it was failed: ${messageOf(second)}`,
          { code: 'ERR_NOT_UNDONE', cause: error },
        );
      });
      throw error;
    }
  }

  /** From wherever it has come to: only what is missing is made, only what is too much taken. */
  async back(): Promise<void> {
    const [from, to] = [this.#link.index, this.#bridge.index];
    const { channel } = this.#host.ns;
    const [here, there] = [await holdings(this.#host, from), await holdings(this.#host, to)];
    const given = inOrder(this.had.addresses);
    const made = linkFirst(this.had.routes);
    const requests: Request<void>[] = [];
    if (there !== undefined) {
      const routes = surplus(there.routes, this.#bridgeHad.routes, routeKey);
      const addresses = surplus(there.addresses, this.#bridgeHad.addresses, addressKey);
      requests.push(
        ...made
          .toReversed()
          .filter((each) => routes.has(routeKey(each)))
          .map((each) => drop(each, from, to)),
        ...given
          .toReversed()
          .filter((each) => addresses.has(addressKey(each)))
          .map((each) => take(each, to)),
      );
    }
    // Unplugged meanwhile: there is nothing to give them back to.
    if (here !== undefined) {
      const { up, promisc } = this.#link;
      const { master } = await channel.run(link.get(from));
      const addresses = new Set(here.addresses.map(addressKey));
      const routes = new Set(here.routes.map(routeKey));
      requests.push(
        // Whoever has made it a port of something else keeps it.
        link.set(from, master === to ? { master: null, up, promisc } : { up, promisc }),
        ...given
          .filter((each) => !addresses.has(addressKey(each)))
          .flatMap((each) => give(each, from, true)),
        ...made.filter((each) => !routes.has(routeKey(each))).map((each) => lead(each, from, from)),
      );
    }
    await channel.batch(requests);
    // Neighbours have learnt the bridge's hardware address: being asked for theirs, they see ours.
    if (here !== undefined) await channel.compose(neighbour.flush({ dev: from }));
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

function surplus<T>(now: readonly T[], before: readonly T[], key: (of: T) => string): Set<string> {
  const known = new Set(before.map(key));
  return new Set(now.map(key).filter((each) => !known.has(each)));
}

const keepsLabel = ({ label }: Address, name: string): boolean =>
  label !== undefined && label !== name && !label.startsWith(`${name}:`);

/** The same request, sent only when those before it are acknowledged, and not when one failed. */
function whenDone(request: Request<void>): Request<void> {
  return {
    ...request,
    write(messages) {
      const at = messages.count;
      request.write(messages);
      messages.flags[at] |= MESSAGE_BARRIER;
    },
  };
}

/** What a link has; undefined where it is gone. */
async function holdings(host: Host, dev: number): Promise<Holdings | undefined> {
  try {
    const [addresses, routes] = (await host.ns.channel.batch([
      address.list({ dev }),
      route.list({ table: 'all', dev }),
    ])) as [Address[], Route[]];
    return { addresses: addresses.filter(moves), routes: routes.filter(leads) };
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENODEV') return undefined;
    throw error;
  }
}

async function find(host: Host, dev: Dev): Promise<Link> {
  try {
    return await host.ns.channel.run(link.get(dev));
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code !== 'ENODEV') throw error;
    throw new NetlinkError(`network.enslave: the host has no link '${dev}'`, {
      code: 'ENODEV',
      errno: error.errno,
      syscall: error.syscall,
      cause: error,
    });
  }
}

export function checkEnslave(dev: Dev, options: EnslaveOptions): void {
  device('dev', dev);
  checkKeys('options', object('options', options), KEYS);
  if (options.promisc !== undefined) boolean('options.promisc', options.promisc);
}

function refuse(dev: Dev, port: Link, bridge: Link): void {
  if (port.index === bridge.index) {
    throw invalidValue('dev', dev, `another link than the bridge '${bridge.name}' itself`);
  }
  if (port.type === 'loopback') throw invalidValue('dev', dev, 'another link than the loopback');
  if (port.kind === 'bridge') throw invalidValue('dev', dev, 'a link that is no bridge');
  if (port.master !== undefined) {
    const whose = port.master === bridge.index ? `'${bridge.name}'` : `link ${port.master}`;
    throw new NetlinkError(`network.enslave: '${port.name}' is a port of ${whose} already`, {
      code: 'EBUSY',
    });
  }
}

/** Puts a link of the host on the bridge, and its addresses and routes too. */
export async function enslave(
  host: Host,
  network: string,
  dev: Dev,
  options: EnslaveOptions,
  inTurn: <T>(run: () => Promise<T>) => Promise<T>,
): Promise<Enslaved> {
  const port = await find(host, dev);
  const bridge = await find(host, network);
  refuse(dev, port, bridge);
  const had = await holdings(host, port.index);
  const bridgeHad = await holdings(host, bridge.index);
  if (had === undefined || bridgeHad === undefined) {
    throw new NetlinkError(`network.enslave: '${port.name}' has just gone`, { code: 'ENODEV' });
  }
  for (const each of had.routes) {
    const why = immovable(each);
    if (why === undefined) continue;
    throw new NetlinkError(
      `network.enslave: the route to ${each.dst} in the table ${each.table} ${why}, so it can't move from '${port.name}' to '${bridge.name}'; take it away before`,
      { code: 'ERR_IMMOVABLE_ROUTE' },
    );
  }
  const move = new Move(host, port, bridge, had, bridgeHad);
  await move.there(options);
  return new Enslaved(port, had, () => inTurn(() => move.back()));
}
