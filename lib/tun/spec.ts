import { boolean, checkKeys, integer, interfaceName, object } from '../check.ts';
import { invalidValue } from '../errors.ts';
import {
  IFF_MULTI_QUEUE,
  IFF_NAPI,
  IFF_NAPI_FRAGS,
  IFF_NO_CARRIER,
  IFF_NO_PI,
  IFF_TAP,
  IFF_TUN,
  IFF_TUN_EXCL,
  IFF_VNET_HDR,
  MAX_QUEUES,
} from './constants.ts';

/** A tun (IP packets) or tap (Ethernet frames) link to be made, or attached to where it exists. */
export interface TunSpec {
  /** 1 to 15 bytes; 'tun%d' or nothing lets the kernel choose a number. */
  name?: string;
  /** What a read gives: an IP packet ('tun', IFF_TUN) or an Ethernet frame ('tap', IFF_TAP). Default 'tun'. */
  mode?: 'tun' | 'tap';
  /** Stays when the last descriptor is closed (TUNSETPERSIST). Left as it is unless given. */
  persist?: boolean;
  /** The user who may attach without privileges (TUNSETOWNER). */
  owner?: number;
  /** The group whose members may attach without privileges (TUNSETGROUP). */
  group?: number;
  /** How many descriptors share the link, 1 to 256; over 1 it is multi-queue (IFF_MULTI_QUEUE, since 3.8). Default 1. */
  queues?: number;
  /** Multi-queue even with one queue now, so that more may attach later. */
  multiQueue?: boolean;
  /** Four bytes (flags, protocol) before each packet (without IFF_NO_PI). Default false. */
  packetInfo?: boolean;
  /** A virtio_net_hdr before each packet (IFF_VNET_HDR). Default false. */
  vnetHeader?: boolean;
  /** Fails with EBUSY where the link exists (IFF_TUN_EXCL). Default true with a name, so that nothing is attached by mistake. */
  exclusive?: boolean;
  /** Receive by NAPI (IFF_NAPI, since 4.15); needed for `napiFrags`. */
  napi?: boolean;
  /** Frames in pieces, for fuzzing the stack (IFF_NAPI_FRAGS, since 4.15; tap only). */
  napiFrags?: boolean;
  /** Comes up without carrier (IFF_NO_CARRIER, since 6.0). */
  noCarrier?: boolean;
}

/** What the calls on /dev/net/tun need: one TUNSETIFF for each of `queues`. */
export interface TunPlan {
  /** '' lets the kernel choose. All queues but the first must use the name that the first was given. */
  name: string;
  /** ifr_flags of TUNSETIFF, for the first queue. */
  flags: number;
  /** The flags for the further queues: the same link is attached to, so it may exist. */
  moreFlags: number;
  queues: number;
  /** -1 leaves it. */
  owner: number;
  group: number;
  /** 0, 1, or -1 to leave it. */
  persist: number;
}

const KEYS = new Set([
  'name',
  'mode',
  'persist',
  'owner',
  'group',
  'queues',
  'multiQueue',
  'packetInfo',
  'vnetHeader',
  'exclusive',
  'napi',
  'napiFrags',
  'noCarrier',
]);

/** The largest uid and gid: 0xffffffff means none. */
const MAX_ID = 0xfffffffe;

function flagOf(path: string, value: unknown, bit: number, byDefault = false): number {
  if (value === undefined) return byDefault ? bit : 0;
  return boolean(path, value) ? bit : 0;
}

function idOf(path: string, value: unknown): number {
  return value === undefined ? -1 : integer(path, value, 0, MAX_ID);
}

/** Checks a spec and turns it into flags. */
export function planTun(spec: TunSpec, path = 'tun'): TunPlan {
  object(path, spec);
  checkKeys(path, spec, KEYS);
  const mode = spec.mode ?? 'tun';
  if (mode !== 'tun' && mode !== 'tap') throw invalidValue(`${path}.mode`, mode, "'tun' or 'tap'");
  const name = spec.name === undefined ? '' : interfaceName(`${path}.name`, spec.name);
  const queues =
    spec.queues === undefined ? 1 : integer(`${path}.queues`, spec.queues, 1, MAX_QUEUES);
  if (queues > 1 && spec.multiQueue === false) {
    throw invalidValue(`${path}.multiQueue`, false, `true, or left out, with ${queues} queues`);
  }
  if (spec.napiFrags && (mode !== 'tap' || !spec.napi)) {
    throw invalidValue(`${path}.napiFrags`, true, "used with mode 'tap' and napi: true");
  }
  const common =
    (mode === 'tap' ? IFF_TAP : IFF_TUN) |
    (queues > 1
      ? IFF_MULTI_QUEUE
      : flagOf(`${path}.multiQueue`, spec.multiQueue, IFF_MULTI_QUEUE)) |
    (flagOf(`${path}.packetInfo`, spec.packetInfo, IFF_NO_PI) ^ IFF_NO_PI) |
    flagOf(`${path}.vnetHeader`, spec.vnetHeader, IFF_VNET_HDR) |
    flagOf(`${path}.napi`, spec.napi, IFF_NAPI) |
    flagOf(`${path}.napiFrags`, spec.napiFrags, IFF_NAPI_FRAGS);
  const first =
    flagOf(`${path}.exclusive`, spec.exclusive, IFF_TUN_EXCL, name !== '' && !name.includes('%')) |
    flagOf(`${path}.noCarrier`, spec.noCarrier, IFF_NO_CARRIER);
  return {
    name,
    flags: common | first,
    moreFlags: common,
    queues,
    owner: idOf(`${path}.owner`, spec.owner),
    group: idOf(`${path}.group`, spec.group),
    persist: spec.persist === undefined ? -1 : boolean(`${path}.persist`, spec.persist) ? 1 : 0,
  };
}
