import type { LinkNode, NamespaceNode, PublishedPort, RouteNode } from './graph.ts';

/**
 * Names come from whoever may create links, files and processes: a name can hold escape sequences,
 * line breaks, or characters that turn the writing direction. All of these become visible here, so
 * that no picture can be forged by a name; the pictures' own syntax is escaped by each renderer.
 */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text with nothing invisible in it; `\` is doubled, so what was escaped stays clear. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (found) => {
    const code = found.charCodeAt(0);
    if (code === 0x5c) return '\\\\';
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** At most `length` characters, the last one `…` when something was cut. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** What a person would call the namespace: its names, else a process in it, else its number. */
export function titleOf(namespace: NamespaceNode): string {
  if (namespace.names.length > 0) return namespace.names.map(visible).join(', ');
  if (namespace.current) return 'here';
  if (namespace.mounts.length > 0) return visible(namespace.mounts[0]);
  const [process] = namespace.processes;
  if (process) return `${visible(process.command)} (pid ${process.pid})`;
  return namespace.id;
}

/** Who keeps the namespace alive: `here`, its number, processes, handles. */
export function holdersOf(namespace: NamespaceNode, most = 3): string[] {
  const title = titleOf(namespace);
  const parts: string[] = [];
  if (namespace.current && title !== 'here') parts.push('here');
  if (title !== namespace.id) parts.push(namespace.id);
  const shown = namespace.processes.slice(0, most).map((process) => {
    const threads = process.threads ? ` thread ${process.threads.join(' ')}` : '';
    return `${visible(process.command)} ${process.pid}${threads}`;
  });
  const more = namespace.processes.length - shown.length;
  if (more > 0) shown.push(`${more} more`);
  if (shown.length > 0) parts.push(`processes: ${shown.join(', ')}`);
  if (namespace.handles > 0) {
    parts.push(namespace.handles === 1 ? '1 handle' : `${namespace.handles} handles`);
  }
  return parts;
}

/** `veth up`; the operational state only where it adds something. */
export function stateOf(link: LinkNode): string {
  const kind = link.kind === undefined ? (link.loopback ? 'loopback' : 'device') : link.kind;
  const state = link.up ? 'up' : 'down';
  const plain = link.operState === state || link.operState === 'unknown';
  return `${visible(kind)} ${state}${plain ? '' : ` (${visible(link.operState)})`}`;
}

export function addressesOf(link: LinkNode): string[] {
  return link.addresses.map((address) => {
    const peer = address.peer ? ` peer ${address.peer}` : '';
    const state = address.duplicate ? ' duplicate' : address.tentative ? ' tentative' : '';
    return `${address.address}${peer}${state}`;
  });
}

/** As `ip route` writes it. */
export function routeText(route: RouteNode): string {
  let text = route.type ? `${visible(route.type)} ${route.dst}` : route.dst;
  if (route.via) text += ` via ${route.via}`;
  if (route.dev) text += ` dev ${visible(route.dev)}`;
  if (route.source) text += ` src ${route.source}`;
  if (route.metric) text += ` metric ${route.metric}`;
  if (route.table !== undefined) text += ` table ${visible(String(route.table))}`;
  for (const hop of route.nexthops ?? []) {
    text += ' nexthop';
    if (hop.via) text += ` via ${hop.via}`;
    if (hop.dev) text += ` dev ${visible(hop.dev)}`;
    if (hop.weight) text += ` weight ${hop.weight}`;
  }
  return text;
}

/** `tcp *:8080 → 10.88.0.2:80` */
export function publishedText(port: PublishedPort): string {
  const range = (first: number) =>
    port.count > 1 ? `${first}-${first + port.count - 1}` : `${first}`;
  const host = (address: string) => (address.includes(':') ? `[${address}]` : address);
  const from = port.hostAddress === undefined ? '*' : host(port.hostAddress);
  return `${visible(port.protocol)} ${from}:${range(port.hostPort)} → ${host(port.address)}:${range(port.port)}`;
}
