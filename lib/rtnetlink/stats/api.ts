import { device } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';
import type { Infer } from '../../wire/schema.ts';
import { NETLINK_ROUTE } from '../requests.ts';
import {
  type bondExtrasTable,
  type bridgeExtrasTable,
  statsMessage,
  statsTable,
} from './schema.ts';

const RTM_GETSTATS = 94;
const SCHEMA = { header: statsMessage.size, table: statsTable };
/** IFLA_STATS_FILTER_BIT of IFLA_STATS_LINK_XSTATS and of IFLA_STATS_LINK_XSTATS_SLAVE. */
const EXTRAS_AND_PORT = 0b110;

type BridgeStatistics = Omit<Infer<typeof bridgeExtrasTable>, 'unknown'>;
type BondStatistics = NonNullable<Infer<typeof bondExtrasTable>['aggregation']>;

/** What a kind of link counts beside the counters that every link has. */
export interface KindStatistics {
  /**
   * Of a bridge, or of a port of one: `multicast` (with mcastStatsEnabled), `vlans` (with
   * vlanStatsEnabled), and of a port `stp`.
   */
  bridge?: BridgeStatistics;
  /** Of an 802.3ad bond, or of a port of one: frames of the aggregation protocol. */
  bond?: BondStatistics;
}

/** The extra counters of one link. */
export interface LinkExtraStatistics extends KindStatistics {
  /** The link's ifindex. */
  dev: number;
  /** What is counted of it as a port of its master. */
  port?: KindStatistics;
}

function write(m: Messages, dev: Dev | undefined, flags: number): void {
  m.begin(RTM_GETSTATS, flags, 'RTM_GETSTATS', SCHEMA);
  m.writer.zeros(4);
  if (dev === undefined) m.writer.u32(0);
  else m.linkIndex(dev);
  m.writer.u32(EXTRAS_AND_PORT);
  m.end();
}

/** A link with many VLANs is told in several messages, each with some of them. */
function addTo(to: KindStatistics, extras: Infer<typeof statsTable>['extras']): void {
  const { bridge, bond } = extras ?? {};
  if (bridge !== undefined) {
    const { vlans: more, ...rest } = bridge;
    const vlans = [...(to.bridge?.vlans ?? []), ...(more ?? [])];
    to.bridge = { ...to.bridge, ...rest };
    if (vlans.length > 0) Object.assign(to.bridge, { vlans });
  }
  if (bond?.aggregation !== undefined) to.bond = bond.aggregation;
}

function read(r: Replies): LinkExtraStatistics[] {
  const found = new Map<number, LinkExtraStatistics>();
  while (r.next()) {
    const { ifindex: dev } = statsMessage.read(r.bytes, r.view, r.from, r.to - r.from);
    const told = statsTable.decode(r.bytes, r.view, r.from + statsMessage.size, r.to);
    const one = found.get(dev) ?? { dev };
    found.set(dev, one);
    addTo(one, told.extras);
    if (told.portExtras === undefined) continue;
    one.port ??= {};
    addTo(one.port, told.portExtras);
  }
  return [...found.values()];
}

/** The extra counters of a link (RTM_GETSTATS). */
export function extraStatistics(dev: Dev): Request<LinkExtraStatistics> {
  device('dev', dev);
  return {
    operation: 'link.extraStatistics',
    family: NETLINK_ROUTE,
    write: (m) => write(m, dev, 0),
    read(r) {
      const [found] = read(r);
      if (found === undefined) throw new Error('the kernel acknowledged RTM_GETSTATS without any');
      return found;
    },
  };
}

/** Those of all links that have any. */
export function listExtraStatistics(): Request<LinkExtraStatistics[]> {
  return {
    operation: 'link.listExtraStatistics',
    family: NETLINK_ROUTE,
    write: (m) => write(m, undefined, NLM_F_DUMP),
    read: (r) => read(r).filter(({ dev: _, ...counted }) => Object.keys(counted).length > 0),
  };
}
