import { NetlinkError } from '../errors.ts';
import { type ChainInfo, chain } from '../nftables/chain.ts';
import type { Command } from '../nftables/command.ts';
import { HOOKS } from '../nftables/constants.ts';
import { element } from '../nftables/element.ts';
import { rule } from '../nftables/rule.ts';
import { table } from '../nftables/table.ts';
import { generation, transaction } from '../nftables/transaction.ts';
import type { Course } from './course.ts';
import type { Host } from './host.ts';
import { type PublishedPort, readPort, removePorts } from './ports.ts';
import {
  deleteTable,
  interfaceElements,
  LAYOUT,
  MAPS,
  makeTable,
  NETWORKS,
  type NetworkRules,
  networkRules,
  TABLE,
} from './ruleset.ts';
import { Connections } from './tracked.ts';

/** A published port as the kernel has it, with its owner. */
export interface FoundPort extends PublishedPort {
  /** The network's name. */
  owner: string;
}

const TRIES = 5;
/** Linux's number, which Node has no name for: the ruleset is of another generation. */
const ERESTART = -85;
const MISSING = new Set(['ENOENT', 'EOPNOTSUPP', 'EPROTONOSUPPORT', 'EAFNOSUPPORT', 'EINVAL']);

/** The kernel without nf_tables, told as what it is. */
function explainMissing(error: unknown): unknown {
  if (!(error instanceof NetlinkError) || !MISSING.has(error.code)) return error;
  return new NetlinkError(
    `${error.message}: masquerade, isolation and published ports need nf_tables with inet NAT (Linux 5.2, CONFIG_NF_TABLES_INET, CONFIG_NFT_NAT, CONFIG_NFT_FIB_INET)`,
    { code: 'ERR_NO_NFTABLES', errno: error.errno, syscall: error.syscall, cause: error },
  );
}

/** What one network has in the host's ruleset. */
export class Rules {
  readonly #host: Host;
  readonly #network: NetworkRules;
  readonly #connections: Connections;
  #ready: Promise<void> | undefined;
  #readyForPorts: Promise<void> | undefined;

  constructor(host: Host, network: NetworkRules) {
    this.#host = host;
    this.#network = network;
    this.#connections = new Connections(host);
  }

  /** Has the kernel forget connections that came by ports which have just been taken out. */
  forget(ports: readonly PublishedPort[]): Promise<void> {
    return this.#connections.forget(ports);
  }

  /** Has it forget those that came to nobody before the ports were published, where they have no end. */
  renew(ports: readonly PublishedPort[]): Promise<void> | undefined {
    return ports.some(({ protocol }) => protocol === 'udp')
      ? this.#connections.renew(ports.filter(({ protocol }) => protocol === 'udp'))
      : undefined;
  }

  /** Has the network's rules made, and the table where this is the first network: once. */
  ensure(course?: Course): Promise<void> {
    if (this.#ready === undefined) {
      course?.begin();
      this.#ready = this.#make().catch((error) => {
        this.#ready = undefined;
        throw error;
      });
    }
    return this.#ready;
  }

  /**
   * As `ensure`, with what published ports need besides, once: where all endpoints are behind one
   * link, answers to the host's own 127.0.0.1 come in by it.
   */
  ensureForPorts(course?: Course): Promise<void> {
    if (this.#readyForPorts === undefined) {
      course?.begin();
      this.#readyForPorts = this.#makeForPorts().catch((error) => {
        this.#readyForPorts = undefined;
        throw error;
      });
    }
    return this.#readyForPorts;
  }

  async #makeForPorts(): Promise<void> {
    const { interfaces, subnets } = this.#network;
    await this.ensure();
    if (interfaces.endsWith('*') || !subnets.some(({ family }) => family === 4)) return;
    await this.#host.ns.sysctl.set(`net/ipv4/conf/${interfaces}/route_localnet`, 1);
  }

  async #make(): Promise<void> {
    const { nft } = this.#host;
    const mine = networkRules(this.#network);
    for (let i = 0; ; i++) {
      const made = await this.#tableMade();
      if (made && (await this.#handles()).length > 0) return;
      try {
        await nft.batch([
          transaction([...(made ? [] : makeTable()), ...mine], { operation: 'network.rules' }),
        ]);
        return;
      } catch (error) {
        // Another network made the table just now, or took it away.
        const raced = error instanceof NetlinkError && error.code === (made ? 'ENOENT' : 'EEXIST');
        if (!raced || i === TRIES) throw explainMissing(error);
      }
    }
  }

  async #tableMade(): Promise<boolean> {
    const found = (await this.#tables()).find(
      ({ family, name }) => family === TABLE.family && name === TABLE.table,
    );
    if (found === undefined) return false;
    // Kernels before 5.10 keep no comment.
    if (found.comment !== undefined && found.comment !== LAYOUT) {
      throw new NetlinkError(
        `the table 'inet ${TABLE.table}' is of another version of this library ('${found.comment}', not '${LAYOUT}'): delete its networks with that one`,
        { code: 'ERR_FOREIGN_TABLE' },
      );
    }
    return true;
  }

  async #tables() {
    try {
      return await this.#host.nft.run(table.list('inet'));
    } catch (error) {
      throw explainMissing(error);
    }
  }

  async #handles(): Promise<{ chain: string; handle: number }[]> {
    const all = await this.#host.nft.run(rule.list(TABLE));
    return all.filter((each) => ownerOf(each.comment) === this.#network.name);
  }

  /** The published ports of this network; none where nothing was ever published. */
  async ports(): Promise<FoundPort[]> {
    const found = await this.#host.nft.run(table.list('inet')).catch(() => []);
    if (!found.some(({ name }) => name === TABLE.table)) return [];
    return (await this.#allPorts()).filter(({ owner }) => owner === this.#network.name);
  }

  async #allPorts(): Promise<FoundPort[]> {
    const out: FoundPort[] = [];
    for (const family of [4, 6] as const) {
      for (const byAddress of [false, true]) {
        const set = MAPS[family][byAddress ? 'at' : 'any'];
        for (const found of await this.#host.nft.run(element.list({ ...TABLE, set }))) {
          const port = readPort(family, byAddress, found);
          if (port !== undefined) out.push({ ...port, owner: ownerOf(found.comment) ?? '' });
        }
      }
    }
    return out;
  }

  /** Takes out all that is this network's; the table too, where no other network is left. */
  async remove(): Promise<void> {
    const { nft } = this.#host;
    this.#ready = undefined;
    this.#readyForPorts = undefined;
    for (let i = 0; ; i++) {
      const tables = await nft.run(table.list('inet')).catch(() => []);
      if (!tables.some(({ name }) => name === TABLE.table)) return;
      const seen = await nft.run(generation());
      try {
        const removal = await this.#removal();
        if (removal.length === 0) return;
        await nft.batch([transaction(removal, { generation: seen, operation: 'network.delete' })]);
        return;
      } catch (error) {
        // The ruleset has changed since it was listed: look again.
        const raced =
          error instanceof NetlinkError && (error.errno === ERESTART || error.code === 'ENOENT');
        if (!raced || i === TRIES) throw error;
      }
    }
  }

  async #removal(): Promise<Command[]> {
    const { nft } = this.#host;
    const { name } = this.#network;
    const rules = await nft.run(rule.list(TABLE));
    const ports = await this.#allPorts();
    const networks = await nft.run(element.list({ ...TABLE, set: NETWORKS }));
    const others =
      rules.some(({ comment }) => comment !== undefined && ownerOf(comment) !== name) ||
      ports.some(({ owner }) => owner !== name) ||
      networks.some(({ comment }) => comment !== undefined && ownerOf(comment) !== name);
    if (!others) return deleteTable();
    const out = rules
      .filter(({ comment }) => ownerOf(comment) === name)
      .map(({ chain, handle }) => rule.delete(TABLE, chain, handle));
    out.push(...removePorts(ports.filter(({ owner }) => owner === name)));
    if (networks.some(({ comment }) => ownerOf(comment) === name)) {
      out.push(element.delete({ ...TABLE, set: NETWORKS }, interfaceElements(this.#network)));
    }
    return out;
  }

  /**
   * Base chains of others in the forward hook that drop by policy: what is forwarded to and from
   * the network passes only where a rule of theirs lets it.
   */
  async blockers(): Promise<ChainInfo[]> {
    const chains = await this.#host.nft.run(chain.list()).catch(() => []);
    return chains.filter(
      ({ hook, policy, table, family }) =>
        hook === HOOKS.forward &&
        policy === 'drop' &&
        table !== TABLE.table &&
        (family === 'inet' || family === 'ip' || family === 'ip6'),
    );
  }
}

/** The owner in a comment: 'br0', or 'br0 web'. */
function ownerOf(comment: string | undefined): string | undefined {
  const space = comment?.indexOf(' ') ?? -1;
  return space < 0 ? comment : comment?.slice(0, space);
}
