import { NetlinkError } from '../errors.ts';
import type { Request } from '../netlink/request.ts';
import { ipBytes } from '../nftables/bytes.ts';
import { conntrack, type Tracked, type Tuple } from '../nftables/conntrack.ts';
import type { Host } from './host.ts';
import type { PublishedPort } from './ports.ts';
import { PROTOCOLS } from './ruleset.ts';

/** Looks for connections by ports, and has the kernel forget them; what is asked meanwhile, together. */
class Search {
  readonly #host: Host;
  readonly #list: () => Request<Tracked[]>;
  readonly #key: (port: PublishedPort) => string;
  readonly #keyOf: (found: Tracked) => string;
  #gathered: PublishedPort[] = [];
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    host: Host,
    list: () => Request<Tracked[]>,
    key: (port: PublishedPort) => string,
    keyOf: (found: Tracked) => string,
  ) {
    this.#host = host;
    this.#list = list;
    this.#key = key;
    this.#keyOf = keyOf;
  }

  /**
   * A listing walks the connections of all namespaces, so what comes while one is on its way is
   * looked for in the next, all at once.
   */
  run(ports: readonly PublishedPort[]): Promise<void> {
    if (ports.length === 0) return Promise.resolve();
    this.#gathered.push(...ports);
    this.#next ??= this.#running.then(() => {
      const gathered = this.#gathered;
      this.#gathered = [];
      this.#next = undefined;
      this.#running = this.#forget(gathered);
      return this.#running;
    });
    return this.#next;
  }

  async #forget(ports: readonly PublishedPort[]): Promise<void> {
    const { nft } = this.#host;
    try {
      if ((await nft.run(conntrack.count())) === 0) return;
      const wanted = new Map<string, PublishedPort[]>();
      for (const port of ports) {
        const key = this.#key(port);
        const known = wanted.get(key);
        if (known === undefined) wanted.set(key, [port]);
        else known.push(port);
      }
      const found = (await nft.run(this.#list())).filter((each) =>
        wanted.get(this.#keyOf(each))?.some((port) => by(each, port)),
      );
      await Promise.all(found.map((each) => nft.run(conntrack.delete(each)).catch(ended)));
    } catch (error) {
      // A kernel that does not tell what it tracks (CONFIG_NF_CT_NETLINK) forgets by itself, in time.
      if (!(error instanceof NetlinkError)) throw error;
    }
  }
}

/**
 * Connections by published ports. The kernel goes on leading what it tracks to where it led it: a
 * client that sends on (UDP has no end) would never find whoever has the port next.
 */
export class Connections {
  readonly #led: Search;
  readonly #lost: Search;

  constructor(host: Host) {
    this.#led = new Search(
      host,
      conntrack.listTranslated,
      ({ address, protocol, port }) => keyOf(ipBytes(address), PROTOCOLS[protocol], port),
      ({ reply }) => endOf(reply),
    );
    this.#lost = new Search(
      host,
      conntrack.listPlain,
      ({ protocol, hostPort }) => `${PROTOCOLS[protocol]} ${hostPort}`,
      ({ original: { protocol } }) => `${protocol?.number} ${protocol?.destinationPort}`,
    );
  }

  /** Forgets what was led to endpoints by ports that lead nowhere any more. */
  forget(ports: readonly PublishedPort[]): Promise<void> {
    return this.#led.run(ports);
  }

  /** Forgets what came to nobody at ports that lead somewhere now. */
  renew(ports: readonly PublishedPort[]): Promise<void> {
    return this.#lost.run(ports);
  }
}

const keyOf = (address: Uint8Array, protocol: number, port: number): string =>
  `${address.join('.')} ${protocol} ${port}`;

/** Where a connection was led to: who answers. */
function endOf({ addresses, protocol }: Tuple): string {
  const source = addresses?.source4 ?? addresses?.source6 ?? new Uint8Array();
  return keyOf(source, protocol?.number ?? 0, protocol?.sourcePort ?? 0);
}

/** Whether it came by this port. */
function by({ original }: Tracked, { hostPort, hostAddress }: PublishedPort): boolean {
  if (original.protocol?.destinationPort !== hostPort) return false;
  if (hostAddress === undefined) return true;
  const { destination4, destination6 } = original.addresses ?? {};
  const to = destination4 ?? destination6;
  return to !== undefined && Buffer.compare(to, ipBytes(hostAddress)) === 0;
}

function ended(error: unknown): void {
  if (!(error instanceof NetlinkError) || error.code !== 'ENOENT') throw error;
}
