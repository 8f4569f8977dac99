import { checkKeys, device, integer, object } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import {
  NLM_F_BULK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from '../../wire/message.ts';
import type { Infer } from '../../wire/schema.ts';
import { AF_BRIDGE } from '../families.ts';
import { change, NETLINK_ROUTE } from '../requests.ts';
import { MDB_PERMANENT, RTM_DELMDB, RTM_GETMDB, RTM_NEWMDB } from './constants.ts';
import { type mdbAttributesTable, mdbSetTable, mdbTable, portMessage } from './schema.ts';
import {
  checkGroup,
  checkMdb,
  checkMdbFlush,
  checkMdbKey,
  type MdbEntry,
  type MdbFlush,
  type MdbKey,
  type MdbSpec,
  type MulticastRouter,
} from './spec.ts';

export type { MdbEntry, MdbFlush, MdbKey, MdbSpec, MulticastRouter } from './spec.ts';

const SET_SCHEMA = { header: portMessage.size, table: mdbSetTable };
const DUMP_SCHEMA = { header: portMessage.size, table: mdbTable };

/** Timers are told in hundredths of a second. */
const TICKS = 100;

function writeHeader(m: Messages, dev: Dev | undefined): void {
  m.writer.u8(AF_BRIDGE);
  m.writer.zeros(3);
  if (dev === undefined) m.writer.u32(0);
  else m.linkIndex(dev);
}

type Attributes = Infer<typeof mdbAttributesTable>;

/** Nothing where nothing is told: kernels before 5.10 know no attributes beside the entry. */
function ifAny(attributes: Attributes): Attributes | undefined {
  return Object.values(attributes).some((value) => value !== undefined) ? attributes : undefined;
}

function attributesOf(spec: MdbSpec): Attributes | undefined {
  return ifAny({
    source: spec.source,
    filterMode: spec.filterMode,
    sourceList: spec.sourceList?.map((address) => ({ address })),
    protocol: spec.protocol,
    dst: spec.dst,
    dstPort: spec.dstPort,
    vni: spec.vni,
    srcVni: spec.srcVni,
    via: spec.via,
  });
}

function write(m: Messages, type: number, flags: number, syscall: string, spec: MdbSpec): void {
  m.begin(type, flags, syscall, SET_SCHEMA);
  writeHeader(m, spec.dev);
  const entry = { port: spec.port, state: spec.state, vid: spec.vid, group: spec.group };
  mdbSetTable.encode(m.writer, { entry, attributes: attributesOf(spec) }, 'mdb');
  m.end();
}

function make(operation: string, flags: number, spec: MdbSpec): Request<void> {
  checkMdb(spec);
  return change(`mdb.${operation}`, (m) => write(m, RTM_NEWMDB, flags, 'RTM_NEWMDB', spec));
}

const SECONDS = ['timer'] as const;
const PLAIN = ['source', 'filterMode', 'protocol', 'dst', 'dstPort', 'vni', 'srcVni'] as const;

function entriesOf(dev: number, dump: Infer<typeof mdbTable>): MdbEntry[] {
  const entries: MdbEntry[] = [];
  for (const group of dump.groups ?? []) {
    for (const { header, ...rest } of group.info ?? []) {
      if (header.group === undefined) continue;
      const entry: MdbEntry = {
        dev,
        port: typeof header.port === 'number' ? header.port : 0,
        group: header.group,
        state: header.state ?? 'temp',
        offload: header.flags?.offload ?? false,
        fastLeave: header.flags?.fastLeave ?? false,
        starExcl: header.flags?.starExcl ?? false,
        blocked: header.flags?.blocked ?? false,
        offloadFailed: header.flags?.offloadFailed ?? false,
      };
      if (header.vid) entry.vid = header.vid;
      for (const key of PLAIN)
        if (rest[key] !== undefined) Object.assign(entry, { [key]: rest[key] });
      for (const key of SECONDS) if (rest[key] !== undefined) entry[key] = rest[key] / TICKS;
      if (typeof rest.via === 'number') entry.via = rest.via;
      if (rest.sourceList !== undefined) {
        entry.sourceList = rest.sourceList.map(({ address, timer }) => ({
          address: address ?? '',
          timer: (timer ?? 0) / TICKS,
        }));
      }
      if (rest.unknown !== undefined) Object.assign(entry, { unknown: rest.unknown });
      entries.push(entry);
    }
  }
  return entries;
}

function routersOf(dev: number, dump: Infer<typeof mdbTable>): MulticastRouter[] {
  return (dump.routers ?? []).map(({ header, timer, timer4, timer6, type, vid }) => {
    const router: MulticastRouter = { dev, port: header.port ?? 0 };
    if (type !== undefined) router.type = type;
    if (vid !== undefined) router.vid = vid;
    if (timer !== undefined) router.timer = timer / TICKS;
    if (timer4 !== undefined) router.timer4 = timer4 / TICKS;
    if (timer6 !== undefined) router.timer6 = timer6 / TICKS;
    return router;
  });
}

/** The database of a bridge (or VXLAN), each in a message of its own. */
function dumped<T>(
  operation: string,
  write: (m: Messages) => void,
  pick: (dev: number, dump: Infer<typeof mdbTable>) => T[],
  wanted: (dev: number) => boolean = () => true,
): Request<T[]> {
  return {
    operation,
    family: NETLINK_ROUTE,
    write,
    read(r: Replies) {
      const found: T[] = [];
      while (r.next()) {
        const header = portMessage.read(r.bytes, r.view, r.from, r.to - r.from);
        const dump = mdbTable.decode(r.bytes, r.view, r.from + portMessage.size, r.to);
        if (wanted(header.ifindex)) found.push(...pick(header.ifindex, dump));
      }
      return found;
    },
  };
}

/** Which entries a list is for: the kernel tells all bridges, the library filters. */
export interface MdbFilter {
  /** The ifindex of the bridge. */
  dev?: number;
  vid?: number;
}

function dump<T>(
  operation: string,
  filter: MdbFilter,
  pick: (dev: number, dump: Infer<typeof mdbTable>) => T[],
): Request<T[]> {
  object('filter', filter);
  checkKeys('filter', filter, new Set(['dev', 'vid']));
  if (filter.dev !== undefined) integer('filter.dev', filter.dev, 1, 0x7fffffff);
  if (filter.vid !== undefined) integer('filter.vid', filter.vid, 0, 4094);
  return dumped(
    operation,
    (m) => {
      m.begin(RTM_GETMDB, NLM_F_DUMP, 'RTM_GETMDB', DUMP_SCHEMA);
      writeHeader(m, undefined);
      m.end();
    },
    pick,
    (dev) => filter.dev === undefined || filter.dev === dev,
  );
}

/** What `get` looks up. */
export type MdbQuery = Pick<MdbKey, 'dev' | 'group' | 'source' | 'vid' | 'srcVni'>;

/** Multicast databases of bridges: which ports have joined which groups (`bridge mdb`). */
export const mdb = {
  /** Joins a port to a group; EEXIST when it has joined. */
  add(spec: MdbSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Joins a port to a group, or changes how it has joined (since 6.3). */
  replace(spec: MdbSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec);
  },

  delete(key: MdbKey): Request<void> {
    checkMdbKey(key);
    return change('mdb.delete', (m) => write(m, RTM_DELMDB, 0, 'RTM_DELMDB', key));
  },

  /** The entries of one group (since 6.8), one for each port; ENOENT when there is none. */
  get(query: MdbQuery): Request<MdbEntry[]> {
    object('mdb', query);
    checkKeys('mdb', query, new Set(['dev', 'group', 'source', 'vid', 'srcVni']));
    device('mdb.dev', query.dev);
    checkGroup('mdb.group', query.group);
    return dumped(
      'mdb.get',
      (m) => {
        m.begin(RTM_GETMDB, 0, 'RTM_GETMDB', SET_SCHEMA);
        writeHeader(m, query.dev);
        const entry = { group: query.group, vid: query.vid };
        const attributes = ifAny({ source: query.source, srcVni: query.srcVni });
        mdbSetTable.encode(m.writer, { entry, attributes }, 'mdb');
        m.end();
      },
      entriesOf,
    );
  },

  /** All entries of all bridges, or of one. */
  list(filter: MdbFilter = {}): Request<MdbEntry[]> {
    return dump('mdb.list', filter, (dev, one) =>
      entriesOf(dev, one).filter((entry) => filter.vid === undefined || entry.vid === filter.vid),
    );
  },

  /** The ports behind which multicast routers are. */
  routers(filter: MdbFilter = {}): Request<MulticastRouter[]> {
    return dump('mdb.routers', filter, routersOf);
  },

  /** Deletes all entries that match, in one message (NLM_F_BULK, since 6.8). */
  flush(spec: MdbFlush): Request<void> {
    checkMdbFlush(spec);
    return change('mdb.flush', (m) => {
      m.begin(RTM_DELMDB, NLM_F_BULK, 'RTM_DELMDB', SET_SCHEMA);
      writeHeader(m, spec.dev);
      const { port, vid, permanent, protocol, dst, dstPort, vni, srcVni } = spec;
      const stateMask = permanent === undefined ? undefined : MDB_PERMANENT;
      mdbSetTable.encode(
        m.writer,
        {
          entry: { port, vid, state: permanent ? 'permanent' : undefined },
          attributes: ifAny({ protocol, dst, dstPort, vni, srcVni, stateMask }),
        },
        'mdb',
      );
      m.end();
    });
  },
} as const;
