import { boolean, checkKeys, device, integer, object } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Composed, Request } from '../../netlink/request.ts';
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE } from '../../wire/message.ts';
import { Path } from '../../wire/path.ts';
import { AF_UNSPEC, familyName, familyNumber } from '../families.ts';
import { ROUTE_PROTOCOLS, routeProtocolName } from '../protocols.ts';
import { change, question, questionOne } from '../requests.ts';
import {
  NHA_OP_FLAG_DUMP_STATS,
  RTM_DELNEXTHOP,
  RTM_GETNEXTHOP,
  RTM_GETNEXTHOPBUCKET,
  RTM_NEWNEXTHOP,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTNH_F_OFFLOAD,
  RTNH_F_ONLINK,
  RTNH_F_TRAP,
} from './constants.ts';
import { nexthopMessage, nexthopTable } from './schema.ts';
import {
  checkNexthop,
  type Nexthop,
  type NexthopFilter,
  type NexthopSpec,
  SCOPES,
} from './spec.ts';

export type { GroupMember } from './schema.ts';
export type { Nexthop, NexthopFilter, NexthopSpec } from './spec.ts';

const SCHEMA = { header: nexthopMessage.size, table: nexthopTable };
const USER_HZ = 100;
/** `ip nexthop` says who made it only where it is told; the kernel's word for that is 'unspec'. */
const RTPROT_UNSPEC = 0;

function writeHeader(m: Messages, family: number, protocol = 0, flags = 0): void {
  m.writer.u8(family);
  m.writer.u8(0);
  m.writer.u8(protocol);
  m.writer.u8(0);
  m.writer.u32(flags);
}

function protocolOf(spec: NexthopSpec): number {
  const { protocol } = spec;
  if (protocol === undefined) return RTPROT_UNSPEC;
  return typeof protocol === 'number'
    ? integer('nexthop.protocol', protocol, 0, 255)
    : ROUTE_PROTOCOLS[protocol];
}

const ticks = (seconds: number | undefined) =>
  seconds === undefined ? undefined : Math.round(seconds * USER_HZ);

function write(m: Messages, flags: number, spec: NexthopSpec): void {
  const family = checkNexthop(spec);
  const w = m.writer;
  const path = new Path('nexthop');
  m.begin(RTM_NEWNEXTHOP, flags, 'RTM_NEWNEXTHOP', SCHEMA);
  writeHeader(m, family, protocolOf(spec), spec.onlink ? RTNH_F_ONLINK : 0);
  path.enter();
  for (const key of ['id', 'dev', 'via', 'group', 'groupType', 'blackhole', 'fdb'] as const) {
    nexthopTable.put(w, key, spec[key], path, spec);
  }
  const { buckets } = spec;
  const idleTimer = ticks(spec.idleTimer);
  const unbalancedTimer = ticks(spec.unbalancedTimer);
  if (buckets !== undefined || idleTimer !== undefined || unbalancedTimer !== undefined) {
    nexthopTable.put(w, 'resilient', { buckets, idleTimer, unbalancedTimer }, path, spec);
  }
  if (spec.hardwareStatistics !== undefined) {
    nexthopTable.put(w, 'hardwareStatistics', spec.hardwareStatistics ? 1 : 0, path, spec);
  }
  path.leave();
  m.end();
}

function read(r: Replies): Nexthop | undefined {
  const header = nexthopMessage.read(r.bytes, r.view, r.from, r.to - r.from);
  const at = r.from + nexthopMessage.size;
  const { id, dev, via, group, groupType, blackhole, fdb, resilient, unknown, ...rest } =
    nexthopTable.decode(r.bytes, r.view, at, r.to);
  if (id === undefined) return undefined;
  const nexthop: Nexthop = {
    id,
    blackhole: blackhole ?? false,
    fdb: fdb ?? false,
    scope: SCOPES[header.scope] ?? header.scope,
    protocol: routeProtocolName(header.protocol),
    onlink: (header.flags & RTNH_F_ONLINK) !== 0,
    dead: (header.flags & RTNH_F_DEAD) !== 0,
    linkDown: (header.flags & RTNH_F_LINKDOWN) !== 0,
    offload: (header.flags & RTNH_F_OFFLOAD) !== 0,
    trap: (header.flags & RTNH_F_TRAP) !== 0,
  };
  const family = familyName(header.family);
  if (family !== undefined) nexthop.family = family;
  if (via !== undefined) nexthop.via = via;
  if (typeof dev === 'number') nexthop.dev = dev;
  if (group !== undefined) {
    nexthop.group = group.map((member) => ({ id: member.id, weight: member.weight ?? 1 }));
  }
  if (groupType !== undefined) nexthop.groupType = groupType;
  if (resilient !== undefined) {
    nexthop.buckets = resilient.buckets;
    nexthop.idleTimer = (resilient.idleTimer ?? 0) / USER_HZ;
    nexthop.unbalancedTimer = (resilient.unbalancedTimer ?? 0) / USER_HZ;
    nexthop.unbalancedTime = (resilient.unbalancedTime ?? 0) / USER_HZ;
  }
  const { hardwareStatistics, hardwareStatisticsUsed, groupStatistics } = rest;
  if (hardwareStatistics !== undefined) nexthop.hardwareStatistics = hardwareStatistics !== 0;
  if (hardwareStatisticsUsed !== undefined)
    nexthop.hardwareStatisticsUsed = hardwareStatisticsUsed !== 0;
  if (groupStatistics !== undefined) {
    nexthop.groupStatistics = groupStatistics.map((one) => ({
      id: one.id ?? 0,
      packets: one.packets ?? 0,
      ...(one.hardwarePackets === undefined ? {} : { hardwarePackets: one.hardwarePackets }),
    }));
  }
  if (unknown !== undefined) Object.assign(nexthop, { unknown });
  return nexthop;
}

const FILTER_KEYS = new Set(['family', 'dev', 'master', 'groups', 'fdb', 'statistics']);

function list(operation: string, filter: NexthopFilter): Request<Nexthop[]> {
  object('filter', filter);
  checkKeys('filter', filter, FILTER_KEYS);
  const family =
    filter.family === undefined ? AF_UNSPEC : familyNumber('filter.family', filter.family);
  if (filter.dev !== undefined) device('filter.dev', filter.dev);
  if (filter.master !== undefined) device('filter.master', filter.master);
  for (const key of ['groups', 'fdb', 'statistics'] as const) {
    if (filter[key] !== undefined) boolean(`filter.${key}`, filter[key]);
  }
  return question(
    operation,
    (m) => {
      m.begin(RTM_GETNEXTHOP, NLM_F_DUMP, 'RTM_GETNEXTHOP', SCHEMA);
      writeHeader(m, family);
      const { dev, master, groups } = filter;
      const operationFlags = filter.statistics ? NHA_OP_FLAG_DUMP_STATS : undefined;
      nexthopTable.encode(m.writer, { dev, master, groups, operationFlags }, 'filter');
      m.end();
    },
    (r) => {
      const one = read(r);
      return filter.fdb === undefined || one?.fdb === filter.fdb ? one : undefined;
    },
  );
}

function make(operation: string, flags: number, spec: NexthopSpec): Request<void> {
  checkNexthop(spec);
  protocolOf(spec);
  return change(`nexthop.${operation}`, (m) => write(m, flags, spec));
}

function byId(operation: string, id: number): number {
  return integer(`${operation} id`, id, 1, 0xffffffff);
}

function deleteNexthop(id: number): Request<void> {
  byId('nexthop', id);
  return change('nexthop.delete', (m) => {
    m.begin(RTM_DELNEXTHOP, 0, 'RTM_DELNEXTHOP', SCHEMA);
    writeHeader(m, AF_UNSPEC);
    nexthopTable.encode(m.writer, { id }, 'nexthop');
    m.end();
  });
}

/** A bucket of a resilient group. */
export interface NexthopBucket {
  /** The group. */
  id: number;
  index: number;
  /** Seconds since a packet was sent by it. */
  idleTime: number;
  nexthop: number;
}

/** Next hops as objects of their own, named by routes and shared by them (`ip nexthop`; since 5.3). */
export const nexthop = {
  /** Adds a next hop or a group; EEXIST when the id is taken. */
  add(spec: NexthopSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Adds one or changes the one there is; the routes that name it follow at once. */
  replace(spec: NexthopSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec);
  },

  /** Deletes one, and the routes that name it. */
  delete: deleteNexthop,

  /** One by its id; ENOENT when there is none. */
  get(id: number): Request<Nexthop | undefined> {
    byId('nexthop', id);
    return questionOne(
      'nexthop.get',
      (m) => {
        m.begin(RTM_GETNEXTHOP, 0, 'RTM_GETNEXTHOP', SCHEMA);
        writeHeader(m, AF_UNSPEC);
        nexthopTable.encode(m.writer, { id }, 'nexthop');
        m.end();
      },
      read,
    );
  },

  list(filter: NexthopFilter = {}): Request<Nexthop[]> {
    return list('nexthop.list', filter);
  },

  /** Deletes what the filter lets through, groups first. Answers how many there were. */
  flush(filter: NexthopFilter = {}): Composed<number, Nexthop[]> {
    return {
      operation: 'nexthop.flush',
      first: list('nexthop.flush', filter),
      // A group goes with its last member, which would make its own deletion fail.
      next: (found) =>
        [...found.filter((one) => one.group), ...found.filter((one) => !one.group)].map((one) =>
          deleteNexthop(one.id),
        ),
      result: (_found, deleted) => deleted.length,
    };
  },

  /** The buckets of a resilient group (since 5.13). */
  buckets(group: number): Request<NexthopBucket[]> {
    byId('nexthop', group);
    return question(
      'nexthop.buckets',
      (m) => {
        m.begin(RTM_GETNEXTHOPBUCKET, NLM_F_DUMP, 'RTM_GETNEXTHOPBUCKET', SCHEMA);
        writeHeader(m, AF_UNSPEC);
        nexthopTable.encode(m.writer, { id: group }, 'nexthop');
        m.end();
      },
      (r) => {
        const at = r.from + nexthopMessage.size;
        const { id, bucket } = nexthopTable.decode(r.bytes, r.view, at, r.to);
        if (id === undefined || bucket === undefined) return undefined;
        return {
          id,
          index: bucket.index ?? 0,
          idleTime: (bucket.idleTime ?? 0) / USER_HZ,
          nexthop: bucket.nexthop ?? 0,
        };
      },
    );
  },
} as const;
