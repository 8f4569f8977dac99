import { keyOf, type LinkNode, type NamespaceNode } from './graph.ts';
import {
  addressesOf,
  holdersOf,
  publishedText,
  routeText,
  shorten,
  stateOf,
  titleOf,
  visible,
} from './words.ts';

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface LinkBox extends Rect {
  key: string;
  lines: string[];
  up: boolean;
}

export interface NamespaceBox extends Rect {
  id: string;
  current: boolean;
  title: string;
  holders: string;
  links: LinkBox[];
  /** Routes and published ports, under the links. */
  notes: string[];
}

export const LINE = 15;
export const PAD = 10;
const CHARACTER = 6.7;
const GAP = 14;
const ROW_GAP = 34;
const MAX_LABEL = 44;
const MAX_NOTE = 70;
const MAX_NOTES = 8;
const MIN_ROW = 760;

/** How wide a row may get so that the whole comes out somewhat wider than high. */
export function rowWidth(area: number): number {
  return Math.max(MIN_ROW, Math.sqrt(area) * 1.6);
}

/** One namespace's box with all in it, as if it lay at 0, 0. */
export function fillBox(namespace: NamespaceNode): NamespaceBox {
  const title = shorten(titleOf(namespace), MAX_LABEL);
  const holders = shorten(holdersOf(namespace, 2).join(' · '), MAX_NOTE);
  const notes = notesOf(namespace);
  const links: LinkBox[] = [];
  let y = PAD + 2 * LINE + GAP;
  let width = Math.max(textWidth(title), textWidth(holders), ...notes.map(textWidth)) + 2 * PAD;
  const all = namespace.links.map((link) => boxOf(namespace, link));
  const area = all.reduce((sum, box) => sum + (box.width + GAP) * (box.height + ROW_GAP), 0);
  const widest = rowWidth(area);
  for (const rank of ranksWithin(namespace, all)) {
    for (const row of wrap(rank, widest, GAP)) {
      let x = PAD;
      for (const box of row) {
        box.x = x;
        box.y = y;
        x += box.width + GAP;
        links.push(box);
      }
      width = Math.max(width, x - GAP + PAD);
      y += Math.max(...row.map((box) => box.height)) + ROW_GAP;
    }
  }
  const height = y - (links.length > 0 ? ROW_GAP - GAP : 0) + notes.length * LINE + PAD;
  const { id, current } = namespace;
  return { x: 0, y: 0, width, height, id, current, title, holders, links, notes };
}

/** Links by how deep they hang under a master of the same namespace. */
function ranksWithin(namespace: NamespaceNode, boxes: LinkBox[]): LinkBox[][] {
  const byIndex = new Map(namespace.links.map((link) => [link.index, link]));
  const ranks: LinkBox[][] = [];
  namespace.links.forEach((link, i) => {
    let depth = 0;
    let at: LinkNode | undefined = link;
    // Bounded: a picture of a changing system may show a ring.
    while (at?.master && depth < 8) {
      at = byIndex.get(at.master.index);
      depth++;
    }
    ranks[depth] ??= [];
    ranks[depth].push(boxes[i]);
  });
  const ported = new Set(namespace.links.map((link) => link.master?.index));
  // Masters first, so that their ports can follow in the same order.
  const order = (box: LinkBox) => (ported.has(indexOf(box)) ? 0 : 1);
  ranks[0]?.sort((a, b) => order(a) - order(b));
  for (const rank of ranks.slice(1)) {
    rank?.sort((a, b) => masterOf(byIndex, a) - masterOf(byIndex, b));
  }
  return ranks.filter((rank) => rank !== undefined);
}

function indexOf(box: LinkBox): number {
  return Number(box.key.slice(box.key.lastIndexOf('/') + 1));
}

function masterOf(byIndex: Map<number, LinkNode>, box: LinkBox): number {
  return byIndex.get(indexOf(box))?.master?.index ?? 0;
}

function boxOf(namespace: NamespaceNode, link: LinkNode): LinkBox {
  const lines = [visible(link.name), stateOf(link), ...addressesOf(link)].map((line) =>
    shorten(line, MAX_LABEL),
  );
  return {
    x: 0,
    y: 0,
    width: Math.max(...lines.map(textWidth)) + 2 * PAD,
    height: lines.length * LINE + PAD,
    key: keyOf(namespace.id, link.index),
    lines,
    up: link.up,
  };
}

function notesOf(namespace: NamespaceNode): string[] {
  const all = [...namespace.routes.map(routeText), ...namespace.published.map(publishedText)];
  if (namespace.error !== undefined) all.unshift(visible(namespace.error));
  const shown = all.length > MAX_NOTES ? all.slice(0, MAX_NOTES - 1) : all;
  const notes = shown.map((note) => shorten(note, MAX_NOTE));
  if (shown.length < all.length) notes.push(`… ${all.length - shown.length} more`);
  return notes;
}

/** Boxes in order, broken into rows. */
export function wrap<T extends Rect>(boxes: T[], widest: number, gap: number): T[][] {
  const rows: T[][] = [];
  let used = 0;
  for (const box of boxes) {
    if (rows.length === 0 || used + box.width > widest) {
      rows.push([]);
      used = 0;
    }
    rows[rows.length - 1].push(box);
    used += box.width + gap;
  }
  return rows;
}

/** Generous, as the viewer's font is not known; wide characters count twice. */
function textWidth(text: string): number {
  let cells = 0;
  for (const character of text) cells += (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
  return cells * CHARACTER;
}
