import { checkKeys, device, integer, macAddress, object } from '../../check.ts';
import { invalidValue } from '../../errors.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import {
  NLM_F_APPEND,
  NLM_F_BULK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from '../../wire/message.ts';
import { Path } from '../../wire/path.ts';
import { AF_BRIDGE } from '../families.ts';
import {
  NTF_EXT_LEARNED,
  NTF_MASTER,
  NTF_OFFLOADED,
  NTF_ROUTER,
  NTF_SELF,
  NTF_STICKY,
  NTF_USE,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_REACHABLE,
  NUD_STALE,
  RTM_DELNEIGH,
  RTM_GETNEIGH,
  RTM_NEWNEIGH,
} from '../neighbour/constants.ts';
import { ndmsg, neighbourTable } from '../neighbour/schema.ts';
import { change, question, questionOne } from '../requests.ts';
import {
  checkFdb,
  checkFdbFlush,
  checkFdbKey,
  type FdbEntry,
  type FdbFlush,
  type FdbKey,
  type FdbSpec,
  type FdbState,
} from './spec.ts';

export type { FdbEntry, FdbFlush, FdbKey, FdbSpec, FdbState } from './spec.ts';

const SCHEMA = { header: ndmsg.size, table: neighbourTable };
const USER_HZ = 100;

const NUMBERS: Readonly<Record<FdbState, number>> = {
  permanent: NUD_NOARP | NUD_PERMANENT,
  static: NUD_NOARP | NUD_REACHABLE,
  dynamic: NUD_REACHABLE,
};

function stateOf(state: number): FdbEntry['state'] {
  if (state & NUD_PERMANENT) return 'permanent';
  if (state & NUD_NOARP) return 'static';
  return state & NUD_STALE ? 'stale' : 'dynamic';
}

function whose(spec: { self?: boolean; master?: boolean }): number {
  const flags = (spec.self ? NTF_SELF : 0) | (spec.master ? NTF_MASTER : 0);
  return flags === 0 ? NTF_SELF : flags;
}

function writeHeader(m: Messages, dev: Dev | undefined, state: number, flags: number): void {
  const w = m.writer;
  w.u8(AF_BRIDGE);
  w.zeros(3);
  if (dev === undefined) w.u32(0);
  else m.linkIndex(dev);
  w.u16(state);
  w.u8(flags);
  w.u8(0);
}

/** NDA_* that name an entry, in the order that `bridge` sends them. */
function putKey(m: Messages, key: FdbKey): void {
  const w = m.writer;
  const path = new Path('fdb');
  path.enter();
  neighbourTable.put(w, 'lladdr', key.mac, path, key);
  neighbourTable.put(w, 'dst', key.dst, path, key);
  neighbourTable.put(w, 'vlan', key.vlan, path, key);
  neighbourTable.put(w, 'nhid', key.nhid, path, key);
  neighbourTable.put(w, 'port', key.port, path, key);
  neighbourTable.put(w, 'vni', key.vni, path, key);
  neighbourTable.put(w, 'srcVni', key.srcVni, path, key);
  neighbourTable.put(w, 'via', key.via, path, key);
  path.leave();
}

function writeEntry(m: Messages, flags: number, spec: FdbSpec): void {
  m.begin(RTM_NEWNEIGH, flags, 'RTM_NEWNEIGH', SCHEMA);
  const ndmFlags =
    whose(spec) |
    (spec.router ? NTF_ROUTER : 0) |
    (spec.use ? NTF_USE : 0) |
    (spec.externLearn ? NTF_EXT_LEARNED : 0) |
    (spec.sticky ? NTF_STICKY : 0);
  writeHeader(m, spec.dev, NUMBERS[spec.state ?? 'permanent'], ndmFlags);
  putKey(m, spec);
  if (spec.activityNotify || spec.inactive || spec.noRefresh) {
    const notify = spec.activityNotify || spec.inactive;
    const extension = {
      activityNotify: notify
        ? { notify: spec.activityNotify ?? false, inactive: spec.inactive ?? false }
        : undefined,
      dontRefresh: spec.noRefresh ?? false,
    };
    neighbourTable.encode(m.writer, { extension }, 'fdb');
  }
  m.end();
}

function make(operation: string, flags: number, spec: FdbSpec): Request<void> {
  checkFdb(spec);
  return change(`fdb.${operation}`, (m) => writeEntry(m, flags, spec));
}

function read(r: Replies): FdbEntry | undefined {
  const header = ndmsg.read(r.bytes, r.view, r.from, r.to - r.from);
  if (header.family !== AF_BRIDGE) return undefined;
  const attributes = neighbourTable.decode(r.bytes, r.view, r.from + ndmsg.size, r.to);
  const { lladdr, cacheInfo, via, master, unknown } = attributes;
  if (lladdr === undefined) return undefined;
  const entry: FdbEntry = {
    mac: lladdr,
    dev: header.ifindex,
    state: stateOf(header.state),
    self: (header.flags & NTF_SELF) !== 0,
    router: (header.flags & NTF_ROUTER) !== 0,
    externLearn: (header.flags & NTF_EXT_LEARNED) !== 0,
    offloaded: (header.flags & NTF_OFFLOADED) !== 0,
    sticky: (header.flags & NTF_STICKY) !== 0,
    locked: attributes.extendedFlags?.locked ?? false,
  };
  if (typeof master === 'number') entry.bridge = master;
  if (typeof via === 'number') entry.via = via;
  for (const key of ['vlan', 'port', 'vni', 'srcVni', 'nhid', 'linkNetnsId'] as const) {
    if (attributes[key] !== undefined) entry[key] = attributes[key];
  }
  if (attributes.dst !== undefined) entry.dst = attributes.dst;
  if (attributes.protocol !== undefined) entry.protocol = attributes.protocol;
  if (cacheInfo !== undefined) {
    entry.used = cacheInfo.used / USER_HZ;
    entry.updated = cacheInfo.updated / USER_HZ;
  }
  if (unknown !== undefined) Object.assign(entry, { unknown });
  return entry;
}

/** Which entries a list is for; the kernel filters by link and bridge. */
export interface FdbFilter {
  /** The port or the VXLAN link. */
  dev?: Dev;
  /** The bridge: its own entries and those of its ports. */
  bridge?: Dev;
  vlan?: number;
  state?: FdbState;
}

const FILTER_KEYS = new Set(['dev', 'bridge', 'vlan', 'state']);

/** What names the entry that `get` looks up: by its link, or by the bridge that knows it. */
export interface FdbQuery {
  mac: string;
  dev?: Dev;
  /** Looks in the table of this bridge. */
  bridge?: Dev;
  self?: boolean;
  master?: boolean;
  vlan?: number;
  vni?: number;
}

const QUERY_KEYS = new Set(['mac', 'dev', 'bridge', 'self', 'master', 'vlan', 'vni']);

function checkQuery(query: FdbQuery): void {
  object('fdb', query);
  checkKeys('fdb', query, QUERY_KEYS);
  macAddress('fdb.mac', query.mac);
  if (query.dev === undefined && query.bridge === undefined) {
    throw invalidValue('fdb.dev', undefined, 'a link, or fdb.bridge given');
  }
  if (query.dev !== undefined) device('fdb.dev', query.dev);
  if (query.bridge !== undefined) device('fdb.bridge', query.bridge);
  if (query.vlan !== undefined) integer('fdb.vlan', query.vlan, 0, 4094);
  if (query.vni !== undefined) integer('fdb.vni', query.vni, 0, 0xffffff);
}

/** States that a flush keeps to, and the mask of those it looks at. */
function flushStates(spec: FdbFlush): { state: number; mask: number } {
  let state = 0;
  let mask = 0;
  const want = (bits: number, looked: number): void => {
    state |= bits;
    mask |= looked;
  };
  if (spec.permanent !== undefined) want(spec.permanent ? NUD_PERMANENT : 0, NUD_PERMANENT);
  if (spec.static === true) want(NUD_NOARP, NUD_NOARP | NUD_PERMANENT);
  if (spec.static === false) want(0, NUD_NOARP);
  if (spec.dynamic === true) want(0, NUD_NOARP | NUD_PERMANENT);
  if (spec.dynamic === false) want(NUD_NOARP, NUD_NOARP);
  return { state, mask };
}

const FLUSH_FLAGS = {
  addedByUser: NTF_USE,
  externLearn: NTF_EXT_LEARNED,
  sticky: NTF_STICKY,
  offloaded: NTF_OFFLOADED,
  router: NTF_ROUTER,
} as const;

function writeFlush(m: Messages, spec: FdbFlush): void {
  const { state, mask } = flushStates(spec);
  let flags = whose(spec);
  let flagsMask = 0;
  for (const key of Object.keys(FLUSH_FLAGS) as (keyof typeof FLUSH_FLAGS)[]) {
    if (spec[key] === undefined) continue;
    flagsMask |= FLUSH_FLAGS[key];
    if (spec[key]) flags |= FLUSH_FLAGS[key];
  }
  m.begin(RTM_DELNEIGH, NLM_F_BULK, 'RTM_DELNEIGH', SCHEMA);
  writeHeader(m, spec.dev, state, flags);
  const { vlan, srcVni, nhid, vni, port, dst } = spec;
  neighbourTable.encode(
    m.writer,
    {
      via: spec.brport,
      vlan,
      srcVni,
      nhid,
      vni,
      port,
      dst,
      flagsMask: flagsMask === 0 ? undefined : flagsMask,
      stateMask: mask === 0 ? undefined : mask,
    },
    'fdb',
  );
  m.end();
}

/** Forwarding databases: which port of a bridge, or which end of a VXLAN, a hardware address is behind (`bridge fdb`). */
export const fdb = {
  /** Adds an entry; one that exists is EEXIST. */
  add(spec: FdbSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Adds one more destination to an address (VXLAN: all-zero or multicast addresses). */
  append(spec: FdbSpec): Request<void> {
    return make('append', NLM_F_CREATE | NLM_F_APPEND, spec);
  },

  /** Adds an entry or changes the one there is. */
  replace(spec: FdbSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec);
  },

  /** Deletes an entry; ENOENT when there is none. */
  delete(key: FdbKey): Request<void> {
    checkFdbKey(key);
    return change('fdb.delete', (m) => {
      m.begin(RTM_DELNEIGH, 0, 'RTM_DELNEIGH', SCHEMA);
      writeHeader(m, key.dev, NUD_NOARP | NUD_PERMANENT, whose(key));
      putKey(m, key);
      m.end();
    });
  },

  /** The entry of one address (since 5.0); ENOENT when there is none. */
  get(query: FdbQuery): Request<FdbEntry | undefined> {
    checkQuery(query);
    return questionOne(
      'fdb.get',
      (m) => {
        m.begin(RTM_GETNEIGH, 0, 'RTM_GETNEIGH', SCHEMA);
        const flags = (query.self ? NTF_SELF : 0) | (query.master ? NTF_MASTER : 0);
        writeHeader(m, query.dev, 0, flags);
        const { mac, vlan, vni, bridge } = query;
        neighbourTable.encode(m.writer, { lladdr: mac, vlan, vni, master: bridge }, 'fdb');
        m.end();
      },
      read,
    );
  },

  /** All entries, or those of a link or a bridge. */
  list(filter: FdbFilter = {}): Request<FdbEntry[]> {
    object('filter', filter);
    checkKeys('filter', filter, FILTER_KEYS);
    if (filter.dev !== undefined) device('filter.dev', filter.dev);
    if (filter.bridge !== undefined) device('filter.bridge', filter.bridge);
    const { vlan, state } = filter;
    return question(
      'fdb.list',
      (m) => {
        m.begin(RTM_GETNEIGH, NLM_F_DUMP, 'RTM_GETNEIGH', SCHEMA);
        writeHeader(m, filter.dev, 0, 0);
        neighbourTable.encode(m.writer, { master: filter.bridge }, 'filter');
        m.end();
      },
      (r) => {
        const entry = read(r);
        if (entry === undefined) return undefined;
        if (vlan !== undefined && entry.vlan !== vlan) return undefined;
        return state === undefined || entry.state === state ? entry : undefined;
      },
    );
  },

  /** Deletes all entries that match, in one message (NLM_F_BULK: bridges since 6.0, VXLAN since 6.7). */
  flush(spec: FdbFlush): Request<void> {
    checkFdbFlush(spec);
    return change('fdb.flush', (m) => writeFlush(m, spec));
  },
} as const;
