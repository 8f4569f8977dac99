import { boolean, checkKeys, device, interfaceName, object, string } from '../../check.ts';
import { invalidValue } from '../../errors.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';
import { NLA_F_NESTED } from '../../wire/writer.ts';
import { linkGroups } from '../names.ts';
import { change, NETLINK_ROUTE, question } from '../requests.ts';
import { extraStatistics, listExtraStatistics } from '../stats/api.ts';
import {
  RTEXT_FILTER_SKIP_STATS,
  RTEXT_FILTER_VF,
  RTM_DELLINK,
  RTM_DELLINKPROP,
  RTM_GETLINK,
  RTM_NEWLINKPROP,
} from './constants.ts';
import { beginLink, endLink, type Given } from './message.ts';
import { peerFollowUps } from './peer.ts';
import { readLink } from './read.ts';
import type { LinkChanges, LinkSpec, PeerSpec } from './spec.ts';
import type { Link } from './types.ts';
import {
  afterwards,
  birthPath,
  peerPath,
  refuseForeignMaster,
  writeAltNames,
  writeBirth,
  writeChanges,
  writeTakingBack,
} from './write.ts';

export { readLink } from './read.ts';
export type { LinkChanges, LinkSpec, PeerSpec, PortSpec } from './spec.ts';
export type { LinkStatistics } from './statistics.ts';
export type { Link, PortValues } from './types.ts';

const IFLA_GROUP = 27;
const IFLA_EXT_MASK = 29;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18 | NLA_F_NESTED;
const IFLA_INFO_KIND = 1;

/** What to tell beside the settings. */
export interface LinkDetails {
  /** Counters, 64 bits each. They double the size of the answer. */
  statistics?: boolean;
  /** The virtual functions of SR-IOV devices; slow with many of them. */
  vf?: boolean;
}

/** Which links; all that is given must hold. */
export interface LinkFilter extends LinkDetails {
  /** Ports of this bridge, bond or VRF; `null`: of none. The kernel's own filter. */
  master?: Dev | null;
  /** The kernel's own filter. */
  kind?: string;
  up?: boolean;
  /** A number or a name of iproute2's `group` file. */
  group?: number | string;
}

const DETAIL_KEYS: ReadonlySet<string> = new Set(['statistics', 'vf']);
const FILTER_KEYS: ReadonlySet<string> = new Set([...DETAIL_KEYS, 'master', 'kind', 'up', 'group']);

function checkDetails(path: string, details: LinkDetails, keys: ReadonlySet<string>): number {
  object(path, details);
  checkKeys(path, details, keys);
  let mask = RTEXT_FILTER_SKIP_STATS;
  if (details.statistics !== undefined && boolean(`${path}.statistics`, details.statistics))
    mask = 0;
  if (details.vf !== undefined && boolean(`${path}.vf`, details.vf)) mask |= RTEXT_FILTER_VF;
  return mask;
}

function putMask(m: Messages, mask: number): void {
  const w = m.writer;
  const at = w.begin(IFLA_EXT_MASK);
  w.u32(mask);
  w.end(at);
}

/** What of a spec needs messages after the link's birth, checked. */
function afterBirth(spec: Given): Given {
  const after = afterwards(spec);
  const [key] = Object.keys(after);
  if (spec.netns !== undefined) {
    throw invalidValue(
      `link.${key}`,
      after[key],
      'left out for a link born in another namespace: call link.set there',
    );
  }
  if (spec.name === undefined && spec.index === undefined) {
    throw invalidValue('link.name', undefined, `a name, since link.${key} is set`);
  }
  return after;
}

function writeAdd(m: Messages, spec: Given): void {
  refuseForeignMaster(spec, 'link');
  const more = writeBirth(m, spec);
  const peer = spec.peer as PeerSpec | undefined;
  const peerRest = peer === undefined ? undefined : peerFollowUps(peer, 'link.peer');
  if (peer?.name !== undefined && peerRest !== undefined) {
    writeChanges(m, peer.name, peerRest, peerPath, true);
  }
  const dev = (spec.name ?? spec.index) as Dev | undefined;
  if (more) writeChanges(m, dev as Dev, afterBirth(spec), birthPath, true);
  // Either end takes the other along; one born elsewhere has no name here.
  const near = spec.netns === undefined ? dev : undefined;
  if (more || peerRest !== undefined) writeTakingBack(m, near ?? (peer?.name as Dev));
}

function readOne(replies: Replies, statistics: boolean): Link | undefined {
  let found: Link | undefined;
  while (replies.next()) {
    found ??= readLink(replies.bytes, replies.view, replies.from, replies.to, statistics);
  }
  return found;
}

/** `ip link`: the links of a namespace. */
export const link = {
  /**
   * Makes a link. An existing name is EEXIST. A veth's peer is made with it, in another namespace
   * when told (much faster than moving it there). Settings that the kernel takes only afterwards
   * (`alias`, `addrGenMode`, `port`, …) are sent right behind.
   */
  add(spec: LinkSpec): Request<void> {
    const given = object('link', spec);
    return change('link.add', (m) => writeAdd(m, given));
  },

  /**
   * Changes a link: up or down, a new `name`, `master` or `master: null`, its kind's own settings
   * (with `kind` beside them), `port` settings, another `netns` (slow: some 30 ms, everybody waits).
   */
  set(dev: Dev, changes: LinkChanges): Request<void> {
    device('dev', dev);
    const given = object('changes', changes);
    return change('link.set', (m) => writeChanges(m, dev, given));
  },

  /** Takes a link away, and a pair's other end with it. */
  delete(dev: Dev): Request<void> {
    device('dev', dev);
    return change('link.delete', (m) => {
      const start = beginLink(m, RTM_DELLINK, 0, 'RTM_DELLINK', dev);
      if (typeof dev === 'string') m.changesLink(dev);
      endLink(m, start);
    });
  },

  /** Takes all links of a group away at once; group 0, where every link begins, is EPERM. */
  deleteGroup(group: number | string): Request<void> {
    const number = linkGroups.number('group', group);
    return change('link.deleteGroup', (m) => {
      const start = beginLink(m, RTM_DELLINK, 0, 'RTM_DELLINK', undefined);
      const at = m.writer.begin(IFLA_GROUP);
      m.writer.u32(number);
      m.writer.end(at);
      endLink(m, start);
    });
  },

  /** One link, by any of its names or its index; none is ENODEV. */
  get(dev: Dev, details: LinkDetails = {}): Request<Link> {
    device('dev', dev);
    const mask = checkDetails('details', details, DETAIL_KEYS);
    return {
      operation: 'link.get',
      family: NETLINK_ROUTE,
      write(m) {
        const start = beginLink(m, RTM_GETLINK, 0, 'RTM_GETLINK', dev);
        putMask(m, mask);
        endLink(m, start);
      },
      read(replies) {
        const found = readOne(replies, details.statistics === true);
        if (found === undefined)
          throw new Error('the kernel acknowledged RTM_GETLINK without a link');
        return found;
      },
    };
  },

  list(filter: LinkFilter = {}): Request<Link[]> {
    const mask = checkDetails('filter', filter, FILTER_KEYS);
    const { master, kind, up } = filter;
    if (master !== undefined && master !== null) device('filter.master', master);
    if (kind !== undefined) string('filter.kind', kind);
    if (up !== undefined) boolean('filter.up', up);
    const group =
      filter.group === undefined ? undefined : linkGroups.number('filter.group', filter.group);
    return question(
      'link.list',
      (m) => {
        const start = beginLink(m, RTM_GETLINK, NLM_F_DUMP, 'RTM_GETLINK', undefined);
        putMask(m, mask);
        putFilter(m, master, kind);
        endLink(m, start);
      },
      (r) => {
        const found = readLink(r.bytes, r.view, r.from, r.to, filter.statistics);
        // A kernel whose module for `kind` is not loaded does not filter by it.
        const wanted =
          (kind === undefined || found.kind === kind) &&
          (up === undefined || found.up === up) &&
          (group === undefined || found.group === group) &&
          (master !== null || found.master === undefined);
        return wanted ? found : undefined;
      },
    );
  },

  /**
   * What a bridge, a bond or a port of one counts beside the common counters: multicast control
   * messages, VLANs, the spanning tree, the aggregation protocol (RTM_GETSTATS).
   */
  extraStatistics,

  /** Those of all links that have any. */
  listExtraStatistics,

  /** Gives a link another name, up to 127 bytes long, that works wherever a name does (since 5.5). */
  addAltName(dev: Dev, ...names: string[]): Request<void> {
    device('dev', dev);
    names.forEach((name, i) => {
      interfaceName(`names[${i}]`, name, 127);
    });
    return change('link.addAltName', (m) => writeAltNames(m, RTM_NEWLINKPROP, dev, names, 'names'));
  },

  deleteAltName(dev: Dev, ...names: string[]): Request<void> {
    device('dev', dev);
    names.forEach((name, i) => {
      interfaceName(`names[${i}]`, name, 127);
    });
    return change('link.deleteAltName', (m) =>
      writeAltNames(m, RTM_DELLINKPROP, dev, names, 'names'),
    );
  },
} as const;

function putFilter(m: Messages, master: Dev | null | undefined, kind: string | undefined): void {
  const w = m.writer;
  if (master !== undefined && master !== null) {
    const at = w.begin(IFLA_MASTER);
    m.linkIndex(master);
    w.end(at);
  }
  if (kind !== undefined) {
    const info = w.begin(IFLA_LINKINFO);
    const at = w.begin(IFLA_INFO_KIND);
    w.string(kind);
    w.end(at);
    w.end(info);
  }
}
