import { boolean, checkKeys, device, integer, object } from '../../check.ts';
import { invalidValue } from '../../errors.ts';
import type { Dev } from '../../netlink/request.ts';
import type { Infer, Settable } from '../../wire/schema.ts';
import type { vlanEntryTable, vlanGlobalTable } from './schema.ts';

/** What names a VLAN of a port, or a range of them. */
export interface VlanKey {
  /** The port, or with `self` the bridge. */
  dev: Dev;
  /** 1 to 4094. */
  vid: number;
  /** The last of a range. */
  vidEnd?: number;
}

/** A VLAN to let through, by the words of `bridge vlan`. */
export interface VlanSpec extends VlanKey {
  /** What comes untagged belongs to it; not for a range. */
  pvid?: boolean;
  /** Leaves without a tag. */
  untagged?: boolean;
  /** Of the bridge itself (BRIDGE_FLAGS_SELF). */
  self?: boolean;
  /** Of the port's bridge (BRIDGE_FLAGS_MASTER). */
  master?: boolean;
  /** The tunnel (VXLAN VNI) it is mapped to; a range of VLANs is mapped to as many in a row. */
  tunnelId?: number;
}

/** A VLAN, or a range, that a port lets through. */
export interface Vlan {
  /** The ifindex of the port or the bridge. */
  dev: number;
  vid: number;
  vidEnd?: number;
  pvid: boolean;
  untagged: boolean;
}

/** A VLAN, or a range, mapped to a tunnel, or as many in a row. */
export interface VlanTunnel {
  dev: number;
  vid: number;
  vidEnd?: number;
  tunnelId: number;
}

/** What may be set of a VLAN of a port. */
export type VlanOptions = Pick<
  Settable<(typeof vlanEntryTable)['shape']>,
  | 'state'
  | 'multicastRouter'
  | 'multicastMaxGroups'
  | 'neighbourSuppress'
  | 'neighbourForwardGratuitous'
>;

/** A VLAN of a port with its state. */
export type VlanState = Vlan & Omit<Infer<typeof vlanEntryTable>, 'info' | 'range'>;

/** A VLAN of a whole bridge. */
export type VlanGlobal = Omit<Infer<typeof vlanGlobalTable>, 'vid'> & {
  /** The ifindex of the bridge. */
  dev: number;
  vid: number;
};

export const OPTION_KEYS = new Set([
  'dev',
  'vid',
  'vidEnd',
  'state',
  'multicastRouter',
  'multicastMaxGroups',
  'neighbourSuppress',
  'neighbourForwardGratuitous',
]);
const KEYS = new Set(['dev', 'vid', 'vidEnd', 'pvid', 'untagged', 'self', 'master', 'tunnelId']);
const MAX_VLAN = 4094;

export function checkVlanKey(key: VlanKey, allowed?: ReadonlySet<string>): void {
  object('vlan', key);
  if (allowed !== undefined) checkKeys('vlan', key, allowed);
  device('vlan.dev', key.dev);
  integer('vlan.vid', key.vid, 1, MAX_VLAN);
  if (key.vidEnd !== undefined) integer('vlan.vidEnd', key.vidEnd, key.vid, MAX_VLAN);
}

export function checkVlan(spec: VlanSpec): void {
  checkVlanKey(spec, KEYS);
  for (const key of ['pvid', 'untagged', 'self', 'master'] as const) {
    if (spec[key] !== undefined) boolean(`vlan.${key}`, spec[key]);
  }
  if (spec.pvid && spec.vidEnd !== undefined && spec.vidEnd !== spec.vid) {
    throw invalidValue('vlan.pvid', true, 'left out for a range: a port has one');
  }
  if (spec.tunnelId === undefined) return;
  const last = 0xffffff - ((spec.vidEnd ?? spec.vid) - spec.vid);
  integer('vlan.tunnelId', spec.tunnelId, 0, last);
}
