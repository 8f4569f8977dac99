import type { Edge, Graph } from './graph.ts';

/**
 * Namespaces in rows: the caller's own first, then those that a link joins to it, and so on; in a
 * row by the middle of what they hang on above, which keeps lines from crossing. Parts that hang
 * together with nothing above follow, each beginning with its best connected; the lonely ones last.
 */
export function ranksOf(graph: Graph, edges: Edge[]): string[][] {
  const neighbours = new Map<string, string[]>();
  for (const namespace of graph.namespaces) neighbours.set(namespace.id, []);
  for (const { from, to } of edges) {
    if (from.namespace === to.namespace) continue;
    neighbours.get(from.namespace)?.push(to.namespace);
    neighbours.get(to.namespace)?.push(from.namespace);
  }
  const degree = (id: string) => neighbours.get(id)?.length ?? 0;
  const current = new Set(graph.namespaces.filter((ns) => ns.current).map((ns) => ns.id));
  const starts = graph.namespaces
    .map((ns) => ns.id)
    .sort((a, b) => Number(current.has(b)) - Number(current.has(a)) || degree(b) - degree(a));
  const ranks: string[][] = [];
  const seen = new Set<string>();
  const lonely: string[] = [];
  for (const start of starts) {
    if (seen.has(start)) continue;
    seen.add(start);
    if (degree(start) === 0 && !current.has(start)) {
      lonely.push(start);
      continue;
    }
    let rank = [start];
    while (rank.length > 0) {
      ranks.push(rank);
      rank = below(rank, neighbours, seen);
    }
  }
  if (lonely.length > 0) ranks.push(lonely);
  return ranks;
}

function below(rank: string[], neighbours: Map<string, string[]>, seen: Set<string>): string[] {
  const place = new Map(rank.map((id, i) => [id, i]));
  const next: string[] = [];
  for (const id of rank) {
    for (const neighbour of neighbours.get(id) ?? []) {
      if (seen.has(neighbour)) continue;
      seen.add(neighbour);
      next.push(neighbour);
    }
  }
  const middle = new Map<string, number>();
  for (const id of next) {
    const above = (neighbours.get(id) ?? []).flatMap((n) => place.get(n) ?? []);
    middle.set(id, above.reduce((sum, i) => sum + i, 0) / above.length);
  }
  return next.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
}
