import { boolean, checkKeys, device, integer, ipAddress, object } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Dev } from '../../netlink/request.ts';
import { AF_INET, AF_INET6, AF_UNSPEC, type Family, familyNumber, familyOf } from '../families.ts';
import type { ROUTE_PROTOCOLS } from '../protocols.ts';
import type { GroupMember } from './schema.ts';

/** A next hop, or a group of them, by the words of `ip nexthop`. */
export interface NexthopSpec {
  /** The number that routes name it by; the kernel chooses unless given. */
  id?: number;
  family?: Family;
  /** The gateway. */
  via?: string;
  dev?: Dev;
  /** The gateway is reached by `dev`, whatever its addresses say. */
  onlink?: boolean;
  /** Drops what is sent this way. `lo` must be up. */
  blackhole?: boolean;
  /** For entries of a VXLAN's forwarding database: `via` is the other end (since 5.8). */
  fdb?: boolean;
  /** The nexthops it is a group of. */
  group?: GroupMember[];
  /** How a group shares flows out: by hash, or by buckets that keep to their nexthop (since 5.13). */
  groupType?: 'mpath' | 'resilient';
  /** With 'resilient'; timers in seconds. */
  buckets?: number;
  idleTimer?: number;
  unbalancedTimer?: number;
  hardwareStatistics?: boolean;
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
}

/** A next hop as the kernel has it. */
export interface Nexthop {
  id: number;
  family?: Family;
  via?: string;
  /** The ifindex of the link. */
  dev?: number;
  blackhole: boolean;
  fdb: boolean;
  group?: Required<GroupMember>[];
  groupType?: 'mpath' | 'resilient' | number;
  buckets?: number;
  /** Seconds. */
  idleTimer?: number;
  unbalancedTimer?: number;
  unbalancedTime?: number;
  scope: 'global' | 'site' | 'link' | 'host' | 'nowhere' | number;
  protocol: keyof typeof ROUTE_PROTOCOLS | number;
  onlink: boolean;
  dead: boolean;
  linkDown: boolean;
  offload: boolean;
  trap: boolean;
  hardwareStatistics?: boolean;
  hardwareStatisticsUsed?: boolean;
  groupStatistics?: { id: number; packets: number; hardwarePackets?: number }[];
}

/** Which nexthops a list or a flush is for; the kernel filters by all but `fdb`. */
export interface NexthopFilter {
  family?: Family;
  dev?: Dev;
  /** Those whose link is a port of this one. */
  master?: Dev;
  /** Groups alone. */
  groups?: boolean;
  fdb?: boolean;
  /** Tells how much has passed (since 6.9). */
  statistics?: boolean;
}

const KEYS = new Set([
  'id',
  'family',
  'via',
  'dev',
  'onlink',
  'blackhole',
  'fdb',
  'group',
  'groupType',
  'buckets',
  'idleTimer',
  'unbalancedTimer',
  'hardwareStatistics',
  'protocol',
]);

export const SCOPES: Readonly<Record<number, Nexthop['scope']>> = {
  0: 'global',
  200: 'site',
  253: 'link',
  254: 'host',
  255: 'nowhere',
};

const MAX_TIMER = Math.floor(0xffffffff / 100);

function checkGroup(spec: NexthopSpec): void {
  if (!Array.isArray(spec.group)) throw invalidType('nexthop.group', spec.group, 'an array');
  if (spec.group.length === 0)
    throw invalidValue('nexthop.group', spec.group, 'at least one nexthop');
  spec.group.forEach((member, i) => {
    object(`nexthop.group[${i}]`, member);
    checkKeys(`nexthop.group[${i}]`, member, new Set(['id', 'weight']));
    integer(`nexthop.group[${i}].id`, member.id, 1, 0xffffffff);
  });
  for (const key of ['via', 'dev', 'onlink', 'blackhole'] as const) {
    if (spec[key] !== undefined) {
      throw invalidValue(`nexthop.${key}`, spec[key], 'left out of a group: its members have it');
    }
  }
}

function checkResilient(spec: NexthopSpec): void {
  if (
    spec.groupType !== undefined &&
    spec.groupType !== 'mpath' &&
    spec.groupType !== 'resilient'
  ) {
    throw invalidValue('nexthop.groupType', spec.groupType, "'mpath' or 'resilient'");
  }
  for (const key of ['buckets', 'idleTimer', 'unbalancedTimer'] as const) {
    if (spec[key] !== undefined && spec.groupType !== 'resilient') {
      throw invalidValue(`nexthop.${key}`, spec[key], "used with groupType 'resilient'");
    }
  }
  if (spec.buckets !== undefined) integer('nexthop.buckets', spec.buckets, 1, 0xffff);
  for (const key of ['idleTimer', 'unbalancedTimer'] as const) {
    const value = spec[key];
    if (value === undefined) continue;
    if (typeof value !== 'number')
      throw invalidType(`nexthop.${key}`, value, 'a number of seconds');
    if (!(value >= 0 && value <= MAX_TIMER)) {
      throw invalidValue(`nexthop.${key}`, value, `seconds from 0 to ${MAX_TIMER}`);
    }
  }
}

/** Checks a spec; answers the family of its message. */
export function checkNexthop(spec: NexthopSpec): number {
  object('nexthop', spec);
  checkKeys('nexthop', spec, KEYS);
  if (spec.id !== undefined) integer('nexthop.id', spec.id, 1, 0xffffffff);
  for (const key of ['onlink', 'blackhole', 'fdb', 'hardwareStatistics'] as const) {
    if (spec[key] !== undefined) boolean(`nexthop.${key}`, spec[key]);
  }
  if (spec.dev !== undefined) device('nexthop.dev', spec.dev);
  if (spec.via !== undefined) ipAddress('nexthop.via', spec.via);
  const told = spec.family === undefined ? undefined : familyNumber('nexthop.family', spec.family);
  checkResilient(spec);
  if (spec.group !== undefined) {
    checkGroup(spec);
    return AF_UNSPEC;
  }
  if (spec.groupType !== undefined) {
    throw invalidValue('nexthop.groupType', spec.groupType, 'left out without a group');
  }
  if (spec.blackhole && (spec.via !== undefined || spec.dev !== undefined)) {
    throw invalidValue('nexthop.blackhole', true, 'left out with via or dev');
  }
  if (!spec.blackhole && spec.via === undefined && spec.dev === undefined) {
    throw invalidValue('nexthop', spec, 'told via, dev, group or blackhole');
  }
  if (spec.via === undefined) return told ?? AF_INET;
  const family = familyOf(spec.via);
  if (told !== undefined && told !== family) {
    throw invalidValue(
      'nexthop.family',
      spec.family,
      `${family === AF_INET6 ? "'inet6'" : "'inet'"}, as via is`,
    );
  }
  return family;
}
