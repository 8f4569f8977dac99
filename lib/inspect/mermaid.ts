import { type Edge, edgesOf, type Graph, keyOf, type LinkNode } from './graph.ts';
import { addressesOf, holdersOf, publishedText, stateOf, titleOf, visible } from './words.ts';

/** Everything else means something to Mermaid, to its Markdown, or to the HTML it makes. */
const PLAIN = /[^A-Za-z0-9 .,:/+=()@_⇄→…-]/gu;

/** A Mermaid flowchart: a subgraph a namespace, a node a link. */
export function renderMermaid(graph: Graph): string {
  const lines = ['flowchart LR'];
  const ids = new Map<string, string>();
  graph.namespaces.forEach((namespace, n) => {
    const heading = [titleOf(namespace), ...holdersOf(namespace)].map(escapeMermaid).join('<br/>');
    lines.push(`  subgraph ns${n}["${heading}"]`);
    for (const link of namespace.links) {
      const id = `ns${n}l${link.index}`;
      ids.set(keyOf(namespace.id, link.index), id);
      lines.push(`    ${id}["${linkLines(link).map(escapeMermaid).join('<br/>')}"]`);
    }
    if (namespace.published.length > 0) {
      const text = namespace.published.map((port) => escapeMermaid(publishedText(port)));
      lines.push(`    ns${n}p[/"${text.join('<br/>')}"/]`);
    }
    // A subgraph without a node is drawn as a node of its own shape, or not at all.
    if (namespace.links.length === 0) {
      lines.push(`    ns${n}e["${escapeMermaid(visible(namespace.error ?? 'no links'))}"]`);
    }
    lines.push('  end');
  });
  for (const edge of edgesOf(graph)) {
    const from = ids.get(keyOf(edge.from.namespace, edge.from.index));
    const to = ids.get(keyOf(edge.to.namespace, edge.to.index));
    lines.push(`  ${from} ${ARROWS[edge.kind]} ${to}`);
  }
  return `${lines.join('\n')}\n`;
}

const ARROWS: Record<Edge['kind'], string> = { peer: '<-->', port: '---', lower: '-.->' };

function linkLines(link: LinkNode): string[] {
  return [visible(link.name), stateOf(link), ...addressesOf(link)];
}

/** Mermaid's own entities: `#` and the code point in decimal. */
export function escapeMermaid(text: string): string {
  return text.replace(PLAIN, (found) => `#${found.codePointAt(0)};`);
}
