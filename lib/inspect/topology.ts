import { NetlinkError } from '../errors.ts';
import { renderDot } from './dot.ts';
import type { Graph, LinkNode, LinkRef, NamespaceNode } from './graph.ts';
import { renderMermaid } from './mermaid.ts';
import { renderSvg } from './svg.ts';
import { renderText } from './text.ts';

/** The answer of inspect(): a graph, and its pictures. */
export class Topology implements Graph {
  readonly namespaces: NamespaceNode[];

  constructor(graph: Graph) {
    this.namespaces = graph.namespaces;
  }

  /** By name, id (`net:[4026532201]`) or inode; undefined when it isn't there. */
  namespace(which: string | number): NamespaceNode | undefined {
    return this.namespaces.find(
      (ns) => ns.id === which || ns.inode === which || ns.names.includes(String(which)),
    );
  }

  /** The caller's own namespace. */
  get current(): NamespaceNode | undefined {
    return this.namespaces.find((ns) => ns.current);
  }

  /** A link of a namespace by its name, an alternative name or its index. */
  link(namespace: string | number, dev: string | number): LinkNode | undefined {
    return this.namespace(namespace)?.links.find(
      (link) => link.index === dev || link.name === dev || link.altNames.includes(String(dev)),
    );
  }

  /**
   * The graph of some namespaces alone, told as for `namespace`.
   * @throws NetlinkError ENOENT for one that isn't there
   */
  only(which: readonly (string | number)[]): Topology {
    const chosen = new Set<NamespaceNode>();
    for (const one of which) {
      const found = this.namespace(one) ?? this.namespace(Number(one));
      if (!found)
        throw new NetlinkError(`no namespace '${one}' can be reached`, { code: 'ENOENT' });
      chosen.add(found);
    }
    return new Topology({ namespaces: this.namespaces.filter((ns) => chosen.has(ns)) });
  }

  /** What a reference (`peer`, `master`, `lower`) points at. */
  follow(ref: LinkRef): { namespace: NamespaceNode; link: LinkNode } | undefined {
    const namespace = this.namespaces.find((ns) => ns.id === ref.namespace);
    const link = namespace?.links.find((candidate) => candidate.index === ref.index);
    return namespace && link ? { namespace, link } : undefined;
  }

  /** For a terminal. Names that hold control characters are shown escaped, here as everywhere. */
  toString(): string {
    return renderText(this);
  }

  /** A Mermaid flowchart. Mermaid itself refuses more than 500 lines between nodes by default. */
  toMermaid(): string {
    return renderMermaid(this);
  }

  /** For Graphviz. */
  toDot(): string {
    return renderDot(this);
  }

  /** A picture of its own, without outside references. */
  toSVG(): string {
    return renderSvg(this);
  }

  toJSON(): Graph {
    return { namespaces: this.namespaces };
  }
}
