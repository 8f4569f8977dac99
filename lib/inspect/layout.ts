import { fillBox, type LinkBox, type NamespaceBox, rowWidth, wrap } from './boxes.ts';
import { type Edge, edgesOf, type Graph, keyOf } from './graph.ts';
import { ranksOf } from './ranks.ts';

export interface Layout {
  width: number;
  height: number;
  namespaces: NamespaceBox[];
  edges: { kind: Edge['kind']; from: LinkBox; to: LinkBox }[];
}

const BOX_GAP = 40;

/**
 * Places everything: namespaces in rows by their distance from the caller's own, each beneath what
 * it hangs on; inside, ports under their bridge. The same graph gives the same picture.
 */
export function layOut(graph: Graph): Layout {
  const edges = edgesOf(graph);
  const boxes = new Map(graph.namespaces.map((ns) => [ns.id, fillBox(ns)]));
  const area = [...boxes.values()].reduce((sum, box) => sum + box.width * box.height, 0);
  const widest = rowWidth(area);
  let y = BOX_GAP;
  let width = 0;
  for (const rank of ranksOf(graph, edges)) {
    const rows = wrap(
      rank.map((id) => boxes.get(id)).filter((box) => box !== undefined),
      widest,
      BOX_GAP,
    );
    for (const row of rows) {
      place(row, BOX_GAP, y, BOX_GAP);
      width = Math.max(width, row[row.length - 1].x + row[row.length - 1].width);
      y += Math.max(...row.map((box) => box.height)) + BOX_GAP;
    }
  }
  const byKey = new Map<string, LinkBox>();
  for (const box of boxes.values()) for (const link of box.links) byKey.set(link.key, link);
  const lines: Layout['edges'] = [];
  for (const edge of edges) {
    const from = byKey.get(keyOf(edge.from.namespace, edge.from.index));
    const to = byKey.get(keyOf(edge.to.namespace, edge.to.index));
    if (from && to) lines.push({ kind: edge.kind, from, to });
  }
  return { width: width + BOX_GAP, height: y, namespaces: [...boxes.values()], edges: lines };
}

/** Moves a row's boxes, and what is in them, to where the row is. */
function place(row: NamespaceBox[], left: number, top: number, gap: number): void {
  let x = left;
  for (const box of row) {
    box.x = x;
    box.y = top;
    for (const link of box.links) {
      link.x += x;
      link.y += top;
    }
    x += box.width + gap;
  }
}
