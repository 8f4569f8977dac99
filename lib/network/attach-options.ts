import {
  boolean,
  checkKeys,
  integer,
  interfaceName,
  ipAddress,
  ipPrefix,
  macAddress,
  netnsName,
  object,
} from '../check.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { NetNs } from '../netns/netns.ts';
import type { ExtraRoute } from './layout.ts';
import { checkLimits, type Limits } from './limits.ts';
import type { PublishSpec } from './ports.ts';

/** How a namespace is attached. */
export interface AttachOptions {
  /** A name for the new namespace; anonymous unless given. */
  name?: string;
  /** One that exists, in place of a new one: a handle, a name, or the one of a process. */
  netns?: NetNs | string | { pid: number };
  /** The name of the end inside; 'eth0' unless given. */
  ifname?: string;
  /** The hardware address of the end inside; made of the IP address unless given. */
  mac?: string;
  /** Bytes; the network's unless given. */
  mtu?: number;
  /** The address to have: one, or one of each family. */
  address?: string | readonly string[];
  /** Further routes inside. */
  routes?: readonly ExtraRoute[];
  /** Whether the network's gateway becomes the default route: unless false. */
  defaultRoute?: boolean;
  /** Frames may go back to the port they came from (bridges). */
  hairpin?: boolean;
  /** Out of reach of the network's other endpoints. */
  isolated?: boolean;
  /** How much may pass. */
  limit?: Limits;
  /** Ports of the host that lead here. */
  publish?: PublishSpec | readonly PublishSpec[];
}

const KEYS = new Set([
  'name',
  'netns',
  'ifname',
  'mac',
  'mtu',
  'address',
  'routes',
  'defaultRoute',
  'hairpin',
  'isolated',
  'limit',
  'publish',
]);

/** The options of an attach, from either of its forms. */
export function attachOptions(target: string | AttachOptions | undefined): AttachOptions {
  if (target === undefined) return {};
  if (typeof target === 'string') return { name: netnsName('name', target) };
  return checkAttach(target);
}

export function checkAttach(options: AttachOptions): AttachOptions {
  checkKeys('options', object('options', options), KEYS);
  if (options.name !== undefined) {
    netnsName('name', options.name);
    if (options.netns !== undefined) {
      throw invalidValue(
        'name',
        options.name,
        'left out beside netns: a namespace that exists keeps its name',
      );
    }
  }
  checkNetns(options.netns);
  if (options.ifname !== undefined) interfaceName('ifname', options.ifname);
  if (options.mac !== undefined) macAddress('mac', options.mac);
  if (options.mtu !== undefined) integer('mtu', options.mtu, 68, 65_535);
  for (const key of ['defaultRoute', 'hairpin', 'isolated'] as const) {
    if (options[key] !== undefined) boolean(key, options[key]);
  }
  if (options.limit !== undefined) checkLimits('limit', options.limit);
  options.routes?.forEach((route, i) => {
    checkKeys(`routes[${i}]`, object(`routes[${i}]`, route), new Set(['dst', 'via']));
    ipPrefix(`routes[${i}].dst`, route.dst);
    if (route.via !== undefined) ipAddress(`routes[${i}].via`, route.via);
  });
  return options;
}

function checkNetns(netns: unknown): void {
  if (netns === undefined || netns instanceof NetNs) return;
  if (typeof netns === 'string') netnsName('netns', netns);
  else if (typeof netns === 'object' && netns !== null && 'pid' in netns) {
    checkKeys('netns', netns, new Set(['pid']));
    integer('netns.pid', netns.pid, 1, 2 ** 22);
  } else throw invalidType('netns', netns, 'a NetNs, a name or { pid }');
}

/** A handle of the namespace that exists, the library's own: closed with the endpoint. */
export function openExisting(netns: NetNs | string | { pid: number }): NetNs {
  return netns instanceof NetNs ? NetNs.open({ fd: netns.fd }) : NetNs.open(netns);
}

/** Whether any endpoint will do: one of the pool. */
export function isOrdinary(options: AttachOptions): boolean {
  for (const key in options) {
    if (key !== 'name' && key !== 'publish' && options[key as keyof AttachOptions] !== undefined)
      return false;
  }
  return true;
}
