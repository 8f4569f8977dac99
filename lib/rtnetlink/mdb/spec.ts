import { isIP } from 'node:net';
import { checkKeys, device, integer, ipAddress, object, string } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Dev } from '../../netlink/request.ts';
import type { ROUTE_PROTOCOLS } from '../protocols.ts';

/** What names a multicast entry. */
export interface MdbKey {
  /** The bridge, or a VXLAN link (since 6.4). */
  dev: Dev;
  /** The port that has joined; the bridge itself for what this host has joined, the VXLAN for its entries. */
  port: Dev;
  /** An IP multicast address, or a hardware address (since 5.10). */
  group: string;
  /** Only from this source (since 5.10). */
  source?: string;
  /** The VLAN. */
  vid?: number;
  /** With a VXLAN: the VNI that the entry is for. */
  srcVni?: number;
  /** With a VXLAN: where it is sent. */
  dst?: string;
  dstPort?: number;
  vni?: number;
  via?: Dev;
}

/** A multicast entry to be made, by the words of `bridge mdb`. */
export interface MdbSpec extends MdbKey {
  /** 'temp' goes when it has not been asked for again for a time; 'permanent' stays. Default 'temp'. */
  state?: 'temp' | 'permanent';
  /** Whether the sources are those let through or those refused (since 6.3). */
  filterMode?: 'include' | 'exclude';
  sourceList?: string[];
  /** Who made it (since 6.3). */
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
}

/** A multicast entry as the kernel has it. */
export interface MdbEntry {
  /** The ifindex of the bridge. */
  dev: number;
  /** The ifindex of the port. */
  port: number;
  group: string;
  state: 'temp' | 'permanent' | number;
  source?: string;
  vid?: number;
  filterMode?: 'include' | 'exclude' | number;
  /** `timer` in seconds until it goes. */
  sourceList?: { address: string; timer: number }[];
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
  /** Seconds until it goes; 0 for a permanent one. */
  timer?: number;
  offload: boolean;
  fastLeave: boolean;
  starExcl: boolean;
  blocked: boolean;
  offloadFailed: boolean;
  dst?: string;
  dstPort?: number;
  vni?: number;
  srcVni?: number;
  via?: number;
}

/** A port behind which a multicast router is. */
export interface MulticastRouter {
  dev: number;
  port: number;
  type?: 'disabled' | 'tempQuery' | 'permanent' | 'temp' | number;
  /** Seconds until it goes. */
  timer?: number;
  timer4?: number;
  timer6?: number;
  vid?: number;
}

/** Which entries a flush removes (since 6.8). */
export interface MdbFlush {
  dev: Dev;
  port?: Dev;
  vid?: number;
  permanent?: boolean;
  srcVni?: number;
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
  dst?: string;
  dstPort?: number;
  vni?: number;
}

const KEY_KEYS = [
  'dev',
  'port',
  'group',
  'source',
  'vid',
  'srcVni',
  'dst',
  'dstPort',
  'vni',
  'via',
];
const NAMING = new Set(KEY_KEYS);
const KEYS = new Set([...KEY_KEYS, 'state', 'filterMode', 'sourceList', 'protocol']);
const MAC = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

export function checkGroup(path: string, value: unknown): string {
  const group = string(path, value);
  if (isIP(group) === 0 && !MAC.test(group)) {
    throw invalidValue(path, value, 'an IP multicast address or a hardware address');
  }
  return group;
}

function checkKey(key: MdbKey): void {
  device('mdb.dev', key.dev);
  device('mdb.port', key.port);
  const group = checkGroup('mdb.group', key.group);
  if (key.vid !== undefined) integer('mdb.vid', key.vid, 0, 4094);
  if (key.source !== undefined) {
    if (isIP(group) === 0) {
      throw invalidValue(
        'mdb.source',
        key.source,
        'left out with a group that is a hardware address',
      );
    }
    ipAddress('mdb.source', key.source, isIP(group) === 4 ? 4 : 6);
  }
}

export function checkMdbKey(key: MdbKey): void {
  object('mdb', key);
  checkKeys('mdb', key, NAMING);
  checkKey(key);
}

export function checkMdb(spec: MdbSpec): void {
  object('mdb', spec);
  checkKeys('mdb', spec, KEYS);
  checkKey(spec);
  if (spec.state !== undefined && spec.state !== 'temp' && spec.state !== 'permanent') {
    throw invalidValue('mdb.state', spec.state, "'temp' or 'permanent'");
  }
  if (spec.sourceList === undefined) return;
  if (!Array.isArray(spec.sourceList))
    throw invalidType('mdb.sourceList', spec.sourceList, 'an array');
  spec.sourceList.forEach((address, i) => {
    ipAddress(`mdb.sourceList[${i}]`, address);
  });
}

const FLUSH_KEYS = new Set([
  'dev',
  'port',
  'vid',
  'permanent',
  'srcVni',
  'protocol',
  'dst',
  'dstPort',
  'vni',
]);

export function checkMdbFlush(spec: MdbFlush): void {
  object('mdb', spec);
  checkKeys('mdb', spec, FLUSH_KEYS);
  device('mdb.dev', spec.dev);
  if (spec.port !== undefined) device('mdb.port', spec.port);
  if (spec.vid !== undefined) integer('mdb.vid', spec.vid, 0, 4094);
}
