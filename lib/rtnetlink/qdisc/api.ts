import { checkKeys, device, integer, object, string } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Composed, Dev, Request } from '../../netlink/request.ts';
import type { ValueOf } from '../../wire/codecs.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../wire/message.ts';
import { change, NETLINK_ROUTE } from '../requests.ts';
import { RTM_DELQDISC, RTM_GETQDISC, RTM_NEWQDISC } from './constants.ts';
import {
  formatHandle,
  formatParent,
  parseParent,
  parseQdiscHandle,
  TC_H_CLSACT,
  TC_H_INGRESS,
  TC_H_ROOT,
} from './handle.ts';
import type { OptionsCodec } from './kind.ts';
import { type QdiscKinds, qdiscKinds } from './kinds/index.ts';
import {
  beginDump,
  readIndexAnswer,
  readStatistics,
  type TrafficStatistics,
  writeIndexQuestion,
  writeOptions,
  writeTcmsg,
} from './message.ts';
import { qdiscTable, tcmsg } from './schema.ts';

export type { TrafficStatistics } from './message.ts';

const SCHEMA = { header: tcmsg.size, table: qdiscTable };

/** Where a qdisc hangs, and by which name. */
interface QdiscPlace {
  dev: Dev;
  /** 'root' unless given; 'ingress' of itself for the kinds 'ingress' and 'clsact'; or a class, '1:10'. */
  parent?: string | number;
  /** '1:'; the kernel chooses unless given. */
  handle?: string | number;
  /** Filters shared by several qdiscs (since 4.16). */
  ingressBlock?: number;
  egressBlock?: number;
}

/** A kind's own options, flat beside the place. */
export type QdiscOptions = {
  [K in keyof QdiscKinds]: { kind: K } & ValueOf<QdiscKinds[K]>;
}[keyof QdiscKinds];

/** A kind this library does not know: it may have raw options (TCA_OPTIONS' payload). */
interface OtherQdisc {
  kind: string & Record<never, never>;
  options?: Uint8Array;
}

/** A qdisc to be set up, by the words of `tc qdisc`. */
export type QdiscSpec = QdiscPlace & (QdiscOptions | OtherQdisc);

/** What names a qdisc: its place, and where it matters its handle or kind. */
export interface QdiscKey {
  dev: Dev;
  parent?: string | number;
  handle?: string | number;
  kind?: string;
}

/** A qdisc as the kernel has it, its kind's options flat beside. */
export type Qdisc = {
  /** The link's ifindex. */
  dev: number;
  handle: string;
  parent: string;
  refcount: number;
  statistics?: TrafficStatistics;
  /** Run by the hardware. */
  offloaded?: boolean;
  ingressBlock?: number;
  egressBlock?: number;
} & (QdiscOptions | OtherQdisc);

const PLACE = new Set([
  'dev',
  'kind',
  'parent',
  'handle',
  'ingressBlock',
  'egressBlock',
  'options',
]);
const KEY_KEYS = new Set(['dev', 'kind', 'parent', 'handle']);
/** The handle that ingress and clsact always have. */
const INGRESS_HANDLE = 0xffff0000;

function kindOf(kind: string): OptionsCodec<object> | undefined {
  const kinds: Record<string, OptionsCodec<object>> = qdiscKinds;
  return Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}

function placeOf(spec: QdiscKey): { parent: number; handle: number } {
  if (spec.kind === 'ingress' || spec.kind === 'clsact') {
    if (spec.parent !== undefined && parseParent('qdisc.parent', spec.parent) !== TC_H_INGRESS) {
      throw invalidValue('qdisc.parent', spec.parent, `left out with kind '${spec.kind}'`);
    }
    return { parent: TC_H_CLSACT, handle: INGRESS_HANDLE };
  }
  const parent = spec.parent === undefined ? TC_H_ROOT : parseParent('qdisc.parent', spec.parent);
  const handle = spec.handle === undefined ? 0 : parseQdiscHandle('qdisc.handle', spec.handle);
  return { parent, handle: parent === TC_H_INGRESS ? INGRESS_HANDLE : handle };
}

/** The options of a spec by themselves. */
function optionsOf(spec: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spec).filter(([key, value]) => !PLACE.has(key) && value !== undefined),
  );
}

function rawOf(spec: object): Uint8Array | undefined {
  if (!('options' in spec) || spec.options === undefined) return undefined;
  if (!(spec.options instanceof Uint8Array))
    throw invalidType('qdisc.options', spec.options, 'a Uint8Array');
  return spec.options;
}

function check(spec: QdiscSpec): void {
  object('qdisc', spec);
  device('qdisc.dev', spec.dev);
  const kind = string('qdisc.kind', spec.kind);
  const codec = kindOf(kind);
  if (codec === undefined) checkKeys('qdisc', spec, PLACE);
  else if ('options' in spec && spec.options !== undefined) {
    throw invalidValue('qdisc.options', spec.options, `left out: '${kind}' has options by name`);
  }
  placeOf(spec);
  for (const key of ['ingressBlock', 'egressBlock'] as const) {
    if (spec[key] !== undefined) integer(`qdisc.${key}`, spec[key], 1, 0xffffffff);
  }
}

function write(m: Messages, flags: number, spec: QdiscSpec): void {
  const { parent, handle } = placeOf(spec);
  m.begin(RTM_NEWQDISC, flags, 'RTM_NEWQDISC', SCHEMA);
  writeTcmsg(m, spec.dev, handle, parent);
  const { kind, ingressBlock, egressBlock } = spec;
  qdiscTable.encode(m.writer, { kind, ingressBlock, egressBlock }, 'qdisc');
  writeOptions(m, 'qdisc', kindOf(kind), optionsOf(spec), rawOf(spec));
  m.end();
}

function make(operation: string, flags: number, spec: QdiscSpec): Request<void> {
  check(spec);
  return change(`qdisc.${operation}`, (m) => write(m, flags, spec));
}

function read(r: Replies): Qdisc {
  const header = tcmsg.read(r.bytes, r.view, r.from, r.to - r.from);
  const at = r.from + tcmsg.size;
  const { kind, options, statistics, hardwareOffload, ingressBlock, egressBlock } =
    qdiscTable.decode(r.bytes, r.view, at, r.to);
  const qdisc = {
    dev: header.ifindex,
    kind: kind ?? '',
    handle: formatHandle(header.handle),
    parent: formatParent(header.parent),
    refcount: header.info,
  };
  if (options instanceof Uint8Array) Object.assign(qdisc, { options });
  else if (options !== undefined) Object.assign(qdisc, options);
  const passed = readStatistics(statistics);
  if (passed !== undefined) Object.assign(qdisc, { statistics: passed });
  if (hardwareOffload !== undefined) Object.assign(qdisc, { offloaded: hardwareOffload !== 0 });
  if (ingressBlock !== undefined) Object.assign(qdisc, { ingressBlock });
  if (egressBlock !== undefined) Object.assign(qdisc, { egressBlock });
  return qdisc;
}

/** Which qdiscs a list is for; the kernel tells all links, the library filters. */
export interface QdiscFilter {
  dev?: Dev;
  kind?: string;
  parent?: string | number;
}

function list(operation: string, filter: QdiscFilter): Request<Qdisc[]> {
  object('filter', filter);
  checkKeys('filter', filter, new Set(['dev', 'kind', 'parent']));
  if (filter.dev !== undefined) device('filter.dev', filter.dev);
  const parent =
    filter.parent === undefined
      ? undefined
      : formatParent(parseParent('filter.parent', filter.parent));
  return {
    operation,
    family: NETLINK_ROUTE,
    write(m) {
      writeIndexQuestion(m, filter.dev);
      beginDump(m, RTM_GETQDISC, 'RTM_GETQDISC');
      writeTcmsg(m, undefined, 0, 0);
      m.end();
    },
    read(r) {
      let dev = typeof filter.dev === 'number' ? filter.dev : undefined;
      const found: Qdisc[] = [];
      while (r.next()) {
        const index = readIndexAnswer(r);
        if (index !== undefined) {
          dev = index;
          continue;
        }
        const one = read(r);
        if (dev !== undefined && one.dev !== dev) continue;
        if (filter.kind !== undefined && one.kind !== filter.kind) continue;
        if (parent === undefined || one.parent === parent) found.push(one);
      }
      return found;
    },
  };
}

function deleteQdisc(key: QdiscKey): Request<void> {
  object('qdisc', key);
  checkKeys('qdisc', key, KEY_KEYS);
  device('qdisc.dev', key.dev);
  const { parent, handle } = placeOf(key);
  return change('qdisc.delete', (m) => {
    m.begin(RTM_DELQDISC, 0, 'RTM_DELQDISC', SCHEMA);
    writeTcmsg(m, key.dev, handle, parent);
    qdiscTable.encode(m.writer, { kind: key.kind }, 'qdisc');
    m.end();
  });
}

/** Queueing disciplines: how what a link sends (or, with ingress, receives) waits (`tc qdisc`). */
export const qdisc = {
  /**
   * Sets one up; EEXIST where there is one of that kind. One of another kind gives way, which is
   * the kernel's own reading of an exclusive creation.
   */
  add(spec: QdiscSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Sets one up in the place of what is there. */
  replace(spec: QdiscSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec);
  },

  /** Changes the options of one in place; the kind must be the same. */
  set(spec: QdiscSpec): Request<void> {
    return make('set', 0, spec);
  },

  /** Takes one away: the link's own is in its place again. */
  delete: deleteQdisc,

  list(filter: QdiscFilter = {}): Request<Qdisc[]> {
    return list('qdisc.list', filter);
  },

  /** Takes all away that were set up on a link, the root and ingress. Answers how many there were. */
  flush(filter: { dev: Dev }): Composed<number, Qdisc[]> {
    object('filter', filter);
    checkKeys('filter', filter, new Set(['dev']));
    device('filter.dev', filter.dev);
    return {
      operation: 'qdisc.flush',
      first: list('qdisc.flush', filter),
      // A handle of 0 is the link's own qdisc, which nobody set up.
      next: (found) =>
        found
          .filter(
            (one) => (one.parent === 'root' || one.parent === 'ingress') && one.handle !== '0:',
          )
          .map((one) =>
            deleteQdisc(
              one.parent === 'ingress' ? { dev: one.dev, parent: 'ingress' } : { dev: one.dev },
            ),
          ),
      result: (_found, deleted) => deleted.length,
    };
  },
} as const;
