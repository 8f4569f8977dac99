import { Channel } from '../netlink/channel.ts';
import type { NetNs } from '../netns/netns.ts';
import { type PublishedPort as NetworkPort, readPort } from '../network/ports.ts';
import { readNetwork } from '../network/record.ts';
import { MAPS, TABLE } from '../network/ruleset.ts';
import { NETLINK_NETFILTER } from '../nftables/constants.ts';
import { element } from '../nftables/element.ts';
import type { NamespaceNode, PublishedPort } from './graph.ts';

/**
 * The published ports of a namespace that plays the host of a network of this library; others are
 * not asked. Those that follow each other are told as one range.
 */
export async function publishedPorts(ns: NetNs, node: NamespaceNode): Promise<PublishedPort[]> {
  if (!node.links.some((link) => readNetwork(link.alias) !== undefined)) return [];
  const nft = new Channel(ns.hold, NETLINK_NETFILTER);
  const found: NetworkPort[] = [];
  for (const family of [4, 6] as const) {
    for (const byAddress of [false, true]) {
      const set = MAPS[family][byAddress ? 'at' : 'any'];
      // A network without rules has no table, a kernel without nf_tables no networks that publish.
      for (const each of await nft.run(element.list({ ...TABLE, set })).catch(() => [])) {
        const port = readPort(family, byAddress, each);
        if (port !== undefined) found.push(port);
      }
    }
  }
  return ranges(found);
}

/** Ports in order, those that go on where the one before ended joined to it. */
export function ranges(ports: readonly NetworkPort[]): PublishedPort[] {
  const order = (port: NetworkPort) =>
    `${port.protocol} ${port.hostAddress ?? ''} ${port.address} ${String(port.hostPort).padStart(5, '0')}`;
  const sorted = [...ports].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const out: PublishedPort[] = [];
  for (const port of sorted) {
    const last = out.at(-1);
    const follows =
      last !== undefined &&
      last.protocol === port.protocol &&
      last.hostAddress === port.hostAddress &&
      last.address === port.address &&
      last.hostPort + last.count === port.hostPort &&
      last.port + last.count === port.port;
    if (follows) last.count++;
    else {
      const { hostAddress, ...rest } = port;
      out.push({ ...rest, ...(hostAddress === undefined ? {} : { hostAddress }), count: 1 });
    }
  }
  return out;
}

/** Sets the namespace that each port leads to: the one whose link has the address. */
export function findTargets(namespaces: readonly NamespaceNode[]): void {
  const owners = new Map<string, string>();
  for (const { id, links } of namespaces) {
    for (const link of links) {
      for (const { address } of link.addresses) owners.set(address.split('/')[0], id);
    }
  }
  for (const { published } of namespaces) {
    for (const port of published) {
      const target = owners.get(port.address);
      if (target !== undefined) port.target = target;
    }
  }
}
