import { boolean, checkKeys, device, ipAddress, macAddress, object } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { Dev } from '../../netlink/request.ts';
import type { Family } from '../families.ts';
import type { ROUTE_PROTOCOLS } from '../protocols.ts';
import { type NeighbourState, STATES } from './constants.ts';

export type { NeighbourState } from './constants.ts';

/** A neighbour to be set up, by the words of `ip neighbour`. */
export interface NeighbourSpec {
  /** The neighbour's IP address. */
  dst: string;
  /** The link it is reached by. */
  dev: Dev;
  /** Its address on that link; not for a proxy. */
  lladdr?: string;
  /** 'permanent' unless given; none for a proxy. */
  state?: NeighbourState;
  /** Answers for `dst` in its stead (NTF_PROXY). */
  proxy?: boolean;
  /** It is a router (NTF_ROUTER, IPv6). */
  router?: boolean;
  /** Learnt by a control plane (NTF_EXT_LEARNED, since 4.20). */
  externLearn?: boolean;
  /** Kept resolved by the kernel (NTF_EXT_MANAGED, since 5.16). */
  managed?: boolean;
  /** Resolves it at once (NTF_USE). */
  use?: boolean;
  /** Validated by a control plane (NTF_EXT_EXT_VALIDATED, since 6.18). */
  validated?: boolean;
  /** Who set it up: 'static', 'zebra', … or the number (since 5.0). */
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
}

/** What names a neighbour. */
export interface NeighbourKey {
  dst: string;
  dev: Dev;
  proxy?: boolean;
}

/** A neighbour as the kernel has it. */
export interface Neighbour {
  family: Family;
  dst: string;
  /** The link's ifindex. */
  dev: number;
  lladdr?: string;
  /** The kernel keeps one state at a time; a number where it is of a mix unknown here. */
  state: NeighbourState | number;
  proxy: boolean;
  router: boolean;
  externLearn: boolean;
  offloaded: boolean;
  managed: boolean;
  validated: boolean;
  protocol?: keyof typeof ROUTE_PROTOCOLS | number;
  /** Solicitations sent. */
  probes?: number;
  /** Seconds since; rounded to a hundredth. */
  used?: number;
  confirmed?: number;
  updated?: number;
  refcount?: number;
  /** The ifindex of the link's master. */
  master?: number;
}

const KEYS = new Set([
  'dst',
  'dev',
  'lladdr',
  'state',
  'proxy',
  'router',
  'externLearn',
  'managed',
  'use',
  'validated',
  'protocol',
]);
const KEY_KEYS = new Set(['dst', 'dev', 'proxy']);

export function stateNumber(path: string, value: unknown): number {
  if (typeof value !== 'string') throw invalidType(path, value, 'the name of a state');
  for (const [name, number] of Object.entries(STATES)) if (name === value) return number;
  throw invalidValue(path, value, `one of '${Object.keys(STATES).join("', '")}'`);
}

const STATE_NAMES = new Map<number, NeighbourState>();
for (const name of Object.keys(STATES) as NeighbourState[]) STATE_NAMES.set(STATES[name], name);

export function stateName(state: number): NeighbourState | number {
  return STATE_NAMES.get(state) ?? state;
}

export function checkNeighbour(spec: NeighbourSpec): void {
  object('neighbour', spec);
  checkKeys('neighbour', spec, KEYS);
  ipAddress('neighbour.dst', spec.dst);
  device('neighbour.dev', spec.dev);
  for (const key of ['proxy', 'router', 'externLearn', 'managed', 'use', 'validated'] as const) {
    if (spec[key] !== undefined) boolean(`neighbour.${key}`, spec[key]);
  }
  if (spec.state !== undefined) stateNumber('neighbour.state', spec.state);
  if (spec.lladdr !== undefined && typeof spec.lladdr !== 'string') {
    macAddress('neighbour.lladdr', spec.lladdr);
  }
  if (spec.proxy) {
    for (const key of ['lladdr', 'state', 'externLearn', 'managed'] as const) {
      if (spec[key] !== undefined) {
        throw invalidValue(`neighbour.${key}`, spec[key], 'left out of a proxy, which has none');
      }
    }
  }
}

export function checkNeighbourKey(key: NeighbourKey): void {
  object('neighbour', key);
  checkKeys('neighbour', key, KEY_KEYS);
  ipAddress('neighbour.dst', key.dst);
  device('neighbour.dev', key.dev);
  if (key.proxy !== undefined) boolean('neighbour.proxy', key.proxy);
}
