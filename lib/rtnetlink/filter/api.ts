import { checkKeys, device, integer, object, string } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import type { ValueOf } from '../../wire/codecs.ts';
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL } from '../../wire/message.ts';
import { RTM_DELTFILTER, RTM_GETTFILTER, RTM_NEWTFILTER } from '../qdisc/constants.ts';
import { parseFilterParent, TC_H_ROOT } from '../qdisc/handle.ts';
import type { OptionsCodec } from '../qdisc/kind.ts';
import { writeOptions, writeTcmsg } from '../qdisc/message.ts';
import { tcmsg } from '../qdisc/schema.ts';
import { change, question, questionOne } from '../requests.ts';
import { type FilterProtocol, PROTOCOLS } from './constants.ts';
import { parseFilterHandle } from './handle.ts';
import { type FilterKinds, filterKinds } from './kinds/index.ts';
import { read } from './read.ts';
import { filterTable } from './schema.ts';

export type { Action } from './actions/index.ts';
export type { FilterProtocol } from './constants.ts';
export type { Control } from './control.ts';
export type { Flower, FlowerPort, Masked } from './kinds/flower.ts';
export type { U32, U32Key } from './kinds/u32.ts';

const SCHEMA = { header: tcmsg.size, table: filterTable };

/** Where a filter is, and what names it there. */
export interface FilterPlace {
  dev: Dev;
  /** 'root' (the default), a qdisc or class '1:', or 'ingress' and 'egress' of clsact. */
  parent?: string | number;
  /** Lower ones first, 1 to 65535; the kernel chooses unless given. */
  priority?: number;
  /** 'all' unless given. */
  protocol?: FilterProtocol | number;
  /** A number, or '800::800' of u32. For fw the mark. */
  handle?: string | number;
  /** Filters that others lead to (since 4.13). */
  chain?: number;
}

/** A kind's own options, flat beside the place. */
export type FilterOptions = {
  [K in keyof FilterKinds]: { kind: K } & ValueOf<FilterKinds[K]>;
}[keyof FilterKinds];

export interface OtherFilter {
  kind: string & Record<never, never>;
  options?: Uint8Array;
}

/** A filter to be set up, by the words of `tc filter`. */
export type FilterSpec = FilterPlace & (FilterOptions | OtherFilter);

/** What names a filter, or all of a priority. */
export type FilterKey = FilterPlace & { kind?: string };

/** A filter as the kernel has it, its kind's options flat beside. */
export type Filter = {
  /** The link's ifindex. */
  dev: number;
  parent: string;
  priority: number;
  protocol: FilterProtocol | number;
  handle: string | number;
  chain: number;
} & (FilterOptions | OtherFilter);

const PLACE = new Set([
  'dev',
  'kind',
  'parent',
  'priority',
  'protocol',
  'handle',
  'chain',
  'options',
]);
const KEY_KEYS = new Set(['dev', 'kind', 'parent', 'priority', 'protocol', 'handle', 'chain']);

function kindOf(kind: string): OptionsCodec<object> | undefined {
  const kinds: Record<string, OptionsCodec<object>> = filterKinds;
  return Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}

function protocolNumber(value: FilterProtocol | number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value === 'number') return integer('filter.protocol', value, 0, 0xffff);
  if (Object.hasOwn(PROTOCOLS, value)) return PROTOCOLS[value];
  throw invalidValue(
    'filter.protocol',
    value,
    `one of '${Object.keys(PROTOCOLS).join("', '")}' or a number`,
  );
}

/** tcm_info: the priority, and the protocol in network byte order. */
function infoOf(place: FilterPlace, byDefault: number): number {
  const protocol = protocolNumber(place.protocol, byDefault);
  const swapped = ((protocol & 0xff) << 8) | (protocol >>> 8);
  return (((place.priority ?? 0) << 16) | swapped) >>> 0;
}

function checkPlace(place: FilterPlace): void {
  object('filter', place);
  device('filter.dev', place.dev);
  if (place.parent !== undefined) parseFilterParent('filter.parent', place.parent);
  if (place.priority !== undefined) integer('filter.priority', place.priority, 1, 0xffff);
  if (place.handle !== undefined) parseFilterHandle('filter.handle', place.handle);
  if (place.chain !== undefined) integer('filter.chain', place.chain, 0, 0x0fffffff);
  protocolNumber(place.protocol, 0);
}

function check(spec: FilterSpec): void {
  checkPlace(spec);
  const kind = string('filter.kind', spec.kind);
  if (kindOf(kind) === undefined) checkKeys('filter', spec, PLACE);
  else if ('options' in spec && spec.options !== undefined) {
    throw invalidValue('filter.options', spec.options, `left out: '${kind}' has options by name`);
  }
}

function optionsOf(spec: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spec).filter(([key, value]) => !PLACE.has(key) && value !== undefined),
  );
}

function rawOf(spec: object): Uint8Array | undefined {
  if (!('options' in spec) || spec.options === undefined) return undefined;
  if (!(spec.options instanceof Uint8Array))
    throw invalidType('filter.options', spec.options, 'a Uint8Array');
  return spec.options;
}

function parentOf(place: FilterPlace): number {
  // The kernel takes 0 for the root qdisc, whichever handle that has.
  const parent = place.parent === undefined ? 0 : parseFilterParent('filter.parent', place.parent);
  return parent === TC_H_ROOT ? 0 : parent;
}

function writePlace(m: Messages, place: FilterPlace, byDefault: number): void {
  const handle = place.handle === undefined ? 0 : parseFilterHandle('filter.handle', place.handle);
  writeTcmsg(m, place.dev, handle, parentOf(place), infoOf(place, byDefault));
}

function write(m: Messages, flags: number, spec: FilterSpec): void {
  m.begin(RTM_NEWTFILTER, flags, 'RTM_NEWTFILTER', SCHEMA);
  writePlace(m, spec, PROTOCOLS.all);
  filterTable.encode(m.writer, { kind: spec.kind, chain: spec.chain }, 'filter');
  const options = optionsOf(spec);
  // flower looks at the protocol itself as well.
  if (
    spec.kind === 'flower' &&
    options.ethType === undefined &&
    typeof spec.protocol === 'string'
  ) {
    if (spec.protocol !== 'all') options.ethType = spec.protocol;
  }
  writeOptions(m, 'filter', kindOf(spec.kind), options, rawOf(spec));
  m.end();
}

function make(operation: string, flags: number, spec: FilterSpec): Request<void> {
  check(spec);
  return change(`filter.${operation}`, (m) => write(m, flags, spec));
}

/** Which filters a list is for: those of one parent. */
export interface FilterQuery {
  dev: Dev;
  parent?: string | number;
  protocol?: FilterProtocol | number;
  priority?: number;
  chain?: number;
}

const QUERY_KEYS = new Set(['dev', 'parent', 'protocol', 'priority', 'chain']);

function deleteFilter(key: FilterKey): Request<void> {
  checkPlace(key);
  checkKeys('filter', key, KEY_KEYS);
  return change('filter.delete', (m) => {
    m.begin(RTM_DELTFILTER, 0, 'RTM_DELTFILTER', SCHEMA);
    writePlace(m, key, 0);
    filterTable.encode(m.writer, { kind: key.kind, chain: key.chain }, 'filter');
    m.end();
  });
}

/** Filters: which packets go to which class, and what else is done with them (`tc filter`). */
export const filter = {
  /** Sets one up; EEXIST where there is one of that handle. */
  add(spec: FilterSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Sets one up or changes the one there is. */
  replace(spec: FilterSpec): Request<void> {
    return make('replace', NLM_F_CREATE, spec);
  },

  /** Changes one in place. */
  set(spec: FilterSpec): Request<void> {
    return make('set', 0, spec);
  },

  /** Deletes one, or without a handle all of a priority, or without a priority all of the parent. */
  delete: deleteFilter,

  /** One by its priority, protocol, handle and kind. */
  get(key: FilterKey & { kind: string }): Request<Filter | undefined> {
    checkPlace(key);
    checkKeys('filter', key, KEY_KEYS);
    return questionOne(
      'filter.get',
      (m) => {
        m.begin(RTM_GETTFILTER, 0, 'RTM_GETTFILTER', SCHEMA);
        writePlace(m, key, PROTOCOLS.all);
        filterTable.encode(m.writer, { kind: key.kind, chain: key.chain }, 'filter');
        m.end();
      },
      read,
    );
  },

  /** The filters of a parent, in the order that they are asked. */
  list(query: FilterQuery): Request<Filter[]> {
    checkPlace(query);
    checkKeys('filter', query, QUERY_KEYS);
    return question(
      'filter.list',
      (m) => {
        m.begin(RTM_GETTFILTER, NLM_F_DUMP, 'RTM_GETTFILTER', SCHEMA);
        writePlace(m, query, 0);
        filterTable.encode(m.writer, { chain: query.chain }, 'filter');
        m.end();
      },
      read,
    );
  },

  /** Deletes all filters of a parent. */
  flush(query: { dev: Dev; parent?: string | number; chain?: number }): Request<void> {
    return deleteFilter(query);
  },
} as const;
