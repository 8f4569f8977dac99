import { boolean, checkKeys, device, object } from '../check.ts';
import { invalidValue, NetlinkError } from '../errors.ts';
import type { CallOptions, Dev } from '../netlink/request.ts';
import type { Address } from '../rtnetlink/address/api.ts';
import { type Link, link } from '../rtnetlink/link/api.ts';
import type { Route } from '../rtnetlink/route/api.ts';
import { immovable } from './belongings.ts';
import type { Course, Courses } from './course.ts';
import type { Host } from './host.ts';
import { type Holdings, holdings, Move } from './move.ts';
import { Once } from './once.ts';

export interface EnslaveOptions extends CallOptions {
  /** Sets the link promiscuous for good (IFF_PROMISC). The bridge does so by itself where it must. */
  promisc?: boolean;
}

const KEYS = new Set(['promisc', 'signal', 'timeout']);

/** The way back, under its caller's limits. */
type Release = (options: CallOptions | undefined, once: Once) => Promise<void>;

/** A link of the host that has become a port of a bridge, and what moved from it to the bridge. */
export class Enslaved {
  /** The link's name. */
  readonly dev: string;
  /** The addresses that moved, as the link had them. */
  readonly addresses: readonly Address[];
  /** The routes that moved, as they went over the link. */
  readonly routes: readonly Route[];
  readonly #release: Release;
  readonly #released = new Once();

  /** @internal */
  constructor(link: Link, had: Holdings, release: Release) {
    this.dev = link.name;
    this.addresses = had.addresses;
    this.routes = had.routes;
    this.#release = release;
  }

  /**
   * Takes the link off the bridge and gives it its addresses and routes back; idempotent. What the
   * bridge got from others meanwhile stays there. Given up before it has begun, it leaves all as it
   * is; behind that it goes on to its end, and to call it again is to wait for that.
   */
  release(options?: CallOptions): Promise<void> {
    return this.#release(options, this.#released);
  }

  /** Whether it has been given back, or is on its way. */
  get released(): boolean {
    return this.#released.begun;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
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

/** Runs one change of the bridge after the other: what it had before must be known. */
export type InTurn = <T>(run: () => Promise<T>) => Promise<T>;

/** Puts a link of the host on the bridge, and its addresses and routes too. */
export async function enslave(
  host: Host,
  network: string,
  dev: Dev,
  { promisc }: EnslaveOptions,
  inTurn: InTurn,
  courses: Courses,
  course: Course | undefined,
): Promise<Enslaved> {
  course?.check();
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
  course?.check();
  course?.begin();
  await move.there({ promisc });
  return handleOf(port, had, move, inTurn, courses);
}

/** The handle of a card that is on the bridge. */
export function handleOf(
  port: Link,
  had: Holdings,
  move: Move,
  inTurn: InTurn,
  courses: Courses,
): Enslaved {
  const back = (course?: Course): Promise<void> =>
    inTurn(async () => {
      course?.check();
      course?.begin();
      await move.back();
    });
  return new Enslaved(port, had, (options, once) =>
    courses.run('enslaved.release', options, (course) => once.run(course, back)),
  );
}
