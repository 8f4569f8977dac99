import {
  boolean,
  checkKeys,
  integer,
  interfaceName,
  ipPrefix,
  object,
  type Prefix,
} from '../check.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { NetNs } from '../netns/netns.ts';
import { Addresses, type AddressOptions } from './addresses.ts';
import type { NetworkKind, NetworkRecord } from './record.ts';

/** What every network may be told. */
export interface NetworkOptions extends AddressOptions {
  /** The name of its own link on the host, which the links of endpoints begin with. */
  name: string;
  /** The namespace that plays the host: the caller's own unless given. */
  netns?: NetNs;
  /** Bytes, 68 to 65535 (1280 at least with IPv6); 1500 unless given. */
  mtu?: number;
  /** Gives what leaves the network the host's address, so that answers come back (NAT). */
  masquerade?: boolean;
  /** Nothing passes to and from other networks of this library but through published ports. */
  isolated?: boolean;
  /** 'deny': from outside only answers and published ports come in. 'accept' unless given. */
  inbound?: 'accept' | 'deny';
  /** Has the host forward packets (net.ipv4.ip_forward, net.ipv6.conf.all.forwarding): unless false. */
  forward?: boolean;
  /** Endpoints of this network can't reach each other. */
  isolatePorts?: boolean;
  /** How many namespaces that the kernel has not freed yet hold back further attaches; 256 unless given. */
  maxUnfreed?: number;
  /** A standing pool of endpoints made ahead. */
  pool?: PoolOptions;
}

/** How a network keeps endpoints ahead of who asks for them. */
export interface PoolOptions {
  /** When fewer than this many are left, it is filled in idle time; 0: by `prewarm` alone. */
  low: number;
  /** Up to this many. */
  high: number;
  /**
   * false: they get their addresses when they are taken, so that attaches with an `address`,
   * `routes` or a `mac` are served from the pool too. With theirs from the beginning unless given:
   * then to take one asks nothing of the kernel.
   */
  addressed?: boolean;
  /**
   * `endpoint.recycle()` may give endpoints back to the pool, for tenants that trust each other and
   * have no CAP_NET_ADMIN over the namespace. 'watched': where no change was heard, no socket is
   * left and no process; 'verified': where all that the kernel lists is as it was before, besides.
   * Only with `addressed: false`.
   */
  recycle?: RecycleMode;
}

export type RecycleMode = 'watched' | 'verified';

/** What is not kept with the network but belongs to this use of it. */
export interface UseOptions {
  netns?: NetNs;
  maxUnfreed?: number;
  pool?: PoolOptions;
}

const USE_KEYS = ['netns', 'maxUnfreed', 'pool'];
const KEYS = new Set([
  ...USE_KEYS,
  'name',
  'subnet',
  'gateway',
  'exclude',
  'reserve',
  'mtu',
  'masquerade',
  'isolated',
  'inbound',
  'forward',
  'isolatePorts',
]);

/** A network's settings, checked: made of options, or of the record that the kernel keeps. */
export interface Settings {
  readonly kind: NetworkKind;
  readonly name: string;
  readonly record: NetworkRecord;
  readonly addresses: Addresses;
  readonly subnets: readonly Prefix[];
  readonly mtu: number;
  readonly masquerade: boolean;
  readonly isolated: boolean;
  readonly denyInbound: boolean;
  readonly isolatePorts: boolean;
}

const IPV6_MTU = 1280;

/** @param without keys that mean nothing for this kind of network */
export function checkOptions(
  kind: NetworkKind,
  options: NetworkOptions,
  without: readonly string[] = [],
): Settings {
  const given = object('options', options);
  checkKeys('options', given, new Set([...KEYS].filter((key) => !without.includes(key))));
  const name = interfaceName('name', options.name);
  for (const key of ['masquerade', 'isolated', 'forward', 'isolatePorts'] as const) {
    if (options[key] !== undefined) boolean(key, options[key]);
  }
  if (options.inbound !== undefined && options.inbound !== 'accept' && options.inbound !== 'deny') {
    throw invalidValue('inbound', options.inbound, "'accept' or 'deny'");
  }
  checkUse(options);
  const list = (value: string | readonly string[]): string[] =>
    typeof value === 'string' ? [value] : [...value];
  const record: NetworkRecord = {
    kind,
    subnet: typeof options.subnet === 'string' ? [options.subnet] : (options.subnet as string[]),
  };
  if (options.gateway !== undefined) record.gateway = list(options.gateway);
  if (options.exclude?.length) record.exclude = [...options.exclude];
  if (options.reserve?.length) record.reserve = [...options.reserve];
  if (options.mtu !== undefined) record.mtu = options.mtu;
  if (options.masquerade) record.masquerade = true;
  if (options.isolated) record.isolated = true;
  if (options.inbound === 'deny') record.inbound = 'deny';
  if (options.isolatePorts) record.ports = 'isolated';
  return settingsOf(name, record);
}

/** Checks what concerns only this use of a network. */
export function checkUse(options: UseOptions): void {
  if (options.netns !== undefined && !(options.netns instanceof NetNs)) {
    throw invalidType('netns', options.netns, 'a NetNs');
  }
  if (options.maxUnfreed !== undefined) integer('maxUnfreed', options.maxUnfreed, 1, 1_000_000);
  if (options.pool !== undefined) {
    checkKeys(
      'pool',
      object('pool', options.pool),
      new Set(['low', 'high', 'addressed', 'recycle']),
    );
    const low = integer('pool.low', options.pool.low, 0, 65_534);
    integer('pool.high', options.pool.high, Math.max(1, low), 65_534);
    const { addressed, recycle } = options.pool;
    if (addressed !== undefined) boolean('pool.addressed', addressed);
    if (recycle !== undefined && recycle !== 'watched' && recycle !== 'verified') {
      throw invalidValue('pool.recycle', recycle, "'watched' or 'verified'");
    }
    if (recycle !== undefined && addressed !== false) {
      throw invalidValue('pool.recycle', recycle, 'left out unless { addressed: false }');
    }
  }
}

export function checkUseKeys(options: UseOptions): void {
  checkKeys('options', object('options', options), new Set(USE_KEYS));
  checkUse(options);
}

/** Links of endpoints that get their addresses late are numbered behind all addresses. */
export function checkPoolName({ kind, name, addresses }: Settings, pool?: PoolOptions): void {
  if (pool?.addressed !== false || kind === 'macvlan') return;
  const last = addresses.places + addresses.capacity + pool.high;
  const room = 15 - 1 - last.toString(16).length;
  if (Buffer.byteLength(name) <= room) return;
  throw invalidValue('name', name, `at most ${room} bytes with { pool: { addressed: false } }`);
}

/** The settings that a record stands for. */
export function settingsOf(name: string, record: NetworkRecord): Settings {
  const addresses = new Addresses(name, record);
  const subnets = addresses.subnets.map((subnet) => ipPrefix('subnet', subnet.text));
  const ipv6 = subnets.some((subnet) => subnet.family === 6);
  const mtu =
    record.mtu === undefined ? 1500 : integer('mtu', record.mtu, ipv6 ? IPV6_MTU : 68, 65_535);
  // IPv6 addresses beyond those that are given by themselves are numbered behind them.
  const last = addresses.gateway4 === undefined ? addresses.places : addresses.places - 1;
  const longest = `${name}-${last.toString(16)}`;
  if (longest.length > 15) {
    throw invalidValue(
      'name',
      name,
      `at most ${15 - (longest.length - name.length)} bytes, since the links of endpoints are named like '${longest}'`,
    );
  }
  return {
    kind: record.kind,
    name,
    record,
    addresses,
    subnets,
    mtu,
    masquerade: record.masquerade === true,
    isolated: record.isolated === true,
    denyInbound: record.inbound === 'deny',
    isolatePorts: record.ports === 'isolated',
  };
}
