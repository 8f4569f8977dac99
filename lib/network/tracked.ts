import { NetlinkError } from '../errors.ts';
import { ipBytes } from '../nftables/bytes.ts';
import { conntrack, type Tracked, type Tuple } from '../nftables/conntrack.ts';
import type { Host } from './host.ts';
import type { PublishedPort } from './ports.ts';
import { PROTOCOLS } from './ruleset.ts';

/**
 * Connections that came by ports which are published no more. The kernel goes on leading what it
 * tracks to where it led it: a client that sends on (UDP has no end) would never find whoever has the
 * port next.
 */
export class Connections {
  readonly #host: Host;
  #gathered: PublishedPort[] = [];
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Has the kernel forget them; the ports lead nowhere any more. A listing walks the connections of
   * all namespaces, so what comes while one is on its way is looked for together in the next.
   */
  forget(ports: readonly PublishedPort[]): Promise<void> {
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
      const led = await nft.run(conntrack.listTranslated());
      const ends = new Map<string, PublishedPort[]>();
      for (const port of ports) {
        const key = keyOf(ipBytes(port.address), PROTOCOLS[port.protocol], port.port);
        const known = ends.get(key);
        if (known === undefined) ends.set(key, [port]);
        else known.push(port);
      }
      const gone = led.filter((each) =>
        ends.get(endOf(each.reply))?.some((port) => by(each, port)),
      );
      await Promise.all(gone.map((each) => nft.run(conntrack.delete(each)).catch(ended)));
    } catch (error) {
      // A kernel that does not tell what it tracks (CONFIG_NF_CT_NETLINK) forgets by itself, in time.
      if (!(error instanceof NetlinkError)) throw error;
    }
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
