import { LINE, type LinkBox, type NamespaceBox, PAD } from './boxes.ts';
import type { Graph } from './graph.ts';
import { type Layout, layOut } from './layout.ts';

const STYLE = `
    text { font: 11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2937 }
    .title { font-weight: bold; font-size: 12px }
    .quiet { fill: #6b7280 }
    .namespace { fill: #f8fafc; stroke: #94a3b8 }
    .current { stroke: #2563eb; stroke-width: 2 }
    .link { fill: #fff; stroke: #475569 }
    .down { stroke-dasharray: 4 3; fill: #f1f5f9 }
    path { fill: none; stroke-width: 1.5 }
    .peer { stroke: #2563eb }
    .port { stroke: #475569 }
    .lower { stroke: #475569; stroke-dasharray: 5 4 }`;

/** A picture that needs nothing else: namespaces as boxes, links in them, lines between. */
export function renderSvg(graph: Graph): string {
  const layout = layOut(graph);
  const width = Math.ceil(layout.width);
  const height = Math.ceil(layout.height);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    '  <title>Network namespaces</title>',
    `  <style>${STYLE}\n  </style>`,
    ...layout.namespaces.map(namespaceGroup),
    ...layout.edges.map(edgePath),
    ...layout.namespaces.flatMap((box) => box.links.map(linkGroup)),
    '</svg>',
    '',
  ].join('\n');
}

function namespaceGroup(box: NamespaceBox): string {
  const x = box.x + PAD;
  const notesTop = box.y + box.height - PAD - box.notes.length * LINE;
  return [
    `  <g>`,
    rect(box, box.current ? 'namespace current' : 'namespace', 8),
    text(x, box.y + PAD + LINE - 4, 'title', box.title),
    text(x, box.y + PAD + 2 * LINE - 4, 'quiet', box.holders),
    ...box.notes.map((note, i) => text(x, notesTop + (i + 1) * LINE - 4, 'quiet', note)),
    `  </g>`,
  ].join('\n');
}

function linkGroup(box: LinkBox): string {
  return [
    `  <g>`,
    rect(box, box.up ? 'link' : 'link down', 4),
    ...box.lines.map((line, i) =>
      text(box.x + PAD, box.y + PAD / 2 + (i + 1) * LINE - 4, i === 0 ? 'title' : 'quiet', line),
    ),
    `  </g>`,
  ].join('\n');
}

/** From the lower edge of the upper box to the upper edge of the lower one; a bow in a row. */
function edgePath(edge: Layout['edges'][number]): string {
  const [a, b] = edge.from.y <= edge.to.y ? [edge.from, edge.to] : [edge.to, edge.from];
  const ax = a.x + a.width / 2;
  const bx = b.x + b.width / 2;
  const ay = a.y + a.height;
  const sameRow = b.y < ay;
  const by = sameRow ? b.y + b.height : b.y;
  const bend = sameRow ? 24 : (by - ay) / 2;
  const path =
    `M${round(ax)} ${round(ay)} C${round(ax)} ${round(ay + bend)} ` +
    `${round(bx)} ${round(sameRow ? by + bend : by - bend)} ${round(bx)} ${round(by)}`;
  return `  <path class="${edge.kind}" d="${path}"/>`;
}

function rect(box: LinkBox | NamespaceBox, style: string, radius: number): string {
  return (
    `    <rect class="${style}" x="${round(box.x)}" y="${round(box.y)}" ` +
    `width="${round(box.width)}" height="${round(box.height)}" rx="${radius}"/>`
  );
}

function text(x: number, y: number, style: string, content: string): string {
  return `    <text class="${style}" x="${round(x)}" y="${round(y)}" xml:space="preserve">${escapeXml(content)}</text>`;
}

/** Control characters, which XML forbids, were made visible before. */
export function escapeXml(content: string): string {
  return content.replace(/[<>&"']/g, (found) => `&#${found.charCodeAt(0)};`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
