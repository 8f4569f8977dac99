import type { Prefix } from '../check.ts';
import { nameBytes } from '../nftables/bytes.ts';
import { chain } from '../nftables/chain.ts';
import type { Command, TableRef } from '../nftables/command.ts';
import { type Element, element } from '../nftables/element.ts';
import { match, nat, verdicts } from '../nftables/match.ts';
import { rule } from '../nftables/rule.ts';
import { ANONYMOUS, set } from '../nftables/set.ts';
import { table } from '../nftables/table.ts';

/**
 * The one table of this library and what stands in it before any network does. Its chains have
 * priorities of their own beside those of Docker and firewalld, whose tables are never touched.
 */
export const TABLE: TableRef = { family: 'inet', table: 'node-netns' };

/** The layout's version, kept in the table's comment: another one is not ours to change. */
export const LAYOUT = 'node-netns 1';

/** Names of interfaces of networks that are kept apart from each other. */
export const NETWORKS = 'networks';

/** Ports of every address of the host, and those of one address of it. */
export const MAPS = {
  4: { any: 'published', at: 'published-at' },
  6: { any: 'published6', at: 'published6-at' },
} as const;

/** IPPROTO_* (linux/in.h) */
export const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

const inChain = (
  name: string,
  expressions: Parameters<typeof rule.add>[0]['expressions'],
  comment?: string,
): Command => rule.add({ ...TABLE, chain: name, expressions, comment });

function map(name: string, family: 4 | 6, byAddress: boolean, comment: string): Command {
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const port = ['inet_proto', 'inet_service'] as const;
  const key = byAddress ? ([address, ...port] as const) : port;
  return set.add({ ...TABLE, name, key, data: [address, 'inet_service'], comment });
}

/** The rule that looks a port up in a map, with the set of protocols that have ports. */
function lookUp(family: 4 | 6, name: string, byAddress: boolean, id: number): Command[] {
  const ref = { ...TABLE, set: ANONYMOUS, setId: id };
  const protocols = Object.values(PROTOCOLS).map((number) => ({ key: new Uint8Array([number]) }));
  return [
    set.add({ ...TABLE, name: ANONYMOUS, key: ['inet_proto'], anonymous: true, id }),
    element.add(ref, protocols),
    inChain('published', [...match.l4protoIn(id), ...nat.dnatTo(family, name, byAddress)]),
  ];
}

/** Makes the table: once, by the first network. */
export function makeTable(): Command[] {
  const base = (
    name: string,
    rest: Omit<Parameters<typeof chain.add>[0], 'family' | 'table' | 'name'>,
  ): Command => chain.add({ ...TABLE, name, ...rest });
  const toPublished = [...match.toThisHost(), ...verdicts.jump('published')];
  return [
    table.add({ family: TABLE.family, name: TABLE.table, comment: LAYOUT }),
    map(MAPS[4].any, 4, false, 'ports of every address of this host'),
    map(MAPS[4].at, 4, true, 'ports of one address of this host'),
    map(MAPS[6].any, 6, false, 'ports of every address of this host'),
    map(MAPS[6].at, 6, true, 'ports of one address of this host'),
    set.add({
      ...TABLE,
      name: NETWORKS,
      key: ['ifname'],
      interval: true,
      comment: 'networks apart from each other',
    }),
    base('published', {}),
    base('raw', { type: 'filter', hook: 'prerouting', priority: 'raw' }),
    base('prerouting', { type: 'nat', hook: 'prerouting', priority: 'dstnat' }),
    base('output', { type: 'nat', hook: 'output', priority: 'dstnat' }),
    base('forward', { type: 'filter', hook: 'forward', priority: 'filter' }),
    base('postrouting', { type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
    ...lookUp(4, MAPS[4].at, true, 1),
    ...lookUp(4, MAPS[4].any, false, 2),
    ...lookUp(6, MAPS[6].at, true, 3),
    ...lookUp(6, MAPS[6].any, false, 4),
    inChain('prerouting', toPublished),
    inChain('output', toPublished),
    inChain('forward', [...match.ctState('established', 'related'), ...verdicts.accept()]),
    inChain('forward', [...match.ctStatus('dnat'), ...verdicts.accept()]),
  ];
}

export function deleteTable(): Command[] {
  return [table.delete(TABLE.family, TABLE.table)];
}

/** What the ruleset must know of a network. */
export interface NetworkRules {
  /** The owner's tag: the network's name. */
  name: string;
  /** Its interfaces: 'br0', or 'rt0-*' where every endpoint has one. */
  interfaces: string;
  subnets: readonly Prefix[];
  /** Translate what leaves the network to the host's address. */
  masquerade: boolean;
  /** Nothing passes between it and other networks of this library but through published ports. */
  isolated: boolean;
  /** Nothing from outside passes into it but answers and what comes through published ports. */
  denyInbound: boolean;
  /** Nothing passes between its own interfaces but through published ports. */
  denyWithin: boolean;
}

const LOOPBACK: Prefix = { family: 4, address: '127.0.0.0', length: 8 };

/** The rules of a network, each with its name as comment. */
export function networkRules(network: NetworkRules): Command[] {
  const { name, interfaces, subnets } = network;
  const within = (family: 4 | 6): Prefix[] => subnets.filter((each) => each.family === family);
  const tagged = (where: string, expressions: Parameters<typeof inChain>[1]): Command =>
    inChain(where, expressions, name);
  const out: Command[] = [];
  if (network.isolated) {
    out.push(element.add({ ...TABLE, set: NETWORKS }, interfaceElements(network)));
  }
  // Where a network card is a port of the bridge, the way outside is the network's own interface:
  // only its subnets tell what is for an endpoint.
  for (const subnet of subnets) {
    if (network.isolated) {
      out.push(
        tagged('forward', [
          ...match.iifname(interfaces, '!='),
          ...match.iifnameIn(NETWORKS),
          ...match.oifname(interfaces),
          ...match.daddr(subnet),
          ...verdicts.drop(),
        ]),
      );
    }
    if (network.denyInbound) {
      out.push(
        tagged('forward', [
          ...match.iifname(interfaces, '!='),
          ...match.oifname(interfaces),
          ...match.daddr(subnet),
          ...verdicts.drop(),
        ]),
        tagged('forward', [
          ...match.iifname(interfaces),
          ...match.oifname(interfaces),
          ...within(subnet.family).flatMap((each) => match.saddr(each, '!=')),
          ...match.daddr(subnet),
          ...verdicts.drop(),
        ]),
      );
    }
  }
  if (network.denyWithin) {
    out.push(
      tagged('forward', [
        ...match.iifname(interfaces),
        ...match.oifname(interfaces),
        ...verdicts.drop(),
      ]),
    );
  }
  if (subnets.some((subnet) => subnet.family === 4)) {
    out.push(
      // With route_localnet on, the host's 127.0.0.1 must stay out of the endpoints' reach.
      tagged('raw', [...match.iifname(interfaces), ...match.daddr(LOOPBACK), ...verdicts.drop()]),
      // The host itself at 127.0.0.1 asks for a published port.
      tagged('postrouting', [
        ...match.saddr(LOOPBACK),
        ...match.oifname(interfaces),
        ...nat.masquerade(),
      ]),
    );
  }
  for (const subnet of subnets) {
    // An endpoint asks for a published port of its own network: the answer must come back here.
    out.push(
      tagged('postrouting', [
        ...match.saddr(subnet),
        ...match.oifname(interfaces),
        ...match.ctStatus('dnat'),
        ...nat.masquerade(),
      ]),
    );
    if (network.masquerade) {
      out.push(
        tagged('postrouting', [
          ...match.saddr(subnet),
          ...within(subnet.family).flatMap((each) => match.daddr(each, '!=')),
          // Bridged multicasts and broadcasts pass here too, where br_netfilter is on.
          ...match.toOneHost(),
          ...nat.masquerade(),
        ]),
      );
    }
  }
  return out;
}

/** The network's interfaces as elements of the set `networks`: ranges of names, end excluded. */
export function interfaceElements(network: { name: string; interfaces: string }): Element[] {
  const { name, interfaces } = network;
  const open = interfaces.endsWith('*');
  const text = open ? interfaces.slice(0, -1) : interfaces;
  const key = nameBytes(text);
  const end = key.slice();
  // Behind 'rt0-*' comes 'rt0.': the last byte of the beginning, or of all 16, one up.
  end[open ? Buffer.byteLength(text) - 1 : 15]++;
  return [
    { key, comment: name },
    { key: end, intervalEnd: true },
  ];
}
