import type { NetNs } from '../netns/netns.ts';
import { type Address, address } from '../rtnetlink/address/api.ts';
import { type Link, link } from '../rtnetlink/link/api.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import { type Route, route } from '../rtnetlink/route/api.ts';
import type { AddressNode, LinkNode, RouteNode } from './graph.ts';

/** What one namespace says of itself, in one plan. */
export interface Inside {
  links: Link[];
  addresses: Address[];
  routes: Route[];
  /** The id by which it knows the caller's namespace. */
  here: number | undefined;
}

const TRIES = 3;

/** Asks a namespace for everything at once; again where its state changed under the answer. */
export async function readInside(ns: NetNs, here: NetNs | undefined): Promise<Inside> {
  for (let tries = 1; ; tries++) {
    try {
      // The dump of links makes the kernel give ids to namespaces: the question comes after it.
      const [links, addresses, routes, id] = await ns.batch([
        link.list(),
        address.list(),
        route.list({ table: 'all' }),
        nsid.get({ fd: (here ?? ns).fd }),
      ]);
      return { links, addresses, routes, here: here === undefined ? undefined : id };
    } catch (error) {
      const interrupted = error instanceof Error && 'code' in error && error.code === 'EINTR';
      if (!interrupted || tries === TRIES) throw error;
    }
  }
}

/** The ends of a pair refer to each other. */
export function isPair(kind: string | undefined): boolean {
  return kind === 'veth' || kind === 'netkit' || kind === 'vxcan';
}

/** The links with their addresses; peers and lower links are found later. */
export function linkNodes(namespace: string, inside: Inside): LinkNode[] {
  const names = new Map(inside.links.map((each) => [each.index, each.name]));
  const addresses = new Map<number, AddressNode[]>();
  for (const each of inside.addresses) {
    const list = addresses.get(each.dev);
    if (list) list.push(addressNode(each));
    else addresses.set(each.dev, [addressNode(each)]);
  }
  return inside.links.map((each) => {
    const node: LinkNode = {
      index: each.index,
      name: each.name,
      altNames: each.altNames ?? [],
      loopback: each.flags.includes('LOOPBACK'),
      up: each.up,
      operState: String(each.operState),
      mtu: each.mtu,
      addresses: addresses.get(each.index) ?? [],
    };
    if (each.kind !== undefined) node.kind = each.kind;
    if (each.address !== undefined) node.mac = each.address;
    if (each.alias) node.alias = each.alias;
    const master = each.master === undefined ? undefined : names.get(each.master);
    if (each.master !== undefined && master !== undefined) {
      node.master = { namespace, index: each.master, name: master };
    }
    return node;
  });
}

function addressNode(each: Address): AddressNode {
  const node: AddressNode = { address: each.address };
  if (each.peer !== undefined) node.peer = each.peer;
  if (each.label !== undefined) node.label = each.label;
  if (each.flags.includes('tentative')) node.tentative = true;
  if (each.flags.includes('dadFailed')) node.duplicate = true;
  return node;
}

/** What every link has that knows IPv6: nothing to tell. */
const LINK_LOCAL = 'fe80::/64';

/** The routes that tell something: without the local table, and IPv6's own on every link. */
export function routeNodes(inside: Inside): RouteNode[] {
  const names = new Map(inside.links.map((each) => [each.index, each.name]));
  const nodes: RouteNode[] = [];
  for (const each of inside.routes) {
    if (each.table === 'local' || each.type === 'local' || each.type === 'multicast') continue;
    if (each.dst === LINK_LOCAL && each.protocol === 'kernel') continue;
    if (each.family !== 'inet' && each.family !== 'inet6') continue;
    const node: RouteNode = { family: each.family === 'inet' ? 4 : 6, dst: each.dst };
    if (each.type !== 'unicast') node.type = String(each.type);
    if (each.via !== undefined) node.via = each.via;
    const dev = each.dev === undefined ? undefined : names.get(each.dev);
    if (dev !== undefined) node.dev = dev;
    if (each.src !== undefined) node.source = each.src;
    if (each.metric !== undefined) node.metric = each.metric;
    if (each.table !== 'main') node.table = each.table;
    if (each.nexthops !== undefined) {
      node.nexthops = each.nexthops.map((hop) => ({
        ...(hop.via === undefined ? {} : { via: hop.via }),
        ...(hop.dev === undefined ? {} : { dev: names.get(hop.dev) ?? String(hop.dev) }),
        ...(hop.weight === undefined ? {} : { weight: hop.weight }),
      }));
    }
    nodes.push(node);
  }
  return nodes;
}
