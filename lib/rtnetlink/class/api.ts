import { checkKeys, device, object, string } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import type { ValueOf } from '../../wire/codecs.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../wire/message.ts';
import { RTM_DELTCLASS, RTM_GETTCLASS, RTM_NEWTCLASS } from '../qdisc/constants.ts';
import {
  formatHandle,
  formatParent,
  parseHandle,
  parseParent,
  TC_H_ROOT,
} from '../qdisc/handle.ts';
import type { OptionsCodec } from '../qdisc/kind.ts';
import { type ClassKinds, classKinds } from '../qdisc/kinds/index.ts';
import {
  beginDump,
  readStatistics,
  type TrafficStatistics,
  writeOptions,
  writeTcmsg,
} from '../qdisc/message.ts';
import { classTable, tcmsg } from '../qdisc/schema.ts';
import { change, question } from '../requests.ts';

const SCHEMA = { header: tcmsg.size, table: classTable };

interface ClassPlace {
  dev: Dev;
  /** The qdisc or class above: '1:' or '1:1'. Default 'root'. */
  parent?: string | number;
  /** '1:10'. */
  classId: string | number;
}

/** A kind's own options, flat beside the place. */
export type ClassOptions = {
  [K in keyof ClassKinds]: { kind: K } & ValueOf<ClassKinds[K]>;
}[keyof ClassKinds];

interface OtherClass {
  kind: string & Record<never, never>;
  options?: Uint8Array;
}

/** A class to be set up, by the words of `tc class`. */
export type ClassSpec = ClassPlace & (ClassOptions | OtherClass);

/** What names a class. */
export interface ClassKey {
  dev: Dev;
  classId: string | number;
}

/** A class as the kernel has it, its kind's options flat beside. */
export type TrafficClass = {
  /** The link's ifindex. */
  dev: number;
  classId: string;
  parent: string;
  /** The qdisc of a leaf. */
  leaf?: string;
  statistics?: TrafficStatistics;
} & (ClassOptions | OtherClass);

const PLACE = new Set(['dev', 'kind', 'parent', 'classId', 'options']);

function kindOf(kind: string): OptionsCodec<object> | undefined {
  const kinds: Record<string, OptionsCodec<object>> = classKinds;
  return Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}

function optionsOf(spec: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spec).filter(([key, value]) => !PLACE.has(key) && value !== undefined),
  );
}

function rawOf(spec: object): Uint8Array | undefined {
  if (!('options' in spec) || spec.options === undefined) return undefined;
  if (!(spec.options instanceof Uint8Array))
    throw invalidType('class.options', spec.options, 'a Uint8Array');
  return spec.options;
}

function check(spec: ClassSpec): void {
  object('class', spec);
  device('class.dev', spec.dev);
  const kind = string('class.kind', spec.kind);
  if (kindOf(kind) === undefined) checkKeys('class', spec, PLACE);
  else if ('options' in spec && spec.options !== undefined) {
    throw invalidValue('class.options', spec.options, `left out: '${kind}' has options by name`);
  }
  parseHandle('class.classId', spec.classId);
  if (spec.parent !== undefined) parseParent('class.parent', spec.parent);
}

function write(m: Messages, flags: number, spec: ClassSpec): void {
  const parent = spec.parent === undefined ? TC_H_ROOT : parseParent('class.parent', spec.parent);
  m.begin(RTM_NEWTCLASS, flags, 'RTM_NEWTCLASS', SCHEMA);
  writeTcmsg(m, spec.dev, parseHandle('class.classId', spec.classId), parent);
  classTable.encode(m.writer, { kind: spec.kind }, 'class');
  writeOptions(m, 'class', kindOf(spec.kind), optionsOf(spec), rawOf(spec));
  m.end();
}

function make(operation: string, flags: number, spec: ClassSpec): Request<void> {
  check(spec);
  return change(`class.${operation}`, (m) => write(m, flags, spec));
}

function read(r: Replies): TrafficClass {
  const header = tcmsg.read(r.bytes, r.view, r.from, r.to - r.from);
  const at = r.from + tcmsg.size;
  const { kind, options, statistics } = classTable.decode(r.bytes, r.view, at, r.to);
  const one = {
    dev: header.ifindex,
    kind: kind ?? '',
    classId: formatHandle(header.handle),
    parent: formatParent(header.parent),
  };
  if (header.info !== 0) Object.assign(one, { leaf: formatHandle(header.info) });
  if (options instanceof Uint8Array) Object.assign(one, { options });
  else if (options !== undefined) Object.assign(one, options);
  const passed = readStatistics(statistics);
  if (passed !== undefined) Object.assign(one, { statistics: passed });
  return one;
}

/** Which classes a list is for: the kernel tells those of one link. */
export interface ClassFilter {
  dev: Dev;
  parent?: string | number;
}

/** Classes of a qdisc that has some: htb's shares, and so on (`tc class`). */
export const trafficClass = {
  /** Sets one up; EEXIST where there is one. */
  add(spec: ClassSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Sets one up or changes the one there is. */
  replace(spec: ClassSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec);
  },

  /** Changes one in place. */
  set(spec: ClassSpec): Request<void> {
    return make('set', 0, spec);
  },

  delete(key: ClassKey): Request<void> {
    object('class', key);
    checkKeys('class', key, new Set(['dev', 'classId']));
    device('class.dev', key.dev);
    const handle = parseHandle('class.classId', key.classId);
    return change('class.delete', (m) => {
      m.begin(RTM_DELTCLASS, 0, 'RTM_DELTCLASS', SCHEMA);
      writeTcmsg(m, key.dev, handle, 0);
      m.end();
    });
  },

  /** The classes of a link. */
  list(filter: ClassFilter): Request<TrafficClass[]> {
    object('filter', filter);
    checkKeys('filter', filter, new Set(['dev', 'parent']));
    device('filter.dev', filter.dev);
    const parent = filter.parent === undefined ? 0 : parseParent('filter.parent', filter.parent);
    return question(
      'class.list',
      (m) => {
        beginDump(m, RTM_GETTCLASS, 'RTM_GETTCLASS');
        writeTcmsg(m, filter.dev, 0, parent);
        m.end();
      },
      read,
    );
  },
} as const;
