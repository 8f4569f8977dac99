import {
  boolean,
  checkKeys,
  integer,
  interfaceName,
  ipPrefix,
  object,
  type Prefix,
} from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import { AF_INET, AF_INET6, type Family, familyNumber } from '../families.ts';
import { routeTables } from '../names.ts';
import type { IP_PROTOCOLS, ROUTE_PROTOCOLS } from '../protocols.ts';
import { ACTIONS, type RuleAction } from './constants.ts';

/** One port, or all from `start` to `end`. */
export type PortRange = number | { start: number; end: number };

/** A rule of policy routing, by the words of `ip rule`. */
export interface RuleSpec {
  /** Needed only where nothing else tells it; 'inet' otherwise. */
  family?: Family;
  /** Lower ones first; the kernel chooses one below the lowest unless given (FRA_PRIORITY). */
  priority?: number;
  /** Matches what the selectors do not match (FIB_RULE_INVERT). */
  not?: boolean;
  /** Source, as a prefix. */
  from?: string;
  /** Destination, as a prefix. */
  to?: string;
  /** The link a packet comes by; 'lo' for what this host sends itself. */
  iif?: string;
  /** The link that a local socket is bound to. */
  oif?: string;
  /** IPv4's TOS or IPv6's traffic class, 0 to 255. */
  tos?: number;
  /** 0 to 63 (since 6.13). */
  dscp?: number;
  dscpMask?: number;
  fwmark?: number;
  fwmask?: number;
  /** The users whose sockets send, both ends belonging to it. */
  uidRange?: { start: number; end: number };
  /** 'tcp', 'udp', …, or the number. */
  ipProto?: keyof typeof IP_PROTOCOLS | number;
  sport?: PortRange;
  dport?: PortRange;
  sportMask?: number;
  dportMask?: number;
  flowLabel?: number;
  flowLabelMask?: number;
  tunId?: number;
  /** Looks up the table of the VRF that the packet's link belongs to. */
  l3mdev?: boolean;
  /** What is done with what matches; 'lookup' unless given. */
  action?: RuleAction;
  /** The table to look up: a number, or a name of iproute2's rt_tables. Default 'main'. */
  table?: number | string;
  /** The priority of the rule to go on at, with action 'goto'. */
  goto?: number;
  /** Refuses results whose prefix is this long or shorter: 0 refuses the default route. */
  suppressPrefixLength?: number;
  /** Refuses results by a link of this group. */
  suppressGroup?: number;
  /** Who made the rule: 'static', 'dhcp', … or the number (since 4.17). */
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
  /** Routing realms: source * 65536 + destination. */
  flow?: number;
}

/** A rule as the kernel has it. */
export interface Rule extends Omit<RuleSpec, 'sport' | 'dport' | 'family' | 'action'> {
  family: Family;
  /** 0 for the rule that looks up the table 'local' first of all. */
  priority: number;
  action: RuleAction | number;
  sport?: { start: number; end: number };
  dport?: { start: number; end: number };
  /** The goto's target does not exist. */
  unresolved?: boolean;
  /** There is no link of that name now. */
  iifDetached?: boolean;
  oifDetached?: boolean;
}

const KEYS = new Set<string>([
  'family',
  'priority',
  'not',
  'from',
  'to',
  'iif',
  'oif',
  'tos',
  'dscp',
  'dscpMask',
  'fwmark',
  'fwmask',
  'uidRange',
  'ipProto',
  'sport',
  'dport',
  'sportMask',
  'dportMask',
  'flowLabel',
  'flowLabelMask',
  'tunId',
  'l3mdev',
  'action',
  'table',
  'goto',
  'suppressPrefixLength',
  'suppressGroup',
  'protocol',
  'flow',
]);

export function ruleTableNumber(path: string, value: unknown): number {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw invalidType(path, value, "a table's number or name");
  }
  const table = routeTables.number(path, value);
  return integer(path, table, 1, 0xffffffff);
}

export function ruleTableName(table: number): number | string {
  return routeTables.nameOrNumber(table);
}

export function portRange(path: string, value: PortRange): { start: number; end: number } {
  if (typeof value === 'number') {
    const port = integer(path, value, 1, 65535);
    return { start: port, end: port };
  }
  const range = object(path, value);
  checkKeys(path, value, new Set(['start', 'end']));
  const start = integer(`${path}.start`, range.start, 1, 65535);
  const end = integer(`${path}.end`, range.end, start, 65535);
  return { start, end };
}

/** What the message needs, checked. */
export interface CheckedRule {
  family: number;
  from: Prefix | undefined;
  to: Prefix | undefined;
}

/** 'all' and 'default' say the same as leaving it out. */
function selector(path: string, value: string | undefined): Prefix | undefined {
  if (value === undefined || value === 'all' || value === 'default') return undefined;
  return ipPrefix(path, value);
}

export function checkRule(spec: RuleSpec, path = 'rule'): CheckedRule {
  object(path, spec);
  checkKeys(path, spec, KEYS);
  const from = selector(`${path}.from`, spec.from);
  const to = selector(`${path}.to`, spec.to);
  if (from !== undefined && to !== undefined && from.family !== to.family) {
    throw invalidValue(`${path}.to`, spec.to, `an IPv${from.family} prefix, as ${path}.from is`);
  }
  const told = (from ?? to)?.family;
  let family = told === undefined ? AF_INET : told === 4 ? AF_INET : AF_INET6;
  if (spec.family !== undefined) {
    const asked = familyNumber(`${path}.family`, spec.family);
    if (told !== undefined && asked !== family) {
      throw invalidValue(`${path}.family`, spec.family, `that of the prefixes, IPv${told}`);
    }
    family = asked;
  } else if (told === undefined && spec.flowLabel !== undefined) {
    family = AF_INET6;
  }
  if (spec.iif !== undefined) interfaceName(`${path}.iif`, spec.iif);
  if (spec.oif !== undefined) interfaceName(`${path}.oif`, spec.oif);
  if (spec.not !== undefined) boolean(`${path}.not`, spec.not);
  if (spec.l3mdev !== undefined) boolean(`${path}.l3mdev`, spec.l3mdev);
  if (spec.tos !== undefined) integer(`${path}.tos`, spec.tos, 0, 255);
  if (spec.table !== undefined) ruleTableNumber(`${path}.table`, spec.table);
  if (spec.sport !== undefined) portRange(`${path}.sport`, spec.sport);
  if (spec.dport !== undefined) portRange(`${path}.dport`, spec.dport);
  checkAction(spec, path);
  return { family, from, to };
}

function checkAction(spec: RuleSpec, path: string): void {
  const { action } = spec;
  if (action !== undefined && !Object.hasOwn(ACTIONS, action)) {
    throw invalidValue(`${path}.action`, action, `one of '${Object.keys(ACTIONS).join("', '")}'`);
  }
  if (action === 'goto' && spec.goto === undefined) {
    throw invalidValue(`${path}.goto`, undefined, 'a priority, with action: goto');
  }
  if (spec.goto !== undefined && action !== undefined && action !== 'goto') {
    throw invalidValue(`${path}.goto`, spec.goto, `left out with action '${action}'`);
  }
  if (spec.l3mdev && spec.table !== undefined) {
    throw invalidValue(
      `${path}.table`,
      spec.table,
      'left out with l3mdev: the VRF tells the table',
    );
  }
  if (spec.table !== undefined && action !== undefined && action !== 'lookup') {
    throw invalidValue(`${path}.table`, spec.table, `left out with action '${action}'`);
  }
}
