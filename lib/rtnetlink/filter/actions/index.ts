import { checkKeys, object, string } from '../../../check.ts';
import { invalidType } from '../../../errors.ts';
import { array, binary, type Codec, text, u32, type ValueOf } from '../../../wire/codecs.ts';
import type { Path } from '../../../wire/path.ts';
import { attr, type Infer, struct, table, union } from '../../../wire/schema.ts';
import { readStatistics, type TrafficStatistics } from '../../qdisc/message.ts';
import { statisticsTable } from '../../qdisc/schema.ts';
import { gact } from './gact.ts';
import { mirred } from './mirred.ts';
import { police } from './police.ts';
import { skbedit } from './skbedit.ts';
import { vlan } from './vlan.ts';

/** The kinds of actions (TCA_ACT_KIND) whose options are known. Others work by name, with raw options. */
export const actionKinds = { gact, mirred, police, skbedit, vlan };
export type ActionKinds = typeof actionKinds;

/** struct nla_bitfield32. */
const bitfield: Codec<{ value: number; selector: number }> = struct('nla_bitfield32', {
  value: u32,
  selector: u32,
});

/** TCA_ACT_*: what is done with a packet. */
export const actionTable = table('action', {
  kind: attr(1, text(15), { kernel: 'TCA_ACT_KIND' }),
  options: attr(2, union('kind', actionKinds), { kernel: 'TCA_ACT_OPTIONS' }),
  index: attr(3, u32, { kernel: 'TCA_ACT_INDEX' }),
  statistics: attr(4, statisticsTable, { kernel: 'TCA_ACT_STATS', readonly: true }),
  cookie: attr(6, binary, { kernel: 'TCA_ACT_COOKIE', since: '4.11' }),
  flags: attr(7, bitfield, { kernel: 'TCA_ACT_FLAGS', since: '5.5' }),
  hardwareStatistics: attr(8, bitfield, { kernel: 'TCA_ACT_HW_STATS', since: '5.7' }),
  usedHardwareStatistics: attr(9, bitfield, {
    kernel: 'TCA_ACT_USED_HW_STATS',
    since: '5.7',
    readonly: true,
  }),
  inHardwareCount: attr(10, u32, {
    kernel: 'TCA_ACT_IN_HW_COUNT',
    since: '5.18',
    readonly: true,
  }),
});

/** An action, its kind's options flat beside; `statistics` is told, never set. */
export type Action = (
  | { [K in keyof ActionKinds]: { kind: K } & ValueOf<ActionKinds[K]> }[keyof ActionKinds]
  | { kind: string & Record<never, never>; options?: Uint8Array }
) & {
  /** At most 16 bytes that a controller knows it again by. */
  cookie?: Uint8Array;
  statistics?: TrafficStatistics;
};

/** At most TCA_ACT_MAX_PRIO actions. */
const MAX_ACTIONS = 32;
const wire = array(actionTable, 'position');

type Options = Infer<typeof actionTable>['options'];

function toWire(action: Action, path: string): Infer<typeof actionTable> {
  object(path, action);
  const { kind, cookie, statistics, ...rest } = action;
  string(`${path}.kind`, kind);
  if (Object.hasOwn(actionKinds, kind)) return { kind, cookie, options: rest as Options };
  checkKeys(path, rest, new Set(['options']));
  const raw = 'options' in rest ? rest.options : undefined;
  if (raw !== undefined && !(raw instanceof Uint8Array)) {
    throw invalidType(`${path}.options`, raw, 'a Uint8Array');
  }
  return { kind, cookie, options: raw };
}

function fromWire({ kind = '', options, cookie, statistics }: Infer<typeof actionTable>): Action {
  const action = options instanceof Uint8Array ? { kind, options } : { kind, ...options };
  const passed = readStatistics(statistics);
  if (cookie !== undefined) Object.assign(action, { cookie });
  if (passed !== undefined) Object.assign(action, { statistics: passed });
  return action;
}

/** TCA_*_ACT: a row of actions, each numbered by its place from 1. */
export const actions: Codec<Action[]> = {
  type: wire.type,
  nested: true,
  inner: [wire],
  samples: [[{ kind: 'gact', control: 'drop', index: 1 }]],
  write(w, value, path: Path) {
    const name = path.toString();
    if (!Array.isArray(value) || value.length > MAX_ACTIONS) {
      throw invalidType(name, value, `an array of at most ${MAX_ACTIONS} actions`);
    }
    wire.write(
      w,
      value.map((action, i) => toWire(action, `${name}[${i}]`)),
      path,
    );
  },
  read: (bytes, view, at, length) => wire.read(bytes, view, at, length).map(fromWire),
  pathOf: wire.pathOf,
};
