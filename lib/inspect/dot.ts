import { type Edge, edgesOf, type Graph, keyOf } from './graph.ts';
import { addressesOf, holdersOf, publishedText, stateOf, titleOf, visible } from './words.ts';

/** A Graphviz graph: a cluster a namespace, a node a link. */
export function renderDot(graph: Graph): string {
  const lines = [
    'graph netns {',
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="monospace", fontsize=10];',
    '  graph [fontname="sans-serif", fontsize=11, style=rounded];',
  ];
  const ids = new Map<string, string>();
  graph.namespaces.forEach((namespace, n) => {
    lines.push(`  subgraph cluster_${n} {`);
    lines.push(`    label=${quoteDot([titleOf(namespace), ...holdersOf(namespace)])};`);
    for (const link of namespace.links) {
      const id = `n${n}_${link.index}`;
      ids.set(keyOf(namespace.id, link.index), id);
      const label = quoteDot([visible(link.name), stateOf(link), ...addressesOf(link)]);
      lines.push(`    ${id} [label=${label}${link.up ? '' : ', color=gray'}];`);
    }
    if (namespace.published.length > 0) {
      const label = quoteDot(namespace.published.map(publishedText));
      lines.push(`    n${n}_published [shape=note, style=solid, label=${label}];`);
    }
    // Graphviz leaves an empty cluster out.
    if (namespace.links.length === 0) {
      const label = quoteDot([visible(namespace.error ?? 'no links')]);
      lines.push(`    n${n}_empty [shape=plaintext, style=solid, label=${label}];`);
    }
    lines.push('  }');
  });
  for (const edge of edgesOf(graph)) {
    const from = ids.get(keyOf(edge.from.namespace, edge.from.index));
    const to = ids.get(keyOf(edge.to.namespace, edge.to.index));
    lines.push(`  ${from} -- ${to}${STYLES[edge.kind]};`);
  }
  return `${lines.join('\n')}\n}\n`;
}

const STYLES: Record<Edge['kind'], string> = {
  peer: ' [color=blue]',
  port: '',
  lower: ' [style=dashed, dir=forward]',
};

/** One label of several lines. In a label Graphviz reads `\` escapes and HTML entities. */
export function quoteDot(lines: string[]): string {
  const escaped = lines.map((line) =>
    line.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/&/g, '&amp;'),
  );
  return `"${escaped.join('\\n')}"`;
}
