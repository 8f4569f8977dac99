import {
  boolean,
  checkKeys,
  device,
  integer,
  interfaceName,
  ipAddress,
  ipPrefix,
  object,
  type Prefix,
} from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Dev } from '../../netlink/request.ts';
import type { Family } from '../families.ts';
import { routeScopes } from '../names.ts';
import {
  ADDRESS_FLAGS,
  type ADDRESS_PROTOCOLS,
  type AddressFlag,
  FOREVER,
  SETTABLE_FLAGS,
  type SettableFlag,
} from './constants.ts';

/** Seconds, or for good. */
export type Lifetime = number | 'forever';

/** An address to be given to a link, by the words of ip-address(8). */
export interface AddressSpec extends Partial<Record<SettableFlag, boolean>> {
  dev: Dev;
  /** With the length of its prefix, '10.0.0.2/24'; without one, a host's (32 or 128). */
  address: string;
  /** The address of the far end of a point-to-point link; the prefix is then this one's. */
  peer?: string;
  /** IPv4. 'auto': the last address of the prefix, as `brd +`. None unless given. */
  broadcast?: string;
  /** IPv4: the link's name, or that and ':' with something behind it. */
  label?: string;
  /** 'global', 'link', 'host', 'site' or a number; the kernel's choice by the address unless given. */
  scope?: string | number;
  /** Who set it: 'lo', 'ra', 'll' or a number (since 5.18). */
  protocol?: keyof typeof ADDRESS_PROTOCOLS | number;
  /** The metric of the route to its prefix (since 4.18). */
  metric?: number;
  /** How long it may be used for new connections; at most `validLifetime`. */
  preferredLifetime?: Lifetime;
  /** How long it stays at all. */
  validLifetime?: Lifetime;
}

/** What names an address: the link, and the address, with its prefix where there are two. */
export interface AddressKey {
  dev: Dev;
  address: string;
  peer?: string;
}

/** An address as the kernel has it. */
export interface Address {
  family: Family;
  /** The link's ifindex. */
  dev: number;
  /** With the length of its prefix. */
  address: string;
  prefixLength: number;
  /** The link's own address, without the prefix. */
  local: string;
  /** The far end's, on a point-to-point link. */
  peer?: string;
  broadcast?: string;
  anycast?: string;
  label?: string;
  /** 'global', 'link', 'host', …; the number where it has no name. */
  scope: string | number;
  protocol?: keyof typeof ADDRESS_PROTOCOLS | number;
  metric?: number;
  preferredLifetime: Lifetime;
  validLifetime: Lifetime;
  /** Seconds after the machine was booted; to a hundredth. */
  created?: number;
  updated?: number;
  /** What holds of it: 'permanent', 'tentative', 'noPrefixRoute', … */
  flags: AddressFlag[];
}

const SPEC_KEYS: ReadonlySet<string> = new Set([
  'dev',
  'address',
  'peer',
  'broadcast',
  'label',
  'scope',
  'protocol',
  'metric',
  'preferredLifetime',
  'validLifetime',
  ...SETTABLE_FLAGS,
]);
const KEY_KEYS: ReadonlySet<string> = new Set(['dev', 'address', 'peer', 'prefixLength']);

/** What was checked of a spec: its local address, and the peer with the prefix. */
export interface Checked {
  local: Prefix;
  peer: Prefix;
}

export function checkAddress(spec: AddressSpec): Checked {
  object('address', spec);
  checkKeys('address', spec, SPEC_KEYS);
  const checked = checkEnds(spec);
  const { family } = checked.local;
  if (spec.broadcast !== undefined) {
    if (family === 6)
      throw invalidValue('address.broadcast', spec.broadcast, 'left out: IPv6 has no broadcast');
    if (spec.broadcast !== 'auto') ipAddress('address.broadcast', spec.broadcast, 4);
  }
  if (spec.label !== undefined) {
    if (family === 6)
      throw invalidValue('address.label', spec.label, 'left out: only IPv4 addresses have labels');
    labelOf(spec);
  }
  if (spec.scope !== undefined) routeScopes.number('address.scope', spec.scope);
  if (spec.metric !== undefined) integer('address.metric', spec.metric, 0, 0xffff_ffff);
  for (const flag of SETTABLE_FLAGS)
    if (spec[flag] !== undefined) boolean(`address.${flag}`, spec[flag]);
  const preferred = lifetime('address.preferredLifetime', spec.preferredLifetime);
  const valid = lifetime('address.validLifetime', spec.validLifetime);
  if (valid === 0) throw invalidValue('address.validLifetime', 0, 'at least 1 second');
  if (spec.preferredLifetime !== undefined && preferred > valid) {
    throw invalidValue(
      'address.preferredLifetime',
      spec.preferredLifetime,
      'at most validLifetime',
    );
  }
  return checked;
}

export function checkAddressKey(key: AddressKey): Checked {
  object('address', key);
  checkKeys('address', key, KEY_KEYS);
  return checkEnds(key);
}

function checkEnds(key: AddressKey): Checked {
  device('address.dev', key.dev);
  const local = ipPrefix('address.address', key.address);
  if (key.peer === undefined) return { local, peer: local };
  const peer = ipPrefix('address.peer', key.peer);
  if (peer.family !== local.family) {
    throw invalidValue(
      'address.peer',
      key.peer,
      `an IPv${local.family} address, as address.address`,
    );
  }
  return { local, peer };
}

// The kernel takes any text, and ifconfig(8) is lost with one that is not of the link.
function labelOf(spec: AddressSpec): void {
  const { label, dev } = spec;
  if (typeof label !== 'string') throw invalidType('address.label', label, 'a string');
  const base = label.split(':', 1)[0];
  interfaceName('address.label', base);
  if (Buffer.byteLength(label) > 15 || /[\s/\0]/.test(label)) {
    throw invalidValue('address.label', label, 'at most 15 bytes without white space');
  }
  if (typeof dev === 'string' && base !== dev) {
    throw invalidValue('address.label', label, `'${dev}', or '${dev}:' with something behind it`);
  }
}

export function lifetime(path: string, value: Lifetime | undefined): number {
  if (value === undefined || value === 'forever') return FOREVER;
  if (typeof value !== 'number') throw invalidType(path, value, "a number of seconds or 'forever'");
  return integer(path, value, 0, FOREVER - 1);
}

/** The last address of an IPv4 prefix. */
export function broadcastOf(prefix: Prefix): string {
  const number = prefix.address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const host = 2 ** (32 - prefix.length);
  const last = number - (number % host) + host - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

const FLAGS = Object.entries(ADDRESS_FLAGS) as [AddressFlag, number][];

/** The names of the bits that are set, in the kernel's order. */
export function flagNames(bits: number): AddressFlag[] {
  const names: AddressFlag[] = [];
  for (const [name, bit] of FLAGS) if ((bits & bit) !== 0) names.push(name);
  return names;
}

export function flagBits(spec: AddressSpec): number {
  let bits = 0;
  for (const flag of SETTABLE_FLAGS) if (spec[flag]) bits |= ADDRESS_FLAGS[flag];
  return bits;
}
