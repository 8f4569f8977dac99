import { boolean, checkKeys, device, object } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Composed, Dev, Request } from '../../netlink/request.ts';
import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from '../../wire/message.ts';
import { Path } from '../../wire/path.ts';
import { AF_UNSPEC, type Family, familyName, familyNumber, familyOf } from '../families.ts';
import { change, question, questionOne } from '../requests.ts';
import {
  NTF_EXT_LEARNED,
  NTF_OFFLOADED,
  NTF_PROXY,
  NTF_ROUTER,
  NTF_USE,
  NUD_NOARP,
  NUD_PERMANENT,
  RTM_DELNEIGH,
  RTM_GETNEIGH,
  RTM_NEWNEIGH,
  STATES,
} from './constants.ts';
import { ndmsg, neighbourTable } from './schema.ts';
import {
  checkNeighbour,
  checkNeighbourKey,
  type Neighbour,
  type NeighbourKey,
  type NeighbourSpec,
  type NeighbourState,
  stateName,
  stateNumber,
} from './spec.ts';
import { listTables, setTable } from './tables.ts';

export type { Neighbour, NeighbourKey, NeighbourSpec, NeighbourState } from './spec.ts';
export type {
  NeighbourParameters,
  NeighbourTable,
  NeighbourTableChange,
  NeighbourTableDevice,
} from './tables.ts';

const SCHEMA = { header: ndmsg.size, table: neighbourTable };

/** USER_HZ: the kernel tells these times in ticks of a hundredth of a second. */
const USER_HZ = 100;

function writeHeader(
  m: Messages,
  family: number,
  dev: Dev | undefined,
  state: number,
  flags: number,
): void {
  const w = m.writer;
  w.u8(family);
  w.zeros(3);
  if (dev === undefined) w.u32(0);
  else m.linkIndex(dev);
  w.u16(state);
  w.u8(flags);
  w.u8(0);
}

function flagsOf(spec: NeighbourSpec): number {
  return (
    (spec.proxy ? NTF_PROXY : 0) |
    (spec.router ? NTF_ROUTER : 0) |
    (spec.externLearn ? NTF_EXT_LEARNED : 0) |
    (spec.use ? NTF_USE : 0)
  );
}

function write(m: Messages, flags: number, spec: NeighbourSpec, byDefault: number): void {
  const w = m.writer;
  const path = new Path('neighbour');
  m.begin(RTM_NEWNEIGH, flags, 'RTM_NEWNEIGH', SCHEMA);
  const state = spec.state === undefined ? byDefault : STATES[spec.state];
  writeHeader(m, familyOf(spec.dst), spec.dev, state, flagsOf(spec));
  path.enter();
  neighbourTable.put(w, 'dst', spec.dst, path, spec);
  neighbourTable.put(w, 'lladdr', spec.lladdr, path, spec);
  neighbourTable.put(w, 'protocol', spec.protocol, path, spec);
  if (spec.managed || spec.validated) {
    const extended = { managed: spec.managed ?? false, validated: spec.validated ?? false };
    neighbourTable.put(w, 'extendedFlags', extended, path, spec);
  }
  path.leave();
  m.end();
}

function make(
  operation: string,
  flags: number,
  spec: NeighbourSpec,
  byDefault: number,
): Request<void> {
  checkNeighbour(spec);
  return change(`neighbour.${operation}`, (m) => write(m, flags, spec, byDefault));
}

function deleteNeighbour(key: NeighbourKey): Request<void> {
  checkNeighbourKey(key);
  return change('neighbour.delete', (m) => {
    m.begin(RTM_DELNEIGH, 0, 'RTM_DELNEIGH', SCHEMA);
    writeHeader(m, familyOf(key.dst), key.dev, NUD_PERMANENT, key.proxy ? NTF_PROXY : 0);
    neighbourTable.encode(m.writer, { dst: key.dst }, 'neighbour');
    m.end();
  });
}

function read(r: Replies): Neighbour | undefined {
  const header = ndmsg.read(r.bytes, r.view, r.from, r.to - r.from);
  const family = familyName(header.family);
  if (family === undefined) return undefined;
  const at = r.from + ndmsg.size;
  const { dst, lladdr, cacheInfo, probes, protocol, extendedFlags, master, unknown } =
    neighbourTable.decode(r.bytes, r.view, at, r.to);
  if (dst === undefined) return undefined;
  const neighbour: Neighbour = {
    family,
    dst,
    dev: header.ifindex,
    state: stateName(header.state),
    proxy: (header.flags & NTF_PROXY) !== 0,
    router: (header.flags & NTF_ROUTER) !== 0,
    externLearn: (header.flags & NTF_EXT_LEARNED) !== 0,
    offloaded: (header.flags & NTF_OFFLOADED) !== 0,
    managed: extendedFlags?.managed ?? false,
    validated: extendedFlags?.validated ?? false,
  };
  if (lladdr !== undefined) neighbour.lladdr = lladdr;
  if (protocol !== undefined) neighbour.protocol = protocol;
  if (probes !== undefined) neighbour.probes = probes;
  if (typeof master === 'number') neighbour.master = master;
  if (cacheInfo !== undefined) {
    neighbour.used = cacheInfo.used / USER_HZ;
    neighbour.confirmed = cacheInfo.confirmed / USER_HZ;
    neighbour.updated = cacheInfo.updated / USER_HZ;
    neighbour.refcount = cacheInfo.refcount;
  }
  if (unknown !== undefined) Object.assign(neighbour, { unknown });
  return neighbour;
}

/** Which neighbours a list or a flush is for. */
export interface NeighbourFilter {
  /** Both unless given. */
  family?: Family;
  /** Filtered in the kernel. */
  dev?: Dev;
  /** Those behind the ports of this link; filtered in the kernel. */
  master?: Dev;
  /** The proxies instead of the neighbours. */
  proxy?: boolean;
  state?: NeighbourState | NeighbourState[];
  protocol?: Neighbour['protocol'];
}

const FILTER_KEYS = new Set(['family', 'dev', 'master', 'proxy', 'state', 'protocol']);

function statesOf(filter: NeighbourFilter): number | undefined {
  if (filter.state === undefined) return undefined;
  const names = Array.isArray(filter.state) ? filter.state : [filter.state];
  return names.reduce((all, name) => all | stateNumber('filter.state', name), 0);
}

function list(operation: string, filter: NeighbourFilter): Request<Neighbour[]> {
  object('filter', filter);
  checkKeys('filter', filter, FILTER_KEYS);
  const family =
    filter.family === undefined ? AF_UNSPEC : familyNumber('filter.family', filter.family);
  if (filter.dev !== undefined) device('filter.dev', filter.dev);
  if (filter.master !== undefined) device('filter.master', filter.master);
  if (filter.proxy !== undefined) boolean('filter.proxy', filter.proxy);
  const states = statesOf(filter);
  const wanted = (one: Neighbour): boolean => {
    if (states !== undefined) {
      const state = typeof one.state === 'number' ? one.state : STATES[one.state];
      if ((state & states) === 0 && state !== states) return false;
    }
    return filter.protocol === undefined || one.protocol === filter.protocol;
  };
  return question(
    operation,
    (m) => {
      m.begin(RTM_GETNEIGH, NLM_F_DUMP, 'RTM_GETNEIGH', SCHEMA);
      writeHeader(m, family, undefined, 0, filter.proxy ? NTF_PROXY : 0);
      neighbourTable.encode(m.writer, { via: filter.dev, master: filter.master }, 'filter');
      m.end();
    },
    (r) => {
      const one = read(r);
      return one !== undefined && wanted(one) ? one : undefined;
    },
  );
}

/** Neighbours: who has which address on a link (`ip neighbour`), and the settings of their tables (`ip ntable`). */
export const neighbour = {
  /** Sets up a neighbour; one that exists is EEXIST. */
  add(spec: NeighbourSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec, NUD_PERMANENT);
  },

  /** Sets up a neighbour or changes the one there is. */
  replace(spec: NeighbourSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec, NUD_PERMANENT);
  },

  /** Changes a neighbour; one that does not exist is ENOENT. */
  set(spec: NeighbourSpec): Request<void> {
    return make('set', NLM_F_REPLACE, spec, NUD_PERMANENT);
  },

  /** Makes or refreshes a neighbour without a look at what was there (`ip neigh append`). */
  append(spec: NeighbourSpec): Request<void> {
    return make('append', NLM_F_CREATE | NLM_F_APPEND, spec, NUD_PERMANENT);
  },

  delete: deleteNeighbour,

  /** One neighbour (since 5.0); ENOENT when there is none. */
  get(key: NeighbourKey): Request<Neighbour | undefined> {
    checkNeighbourKey(key);
    return questionOne(
      'neighbour.get',
      (m) => {
        m.begin(RTM_GETNEIGH, 0, 'RTM_GETNEIGH', SCHEMA);
        writeHeader(m, familyOf(key.dst), key.dev, 0, key.proxy ? NTF_PROXY : 0);
        neighbourTable.encode(m.writer, { dst: key.dst }, 'neighbour');
        m.end();
      },
      read,
    );
  },

  /** The neighbours in every state, those without address resolution ('noarp') too. */
  list(filter: NeighbourFilter = {}): Request<Neighbour[]> {
    return list('neighbour.list', filter);
  },

  /**
   * Deletes what the filter lets through; without a state all but 'permanent' and 'noarp', as
   * `ip neighbour flush` does. Answers how many there were.
   */
  flush(filter: NeighbourFilter = {}): Composed<number, Neighbour[]> {
    const kept = filter.state === undefined && !filter.proxy ? NUD_PERMANENT | NUD_NOARP : 0;
    return {
      operation: 'neighbour.flush',
      first: list('neighbour.flush', filter),
      next: (found) =>
        found
          .filter(
            (one) => ((typeof one.state === 'number' ? one.state : STATES[one.state]) & kept) === 0,
          )
          .map((one) => deleteNeighbour({ dst: one.dst, dev: one.dev, proxy: one.proxy })),
      result: (_found, deleted) => deleted.length,
    };
  },

  /** The tables of ARP and IPv6 neighbours with their settings, a row for each link in `devices`. */
  tables: listTables,

  /** Changes a table's settings, or with `dev` those of one link. */
  setTable,
} as const;
