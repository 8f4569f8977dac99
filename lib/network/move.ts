import { NetlinkError } from '../errors.ts';
import { MESSAGE_BARRIER } from '../netlink/messages.ts';
import type { Request } from '../netlink/request.ts';
import { type Address, address } from '../rtnetlink/address/api.ts';
import { type Link, link } from '../rtnetlink/link/api.ts';
import { neighbour } from '../rtnetlink/neighbour/api.ts';
import { type Route, route } from '../rtnetlink/route/api.ts';
import {
  addressKey,
  drop,
  give,
  inOrder,
  lead,
  leads,
  linkFirst,
  moves,
  routeKey,
  take,
} from './belongings.ts';
import { addressMark, cardAlias, readCard, routeMark } from './card-record.ts';
import type { Host } from './host.ts';

/** The addresses of a link, and the routes over it. */
export interface Holdings {
  addresses: Address[];
  routes: Route[];
}

/** One link, on its way to a bridge and back. */
export class Move {
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
  async there({ promisc }: { promisc?: boolean }): Promise<void> {
    const { addresses, routes } = this.had;
    const [from, to] = [this.#link.index, this.#bridge.index];
    const given = inOrder(addresses);
    const made = linkFirst(routes);
    const record = cardAlias(this.#bridge.name, this.#link, [
      ...addresses.map(addressMark),
      ...routes.map((each) => routeMark(each, from, to)),
    ]);
    // In one message: who is killed behind it has left the record of what is to be put back.
    const port = link.set(from, {
      up: true,
      master: to,
      ...(promisc ? { promisc } : {}),
      ...(record === undefined ? {} : { alias: record }),
    });
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
      const { up, promisc, alias = '' } = this.#link;
      const { master, alias: record } = await channel.run(link.get(from));
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
      // Last: until then it says that there is something to put back.
      if (readCard(record)?.card === this.#bridge.name) requests.push(link.set(from, { alias }));
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
export async function holdings(host: Host, dev: number): Promise<Holdings | undefined> {
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
