import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Request } from '../../netlink/request.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';
import { type Family, familyName } from '../families.ts';
import { question } from '../requests.ts';
import { netconfMessage, netconfTable } from './schema.ts';

const RTM_GETNETCONF = 82;
/** The header is a single byte; attributes begin at the next multiple of four. */
const HEADER = (netconfMessage.size + 3) & ~3;
const SCHEMA = { header: HEADER, table: netconfTable };
export const IFINDEX_ALL = -1;
export const IFINDEX_DEFAULT = -2;

/** How a family of addresses is handled on a link: the sysctls that the kernel tells of. */
export interface NetConf {
  family: Family;
  /** The link's ifindex, 'all' or 'default'. */
  dev: number | 'all' | 'default';
  /** Packets that are not for this host are passed on. */
  forwarding?: boolean;
  /** Whether the way back is looked at (rp_filter). IPv4. */
  rpFilter?: 'off' | 'strict' | 'loose' | number;
  mcForwarding?: boolean;
  /** Answers for others: proxy_arp or proxy_ndp. */
  proxyNeigh?: boolean;
  ignoreRoutesWithLinkdown?: boolean;
  /** Directed broadcasts are passed on (since 4.19). IPv4. */
  bcForwarding?: boolean;
}

const SWITCHES = [
  'forwarding',
  'mcForwarding',
  'proxyNeigh',
  'ignoreRoutesWithLinkdown',
  'bcForwarding',
] as const;

export function begin(m: Messages, family: number, flags: number): void {
  m.begin(RTM_GETNETCONF, flags, 'RTM_GETNETCONF', SCHEMA);
  m.writer.u8(family);
  m.writer.zeros(HEADER - 1);
}

/** Reads events too. */
export function readNetconf(r: Replies): NetConf | undefined {
  const family = familyName(r.bytes[r.from]);
  const found = netconfTable.decode(r.bytes, r.view, r.from + HEADER, r.to);
  const { ifindex, rpFilter } = found;
  // MPLS has some too, which no family of addresses has.
  if (family === undefined || ifindex === undefined) return undefined;
  let dev: NetConf['dev'] = ifindex;
  if (ifindex === IFINDEX_ALL) dev = 'all';
  else if (ifindex === IFINDEX_DEFAULT) dev = 'default';
  const conf: NetConf = { family, dev };
  for (const key of SWITCHES) if (found[key] !== undefined) conf[key] = found[key] !== 0;
  if (rpFilter !== undefined) conf.rpFilter = rpFilter;
  return conf;
}

/** The settings of one family: the kernel has no list of all. */
export function listNetconf(family: number): Request<NetConf[]> {
  return question(
    'netconf.list',
    (m) => {
      begin(m, family, NLM_F_DUMP);
      m.end();
    },
    readNetconf,
  );
}
