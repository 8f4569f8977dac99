import type { FdbEntry } from '../fdb/spec.ts';
import type { Link } from '../link/types.ts';

/**
 * Bridges as `brctl` shows them, as pure functions over what has been listed: `ns.link.list()` and
 * `ns.fdb.list()`. Each gives typed objects, and `format…` their text.
 */

/** USER_HZ: the kernel tells a bridge's times in hundredths of a second. */
const TICKS = 100;

type BridgeLink = Extract<Link, { kind: 'bridge' }>;

/** A line of `brctl show`. */
export interface BridgeSummary {
  index: number;
  name: string;
  /** '8000.020000000001' */
  bridgeId: string;
  stp: boolean;
  /** Names of its ports. */
  ports: string[];
}

/** A line of `brctl showmacs`. */
export interface BridgeMac {
  /** The number that the bridge gives the port; undefined for entries of the bridge itself. */
  portNumber?: number;
  port: string;
  mac: string;
  local: boolean;
  vlan?: number;
  /** Seconds since it was last seen; 0 for local ones. */
  age: number;
}

/** The spanning tree of a port, as in `brctl showstp`. Times in seconds. */
export interface StpPort {
  index: number;
  name: string;
  number: number;
  id: number;
  state: string | number;
  pathCost: number;
  designatedRoot: string;
  designatedBridge: string;
  designatedPort: number;
  designatedCost: number;
  messageAgeTimer: number;
  forwardDelayTimer: number;
  holdTimer: number;
  topologyChangeAck: boolean;
  configPending: boolean;
  hairpin: boolean;
}

/** The spanning tree of a bridge, as `brctl showstp`. Times in seconds. */
export interface StpBridge {
  index: number;
  name: string;
  bridgeId: string;
  designatedRoot: string;
  rootPort: number;
  rootPathCost: number;
  stp: boolean;
  maxAge: number;
  helloTime: number;
  forwardDelay: number;
  ageingTime: number;
  helloTimer: number;
  tcnTimer: number;
  topologyChangeTimer: number;
  gcTimer: number;
  topologyChange: boolean;
  topologyChangeDetected: boolean;
  ports: StpPort[];
}

const NO_BRIDGE = '0000.000000000000';

function isBridge(link: Link): link is BridgeLink {
  return link.kind === 'bridge';
}

function portsOf(links: readonly Link[], bridge: Link): Link[] {
  return links.filter((link) => link.master === bridge.index);
}

function bridgeOf(links: readonly Link[], bridge: string | number): BridgeLink | undefined {
  return links.filter(isBridge).find((link) => link.name === bridge || link.index === bridge);
}

/** What a link is as a bridge's port; nothing for a port of anything else. */
function bridgePort(link: Link) {
  return link.port?.kind === 'bridge' ? link.port : undefined;
}

const seconds = (ticks: number | undefined): number => (ticks ?? 0) / TICKS;

/** Every bridge with its ports: `brctl show`. */
export function showBridges(links: readonly Link[]): BridgeSummary[] {
  return links.filter(isBridge).map((link) => ({
    index: link.index,
    name: link.name,
    bridgeId: link.data?.bridgeId ?? NO_BRIDGE,
    stp: link.data?.stpState ?? false,
    ports: portsOf(links, link).map((port) => port.name),
  }));
}

/** The addresses that a bridge knows: `brctl showmacs`. */
export function showMacs(
  links: readonly Link[],
  entries: readonly FdbEntry[],
  bridge: string | number,
): BridgeMac[] {
  const link = bridgeOf(links, bridge);
  if (link === undefined) return [];
  const byIndex = new Map(links.map((one) => [one.index, one]));
  return entries
    .filter((entry) => entry.bridge === link.index)
    .map((entry) => {
      const port = byIndex.get(entry.dev);
      const known = port === undefined ? undefined : bridgePort(port);
      const mac: BridgeMac = {
        port: port?.name ?? String(entry.dev),
        mac: entry.mac,
        local: entry.state === 'permanent',
        age: entry.state === 'dynamic' ? (entry.updated ?? 0) : 0,
      };
      if (known?.no !== undefined) mac.portNumber = known.no;
      if (entry.vlan !== undefined) mac.vlan = entry.vlan;
      return mac;
    });
}

function stpPort(link: Link): StpPort {
  const port = bridgePort(link);
  return {
    index: link.index,
    name: link.name,
    number: port?.no ?? 0,
    id: port?.id ?? 0,
    state: port?.state ?? 'disabled',
    pathCost: port?.cost ?? 0,
    designatedRoot: port?.rootId ?? NO_BRIDGE,
    designatedBridge: port?.bridgeId ?? NO_BRIDGE,
    designatedPort: port?.designatedPort ?? 0,
    designatedCost: port?.designatedCost ?? 0,
    messageAgeTimer: seconds(port?.messageAgeTimer),
    forwardDelayTimer: seconds(port?.forwardDelayTimer),
    holdTimer: seconds(port?.holdTimer),
    topologyChangeAck: port?.topologyChangeAck ?? false,
    configPending: port?.configPending ?? false,
    hairpin: port?.hairpin ?? false,
  };
}

/** The spanning tree as a bridge sees it: `brctl showstp`. Undefined when there is no such bridge. */
export function showStp(links: readonly Link[], bridge: string | number): StpBridge | undefined {
  const link = bridgeOf(links, bridge);
  if (link === undefined) return undefined;
  const data = link.data;
  return {
    index: link.index,
    name: link.name,
    bridgeId: data?.bridgeId ?? NO_BRIDGE,
    designatedRoot: data?.rootId ?? NO_BRIDGE,
    rootPort: data?.rootPort ?? 0,
    rootPathCost: data?.rootPathCost ?? 0,
    stp: data?.stpState ?? false,
    maxAge: seconds(data?.maxAge),
    helloTime: seconds(data?.helloTime),
    forwardDelay: seconds(data?.forwardDelay),
    ageingTime: seconds(data?.ageingTime),
    helloTimer: seconds(data?.helloTimer),
    tcnTimer: seconds(data?.tcnTimer),
    topologyChangeTimer: seconds(data?.topologyChangeTimer),
    gcTimer: seconds(data?.gcTimer),
    topologyChange: data?.topologyChange ?? false,
    topologyChangeDetected: data?.topologyChangeDetected ?? false,
    ports: portsOf(links, link).map(stpPort),
  };
}
