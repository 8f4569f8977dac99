import { checkKeys, object } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Composed, Request } from '../../netlink/request.ts';
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL } from '../../wire/message.ts';
import { Path } from '../../wire/path.ts';
import type { Infer } from '../../wire/schema.ts';
import { AF_UNSPEC, type Family, familyName, familyNumber } from '../families.ts';
import { change, question } from '../requests.ts';
import {
  ACTIONS,
  FIB_RULE_IIF_DETACHED,
  FIB_RULE_INVERT,
  FIB_RULE_OIF_DETACHED,
  FIB_RULE_UNRESOLVED,
  FR_ACT_GOTO,
  FR_ACT_TO_TBL,
  FR_ACT_UNSPEC,
  RTM_DELRULE,
  RTM_GETRULE,
  RTM_NEWRULE,
  type RuleAction,
} from './constants.ts';
import { ruleHeader, ruleTable } from './schema.ts';
import {
  checkRule,
  portRange,
  type Rule,
  type RuleSpec,
  ruleTableName,
  ruleTableNumber,
} from './spec.ts';

export type { PortRange, Rule, RuleSpec } from './spec.ts';

const SCHEMA = { header: ruleHeader.size, table: ruleTable };
const RT_TABLE_UNSPEC = 0;
const RT_TABLE_MAIN = 254;

/** The keys of a spec that are attributes as they are. */
const PLAIN = [
  'priority',
  'iif',
  'oif',
  'dscp',
  'dscpMask',
  'fwmark',
  'fwmask',
  'uidRange',
  'ipProto',
  'sportMask',
  'dportMask',
  'flowLabel',
  'flowLabelMask',
  'tunId',
  'goto',
  'suppressPrefixLength',
  'suppressGroup',
  'protocol',
  'flow',
] as const;

function actionOf(spec: RuleSpec, unspecified: number): number {
  if (spec.action !== undefined) return ACTIONS[spec.action];
  return spec.goto === undefined ? unspecified : FR_ACT_GOTO;
}

function writeRule(
  m: Messages,
  type: number,
  flags: number,
  syscall: string,
  spec: RuleSpec,
  adding: boolean,
): void {
  const { family, from, to } = checkRule(spec);
  const w = m.writer;
  const path = new Path('rule');
  const action = actionOf(spec, adding ? FR_ACT_TO_TBL : FR_ACT_UNSPEC);
  let table =
    spec.table === undefined ? RT_TABLE_UNSPEC : ruleTableNumber('rule.table', spec.table);
  if (adding && table === RT_TABLE_UNSPEC && action === FR_ACT_TO_TBL && !spec.l3mdev)
    table = RT_TABLE_MAIN;
  m.begin(type, flags, syscall, SCHEMA);
  w.u8(family);
  w.u8(to?.length ?? 0);
  w.u8(from?.length ?? 0);
  w.u8(spec.tos ?? 0);
  w.u8(table < 256 ? table : RT_TABLE_UNSPEC);
  w.u16(0);
  w.u8(action);
  w.u32(spec.not ? FIB_RULE_INVERT : 0);
  path.enter();
  for (const key of PLAIN) {
    if (spec[key] !== undefined) ruleTable.put(w, key, spec[key], path, spec);
  }
  if (to !== undefined) ruleTable.put(w, 'dst', to.address, path, spec);
  if (from !== undefined) ruleTable.put(w, 'src', from.address, path, spec);
  if (spec.sport !== undefined)
    ruleTable.put(w, 'sport', portRange('rule.sport', spec.sport), path, spec);
  if (spec.dport !== undefined)
    ruleTable.put(w, 'dport', portRange('rule.dport', spec.dport), path, spec);
  if (spec.l3mdev) ruleTable.put(w, 'l3mdev', 1, path, spec);
  if (table >= 256) ruleTable.put(w, 'table', table, path, spec);
  path.leave();
  m.end();
}

const ACTION_NAMES = new Map<number, RuleAction>(
  Object.entries(ACTIONS).map(([name, number]) => [number, name as RuleAction]),
);

/** FRA_SUPPRESS_* say "none" by all ones. */
const NONE = 0xffffffff;

function readRule(r: Replies): Rule | undefined {
  const header = ruleHeader.read(r.bytes, r.view, r.from, r.to - r.from);
  const family = familyName(header.family);
  // Multicast routing keeps rules of its own, in families of its own.
  if (family === undefined) return undefined;
  const attributes = ruleTable.decode(r.bytes, r.view, r.from + ruleHeader.size, r.to);
  return ruleOf(family, header, attributes);
}

function ruleOf(
  family: Family,
  header: ReturnType<typeof ruleHeader.read>,
  attributes: Infer<typeof ruleTable>,
): Rule {
  const {
    src,
    dst,
    table,
    l3mdev,
    suppressGroup,
    suppressPrefixLength,
    protocol,
    unknown,
    ...rest
  } = attributes;
  const rule: Rule = {
    family,
    priority: 0,
    action: ACTION_NAMES.get(header.action) ?? header.action,
    ...rest,
  };
  if (src !== undefined) rule.from = `${src}/${header.srcLen}`;
  if (dst !== undefined) rule.to = `${dst}/${header.dstLen}`;
  if (header.tos !== 0) rule.tos = header.tos;
  if (l3mdev) rule.l3mdev = true;
  else if (header.action === FR_ACT_TO_TBL) rule.table = ruleTableName(table ?? header.table);
  if (suppressGroup !== undefined && suppressGroup !== NONE) rule.suppressGroup = suppressGroup;
  if (suppressPrefixLength !== undefined && suppressPrefixLength !== NONE) {
    rule.suppressPrefixLength = suppressPrefixLength;
  }
  if (protocol !== undefined && protocol !== 'unspec') rule.protocol = protocol;
  if (header.flags & FIB_RULE_INVERT) rule.not = true;
  if (header.flags & FIB_RULE_UNRESOLVED) rule.unresolved = true;
  if (header.flags & FIB_RULE_IIF_DETACHED) rule.iifDetached = true;
  if (header.flags & FIB_RULE_OIF_DETACHED) rule.oifDetached = true;
  if (unknown !== undefined) Object.assign(rule, { unknown });
  return rule;
}

/** Which rules a list or a flush is for: the kernel filters by family alone, the library the rest. */
export interface RuleFilter {
  /** Both unless given. */
  family?: Family;
  priority?: number;
  table?: RuleSpec['table'];
  protocol?: Rule['protocol'];
  iif?: string;
  oif?: string;
}

const FILTER_KEYS = new Set(['family', 'priority', 'table', 'protocol', 'iif', 'oif']);

function listRules(operation: string, filter: RuleFilter): Request<Rule[]> {
  object('filter', filter);
  checkKeys('filter', filter, FILTER_KEYS);
  const family =
    filter.family === undefined ? AF_UNSPEC : familyNumber('filter.family', filter.family);
  const table =
    filter.table === undefined
      ? undefined
      : ruleTableName(ruleTableNumber('filter.table', filter.table));
  const wanted = (rule: Rule): boolean =>
    (filter.priority === undefined || rule.priority === filter.priority) &&
    (table === undefined || rule.table === table) &&
    (filter.protocol === undefined || rule.protocol === filter.protocol) &&
    (filter.iif === undefined || rule.iif === filter.iif) &&
    (filter.oif === undefined || rule.oif === filter.oif);
  return question(
    operation,
    (m) => {
      m.begin(RTM_GETRULE, NLM_F_DUMP, 'RTM_GETRULE', SCHEMA);
      m.writer.u8(family);
      m.writer.zeros(ruleHeader.size - 1);
      m.end();
    },
    (r) => {
      const rule = readRule(r);
      return rule !== undefined && wanted(rule) ? rule : undefined;
    },
  );
}

/** What a rule read back needs to be named again, for its deletion. */
function specOf(rule: Rule): RuleSpec {
  const { unresolved, iifDetached, oifDetached, action, ...spec } = rule;
  return typeof action === 'number' ? spec : { ...spec, action };
}

function deleteRule(spec: RuleSpec): Request<void> {
  checkRule(spec);
  return change('rule.delete', (m) => writeRule(m, RTM_DELRULE, 0, 'RTM_DELRULE', spec, false));
}

/** Policy routing rules (`ip rule`). */
export const rule = {
  /** Adds a rule; one that is the same in all is EEXIST. */
  add(spec: RuleSpec): Request<void> {
    checkRule(spec);
    return change('rule.add', (m) =>
      writeRule(m, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, 'RTM_NEWRULE', spec, true),
    );
  },

  /** Deletes the first rule that has all that is told; ENOENT when there is none. */
  delete: deleteRule,

  /** All rules, in order of family and priority. */
  list(filter: RuleFilter = {}): Request<Rule[]> {
    return listRules('rule.list', filter);
  },

  /**
   * Deletes the rules that the filter lets through, all but those of priority 0 (the look-up of the
   * table 'local'), as `ip rule flush` does. Answers how many there were.
   */
  flush(filter: RuleFilter = {}): Composed<number, Rule[]> {
    return {
      operation: 'rule.flush',
      first: listRules('rule.flush', filter),
      next: (rules) =>
        rules.filter((one) => one.priority !== 0).map((one) => deleteRule(specOf(one))),
      result: (_rules, deleted) => deleted.length,
    };
  },
} as const;
