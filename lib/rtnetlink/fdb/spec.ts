import { boolean, checkKeys, device, integer, ipAddress, macAddress, object } from '../../check.ts';
import { invalidValue } from '../../errors.ts';
import type { Dev } from '../../netlink/request.ts';
import type { ROUTE_PROTOCOLS } from '../protocols.ts';

/** 'permanent': the link's own, kept; 'static': kept, but not its own; 'dynamic': ages. */
export type FdbState = 'permanent' | 'static' | 'dynamic';

/** What names a forwarding entry. */
export interface FdbKey {
  /** The bridge's port, the bridge, or the VXLAN (or macvlan, …) link. */
  dev: Dev;
  /** The hardware address that is forwarded to. */
  mac: string;
  /** The VLAN; 0 or none without VLAN filtering. */
  vlan?: number;
  /** The entry is in the link's own table (NTF_SELF): VXLAN, or a bridge itself. The default. */
  self?: boolean;
  /** The entry is in the table of the bridge that `dev` is a port of (NTF_MASTER). */
  master?: boolean;
  /** Where a VXLAN sends it. */
  dst?: string;
  port?: number;
  vni?: number;
  /** With a VXLAN for all VNIs (`external`): the VNI that the entry is for. */
  srcVni?: number;
  /** The link that a VXLAN sends it by. */
  via?: Dev;
  nhid?: number;
}

/** A forwarding entry to be made, by the words of `bridge fdb`. */
export interface FdbSpec extends FdbKey {
  /** 'permanent' unless given. */
  state?: FdbState;
  /** NTF_ROUTER: with a VXLAN that short-circuits routes. */
  router?: boolean;
  /** The bridge refreshes it as if it had been learnt (NTF_USE). */
  use?: boolean;
  externLearn?: boolean;
  /** Does not move to another port (since 4.20). */
  sticky?: boolean;
  /** Tells when it is used or has become inactive (since 5.14). */
  activityNotify?: boolean;
  inactive?: boolean;
  noRefresh?: boolean;
}

/** A forwarding entry as the kernel has it. */
export interface FdbEntry {
  mac: string;
  /** The ifindex of the port or link. */
  dev: number;
  state: FdbState | 'stale';
  /** In the link's own table. */
  self: boolean;
  /** The ifindex of the bridge whose table it is in. */
  bridge?: number;
  vlan?: number;
  dst?: string;
  port?: number;
  vni?: number;
  srcVni?: number;
  via?: number;
  nhid?: number;
  linkNetnsId?: number;
  router: boolean;
  externLearn: boolean;
  offloaded: boolean;
  sticky: boolean;
  /** Made by the bridge to ask for authentication (NTF_EXT_LOCKED). */
  locked: boolean;
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
  /** Seconds since, to a hundredth. */
  used?: number;
  updated?: number;
}

/** Which entries a flush removes; true takes those with it, false those without. */
export interface FdbFlush {
  /** The bridge (or with `master` its port), or the VXLAN link (since 6.7). */
  dev: Dev;
  self?: boolean;
  master?: boolean;
  /** Only those of this port of the bridge. */
  brport?: Dev;
  vlan?: number;
  permanent?: boolean;
  static?: boolean;
  dynamic?: boolean;
  addedByUser?: boolean;
  externLearn?: boolean;
  sticky?: boolean;
  offloaded?: boolean;
  router?: boolean;
  dst?: string;
  port?: number;
  vni?: number;
  srcVni?: number;
  nhid?: number;
}

const KEY_KEYS = [
  'dev',
  'mac',
  'vlan',
  'self',
  'master',
  'dst',
  'port',
  'vni',
  'srcVni',
  'via',
  'nhid',
];
const BOOLEANS = [
  'self',
  'master',
  'router',
  'use',
  'externLearn',
  'sticky',
  'activityNotify',
  'inactive',
  'noRefresh',
] as const;
const KEYS = new Set([...KEY_KEYS, 'state', ...BOOLEANS]);
const NAMING = new Set(KEY_KEYS);
const STATES: readonly string[] = ['permanent', 'static', 'dynamic'];
const MAX_VNI = 0xffffff;

/** What leads a VXLAN to the other end. */
function checkRemote(spec: Omit<FdbKey, 'mac'>): void {
  if (spec.vlan !== undefined) integer('fdb.vlan', spec.vlan, 0, 4094);
  if (spec.dst !== undefined) ipAddress('fdb.dst', spec.dst);
  if (spec.port !== undefined) integer('fdb.port', spec.port, 1, 65535);
  if (spec.vni !== undefined) integer('fdb.vni', spec.vni, 0, MAX_VNI);
  if (spec.srcVni !== undefined) integer('fdb.srcVni', spec.srcVni, 0, MAX_VNI);
  if (spec.via !== undefined) device('fdb.via', spec.via);
  if (spec.nhid === undefined) return;
  integer('fdb.nhid', spec.nhid, 1, 0xffffffff);
  for (const key of ['dst', 'port', 'vni'] as const) {
    if (spec[key] !== undefined) {
      throw invalidValue(`fdb.${key}`, spec[key], 'left out with nhid: the nexthop tells it');
    }
  }
}

export function checkFdb(spec: FdbSpec): void {
  object('fdb', spec);
  checkKeys('fdb', spec, KEYS);
  device('fdb.dev', spec.dev);
  macAddress('fdb.mac', spec.mac);
  for (const key of BOOLEANS) if (spec[key] !== undefined) boolean(`fdb.${key}`, spec[key]);
  if (spec.state !== undefined && !STATES.includes(spec.state)) {
    throw invalidValue('fdb.state', spec.state, `one of '${STATES.join("', '")}'`);
  }
  checkRemote(spec);
}

export function checkFdbKey(key: FdbKey): void {
  object('fdb', key);
  checkKeys('fdb', key, NAMING);
  device('fdb.dev', key.dev);
  macAddress('fdb.mac', key.mac);
  for (const name of ['self', 'master'] as const) {
    if (key[name] !== undefined) boolean(`fdb.${name}`, key[name]);
  }
  checkRemote(key);
}

const FLUSH_BOOLEANS = [
  'self',
  'master',
  'permanent',
  'static',
  'dynamic',
  'addedByUser',
  'externLearn',
  'sticky',
  'offloaded',
  'router',
] as const;
const FLUSH_KEYS = new Set<string>([
  ...FLUSH_BOOLEANS,
  'dev',
  'brport',
  'vlan',
  'dst',
  'port',
  'vni',
  'srcVni',
  'nhid',
]);

export function checkFdbFlush(spec: FdbFlush): void {
  object('fdb', spec);
  checkKeys('fdb', spec, FLUSH_KEYS);
  device('fdb.dev', spec.dev);
  if (spec.brport !== undefined) device('fdb.brport', spec.brport);
  for (const key of FLUSH_BOOLEANS) if (spec[key] !== undefined) boolean(`fdb.${key}`, spec[key]);
  checkRemote({ ...spec, via: undefined });
}
