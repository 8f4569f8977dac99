import type { Graph, LinkNode, LinkRef, NamespaceNode } from './graph.ts';
import {
  addressesOf,
  holdersOf,
  publishedText,
  routeText,
  stateOf,
  titleOf,
  visible,
} from './words.ts';

interface Row {
  tree: string;
  link: LinkNode;
}

/** The graph as a person reads it in a terminal: a paragraph a namespace, ports under their bridge. */
export function renderText(graph: Graph): string {
  const titles = new Map(graph.namespaces.map((namespace) => [namespace.id, titleOf(namespace)]));
  return graph.namespaces.map((namespace) => paragraph(namespace, titles)).join('\n');
}

function paragraph(namespace: NamespaceNode, titles: Map<string, string>): string {
  const title = titleOf(namespace);
  const lines = [[title, ...holdersOf(namespace)].join('  ')];
  if (namespace.error !== undefined) lines.push(`  can't be read: ${visible(namespace.error)}`);
  const rows = treeOf(namespace);
  const names = rows.map((row) => row.tree + visible(row.link.name));
  const states = rows.map((row) => stateOf(row.link));
  const nameWidth = Math.max(0, ...names.map((name) => name.length));
  const stateWidth = Math.max(0, ...states.map((state) => state.length));
  rows.forEach((row, i) => {
    const rest = [...addressesOf(row.link), ...connections(row.link, namespace, titles)].join('  ');
    lines.push(
      `  ${names[i].padEnd(nameWidth)}  ${states[i].padEnd(stateWidth)}  ${rest}`.trimEnd(),
    );
  });
  for (const route of namespace.routes) lines.push(`  route ${routeText(route)}`);
  for (const port of namespace.published) {
    const target = port.target === undefined ? undefined : titles.get(port.target);
    lines.push(`  publish ${publishedText(port)}${target === undefined ? '' : ` in ${target}`}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Links in order of index, each master followed by its ports, however deep. */
function treeOf(namespace: NamespaceNode): Row[] {
  const byIndex = new Map(namespace.links.map((link) => [link.index, link]));
  const ports = new Map<number, LinkNode[]>();
  const roots: LinkNode[] = [];
  for (const link of namespace.links) {
    const master = link.master && byIndex.get(link.master.index);
    if (!master) roots.push(link);
    else if (ports.has(master.index)) ports.get(master.index)?.push(link);
    else ports.set(master.index, [link]);
  }
  const rows: Row[] = [];
  const add = (link: LinkNode, tree: string, below: string): void => {
    rows.push({ tree, link });
    const children = ports.get(link.index) ?? [];
    // Taken out, so that a ring (which the kernel forbids, and a changing picture can show) ends.
    ports.delete(link.index);
    children.forEach((child, i) => {
      const last = i === children.length - 1;
      add(child, `${below}${last ? '└ ' : '├ '}`, `${below}${last ? '  ' : '│ '}`);
    });
  };
  for (const link of roots) add(link, '', '');
  for (const link of namespace.links) if (ports.has(link.index)) add(link, '', '');
  return rows;
}

function connections(
  link: LinkNode,
  namespace: NamespaceNode,
  titles: Map<string, string>,
): string[] {
  const to = (ref: LinkRef): string => {
    const where = ref.namespace === namespace.id ? '' : ` in ${titles.get(ref.namespace) ?? '?'}`;
    return `${visible(ref.name)}${where}`;
  };
  const parts: string[] = [];
  if (link.peer) parts.push(`⇄ ${to(link.peer)}`);
  if (link.lower) parts.push(`on ${to(link.lower)}`);
  if (link.far) {
    const nsid = link.far.nsid === undefined ? '' : `, nsid ${link.far.nsid}`;
    parts.push(`⇄ out of reach (index ${link.far.index}${nsid})`);
  }
  if (link.alias) parts.push(`“${visible(link.alias)}”`);
  if (link.altNames.length > 0) parts.push(`also ${link.altNames.map(visible).join(', ')}`);
  return parts;
}
