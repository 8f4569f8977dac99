/** What inspect() finds: plain data, the same as its JSON. */

/** A link named from somewhere else in the graph. */
export interface LinkRef {
  /** `id` of its namespace. */
  namespace: string;
  index: number;
  name: string;
}

/** A link that is told of, but lies in a namespace that could not be reached. */
export interface FarRef {
  /** Its ifindex there. */
  index: number;
  /** The other namespace's id as seen from the link's own, where it has one. */
  nsid?: number;
}

export interface AddressNode {
  /** `10.0.0.2/24` */
  address: string;
  /** The far end's address on a point-to-point link. */
  peer?: string;
  label?: string;
  /** IPv6 duplicate detection runs, or has found one. */
  tentative?: boolean;
  duplicate?: boolean;
}

export interface LinkNode {
  index: number;
  name: string;
  altNames: string[];
  /** `veth`, `bridge`, …; absent for hardware and loopback. */
  kind?: string;
  loopback: boolean;
  up: boolean;
  /** `up`, `down`, `lowerlayerdown`, `unknown`, … */
  operState: string;
  /** In bytes. */
  mtu: number;
  mac?: string;
  alias?: string;
  addresses: AddressNode[];
  /** The bridge, bond, VRF that it is a port of. */
  master?: LinkRef;
  /** The other end of a veth or netkit pair. */
  peer?: LinkRef;
  /** The link that it is stacked on (vlan, macvlan, ipvlan, …), perhaps in another namespace. */
  lower?: LinkRef;
  /** The peer or lower link when it lies out of reach. */
  far?: FarRef;
}

export interface RouteNode {
  family: 4 | 6;
  /** `default` or a prefix. */
  dst: string;
  /** `unicast` is not written out. */
  type?: string;
  via?: string;
  dev?: string;
  /** Preferred source. */
  source?: string;
  metric?: number;
  /** Absent for main. */
  table?: string | number;
  nexthops?: { via?: string; dev?: string; weight?: number }[];
}

/** A port of a namespace's own addresses that is sent on to a container. */
export interface PublishedPort {
  protocol: string;
  /** Absent: every address. */
  hostAddress?: string;
  /** The first of `count` ports. */
  hostPort: number;
  count: number;
  address: string;
  port: number;
  /** The namespace that has the address, where it was found. */
  target?: string;
}

export interface ProcessNode {
  pid: number;
  /** The kernel's short name of it: at most 15 bytes. */
  command: string;
  /** Set when only some of its threads are here: their ids. */
  threads?: number[];
}

export interface NamespaceNode {
  /** `net:[4026531840]`, as the link in /proc reads. */
  id: string;
  inode: number;
  /** The caller's own. */
  current: boolean;
  /** In /run/netns. */
  names: string[];
  /** Where else it is mounted: other runtimes have directories of their own. */
  mounts: string[];
  processes: ProcessNode[];
  /** Handles (NetNs) of this process on it. */
  handles: number;
  links: LinkNode[];
  /** Without those of the local table, and those to `fe80::/64` that each link has. */
  routes: RouteNode[];
  published: PublishedPort[];
  /** Why its inside is missing. */
  error?: string;
}

export interface Graph {
  namespaces: NamespaceNode[];
}

/** A line between two links. `peer` has no direction and comes once a pair. */
export interface Edge {
  kind: 'peer' | 'port' | 'lower';
  from: LinkRef;
  to: LinkRef;
}

/** All lines of the graph whose both ends are in it. */
export function edgesOf(graph: Graph): Edge[] {
  const known = new Set<string>();
  for (const namespace of graph.namespaces) {
    for (const link of namespace.links) known.add(keyOf(namespace.id, link.index));
  }
  const edges: Edge[] = [];
  const seen = new Set<string>();
  for (const namespace of graph.namespaces) {
    for (const link of namespace.links) {
      const from = { namespace: namespace.id, index: link.index, name: link.name };
      const add = (kind: Edge['kind'], to: LinkRef | undefined): void => {
        if (to && known.has(keyOf(to.namespace, to.index))) edges.push({ kind, from, to });
      };
      add('port', link.master);
      add('lower', link.lower);
      const there = link.peer && keyOf(link.peer.namespace, link.peer.index);
      if (there && !seen.has(there)) add('peer', link.peer);
      seen.add(keyOf(namespace.id, link.index));
    }
  }
  return edges;
}

/** One string for a link of the graph. */
export function keyOf(namespace: string, index: number): string {
  return `${namespace}/${index}`;
}
