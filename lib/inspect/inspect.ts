import { checkKeys, object } from '../check.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import { Hold, handles } from '../netns/hold.ts';
import { NetNs } from '../netns/netns.ts';
import { openSource } from '../netns/source.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import type { NamespaceNode } from './graph.ts';
import { findPlaces, type Place } from './places.ts';
import { findTargets, publishedPorts } from './published.ts';
import { type Inside, isPair, linkNodes, readInside, routeNodes } from './read.ts';
import { type Reference, resolveReferences } from './resolve.ts';
import { Topology } from './topology.ts';

export interface InspectOptions {
  /** Gives up: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

const OPTIONS = new Set(['signal']);
/** Namespaces that are open at once: each takes two descriptors. */
const AT_ONCE = 64;

/** A namespace that was read, and what is needed to join it to the others. */
interface Seen {
  node: NamespaceNode;
  place: Place;
  inside?: Inside;
}

/**
 * Looks at all namespaces that can be reached: the caller's own, those of names, mounts, processes
 * (and single threads of them) and handles of this process, with their links, addresses, routes
 * and published ports, and joins links to their other ends. Only what the kernel says counts, no
 * name is guessed from. A namespace that can't be entered is there too, with an `error`.
 *
 * The kernel gives ids to namespaces that links join when it is asked for such links, here as with
 * `ip link`; nothing else changes.
 */
export async function inspect(options: InspectOptions = {}): Promise<Topology> {
  checkKeys('options', object('options', options), OPTIONS);
  if (options.signal !== undefined) checkCallOptions({ signal: options.signal });
  options.signal?.throwIfAborted();
  const places = findPlaces([...handles]);
  const here = open(places.find((place) => place.current));
  try {
    const seen: Seen[] = new Array(places.length);
    await each(places.length, options.signal, async (i) => {
      seen[i] = await look(places[i], here);
    });
    await join(seen, options.signal);
    const namespaces = seen.map(({ node }) => node);
    findTargets(namespaces);
    return new Topology({ namespaces });
  } finally {
    here?.close();
  }
}

/** Does something for each number below `count`, some at a time; stops at the first failure. */
async function each(
  count: number,
  signal: AbortSignal | undefined,
  work: (i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      signal?.throwIfAborted();
      await work(next++);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
}

/**
 * A handle by the first way that leads where it should: a process may have ended and its number
 * been given to another meanwhile. Not counted among the handles of this process.
 */
function open(place: Place | undefined): NetNs | undefined {
  let failure: unknown;
  for (const path of place?.paths ?? []) {
    try {
      const ns = new NetNs(new Hold(openSource({ path }), undefined, true));
      if (ns.inode === place?.inode) return ns;
      ns.close();
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

async function look(place: Place, here: NetNs | undefined): Promise<Seen> {
  const { current, handles, inode, mounts, names, processes } = place;
  const id = `net:[${inode}]`;
  const empty = { links: [], routes: [], published: [] };
  const node: NamespaceNode = { id, inode, current, names, mounts, processes, handles, ...empty };
  let ns: NetNs | undefined;
  try {
    ns = open(place);
    if (ns === undefined) return { place, node: { ...node, error: 'it has gone meanwhile' } };
    const inside = await readInside(ns, current ? undefined : here);
    node.links = linkNodes(id, inside);
    node.routes = routeNodes(inside);
    node.published = await publishedPorts(ns, node);
    return { place, node, inside };
  } catch (error) {
    return {
      place,
      node: { ...node, error: error instanceof Error ? error.message : String(error) },
    };
  } finally {
    ns?.close();
  }
}

/** Sets the peers and lower links. */
async function join(seen: readonly Seen[], signal: AbortSignal | undefined): Promise<void> {
  const references: Reference[] = [];
  const links = new Map<string, Map<number, number | undefined>>();
  const known = new Map<string, Map<number, string>>();
  const current = seen.find(({ node }) => node.current);
  for (const { inside, node } of seen) {
    if (!inside) continue;
    const { id } = node;
    links.set(id, new Map(inside.links.map((link) => [link.index, link.link])));
    if (inside.here !== undefined && current)
      known.set(id, new Map([[inside.here, current.node.id]]));
    for (const { index, kind, link, linkNetnsId } of inside.links) {
      const itself = linkNetnsId === undefined && link === index;
      if (link === undefined || link === 0 || itself) continue;
      references.push({ namespace: id, index, far: link, nsid: linkNetnsId, pair: isPair(kind) });
    }
  }
  const byId = new Map(seen.map((one) => [one.node.id, one]));
  const found = await resolveReferences(references, links, known, (namespace, others) => {
    signal?.throwIfAborted();
    return idsIn(
      byId.get(namespace),
      others.map((other) => byId.get(other)),
    );
  });
  const nodes = new Map(
    seen.map(({ node }) => [node.id, new Map(node.links.map((link) => [link.index, link]))]),
  );
  references.forEach(({ far, index, namespace, nsid: id, pair }, i) => {
    const link = nodes.get(namespace)?.get(index);
    if (!link) return;
    const there = found[i];
    const target = there === undefined ? undefined : nodes.get(there)?.get(far);
    if (there === undefined || target === undefined) {
      link.far = { index: far, ...(id === undefined ? {} : { nsid: id }) };
    } else {
      link[pair ? 'peer' : 'lower'] = { namespace: there, index: far, name: target.name };
    }
  });
}

/** By which ids a namespace knows others; a namespace that has gone meanwhile is known by none. */
async function idsIn(
  asked: Seen | undefined,
  others: readonly (Seen | undefined)[],
): Promise<(number | undefined)[]> {
  const ids: (number | undefined)[] = [];
  const ns = tryOpen(asked);
  if (ns === undefined) return others.map(() => undefined);
  try {
    for (let from = 0; from < others.length; from += AT_ONCE) {
      const some = others.slice(from, from + AT_ONCE).map(tryOpen);
      try {
        const there = some.filter((other) => other !== undefined);
        const answers = await ns.batch(there.map((other) => nsid.get({ fd: other.fd })));
        for (const other of some) ids.push(other && answers[there.indexOf(other)]);
      } finally {
        for (const other of some) other?.close();
      }
    }
    return ids;
  } finally {
    ns.close();
  }
}

function tryOpen(seen: Seen | undefined): NetNs | undefined {
  try {
    return open(seen?.place);
  } catch {
    return undefined;
  }
}
