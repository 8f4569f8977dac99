import { readSync } from 'node:fs';
import { receive } from '../../netlink/datagram.ts';
import type { PlanWriter } from '../../netlink/plan.ts';
import type { Made } from '../../netlink/task.ts';
import type { Hold } from '../../netns/hold.ts';
import { ipBytes } from '../../nftables/bytes.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const EAGAIN = -11;
const ENOBUFS = -105;
/** ms */
const SETTLING = 50;

/** NETLINK_* of linux/netlink.h, and the groups of each that tell of changes. */
const LISTENERS = [
  // RTNLGRP_* but for neighbours, which come and go with ordinary traffic.
  {
    protocol: 0,
    groups: [
      1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19, 20, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
      36,
    ],
  },
  // NFNLGRP_NFTABLES
  { protocol: 12, groups: [7] },
  // XFRMNLGRP_*
  { protocol: 6, groups: [1, 2, 3, 4, 5, 6, 7, 8] },
] as const;

/**
 * What a recyclable namespace has beside the others: connections that have ended leave nothing, and
 * nothing is learnt from them.
 */
const SYSCTLS = [
  ['tcp_max_tw_buckets', '0'],
  ['tcp_no_metrics_save', '1'],
  ['tcp_fastopen', '0'],
] as const;

// What this kernel lacks is asked for once, not for each namespace.
const lacking = new Set<number>();

const heard = new Uint8Array(8192);
const text = Buffer.alloc(512);

/** The slots that a plan opens for a sentinel. */
export interface SentinelSlots {
  readonly listeners: readonly number[];
  readonly sockstat: number;
}

/** Steps inside a new namespace, after its sysctls: from here on its changes are heard. */
export function writeSentinel(plan: PlanWriter): SentinelSlots {
  for (const [name, value] of SYSCTLS)
    plan.writeFile(`/proc/sys/net/ipv4/${name}`, value, plan.IGNORE);
  const sockstat = plan.slot();
  plan.open(sockstat, 0, '/proc/thread-self/net/sockstat');
  plan.export(sockstat);
  const listeners = LISTENERS.map(({ protocol, groups }) => {
    if (lacking.has(protocol)) return -1;
    const slot = plan.slot();
    // Linux without nf_tables or xfrm has nothing to listen to, an older one has fewer groups.
    plan.socket(slot, AF_NETLINK, SOCK_RAW, protocol, 0, protocol === 0 ? 0 : plan.IGNORE);
    for (const group of groups)
      plan.setsockopt(~slot, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, plan.IGNORE);
    plan.export(slot);
    return slot;
  });
  return { listeners, sockstat };
}

/** Hears what changes in a namespace, and counts its sockets. */
export class Sentinel {
  readonly #listeners: readonly number[];
  readonly #sockstat: number;

  constructor(made: Made, { listeners, sockstat }: SentinelSlots, hold: Hold) {
    this.#sockstat = made.fd(sockstat);
    this.#listeners = listeners.map((slot) => (slot < 0 ? -1 : made.fd(slot)));
    this.#listeners.forEach((fd, i) => {
      if (fd < 0) lacking.add(LISTENERS[i].protocol);
    });
    for (const fd of this.descriptors) hold.keep(fd);
  }

  get descriptors(): number[] {
    return [this.#sockstat, ...this.#listeners].filter((fd) => fd >= 0);
  }

  /** Its own sockets in the namespace. */
  get sockets(): number {
    return this.descriptors.length - 1;
  }

  /** The socket that hears nf_tables; -1 where there is none. */
  get netfilter(): number {
    return this.#listeners[1];
  }

  /**
   * Waits until the link inside is heard to be in operation, which the kernel tells a moment after
   * it was made: it would seem a change of the first tenant's.
   */
  async settled(): Promise<void> {
    for (const until = performance.now() + SETTLING; performance.now() < until; ) {
      const length = receive(this.#listeners[0], heard);
      if (length === EAGAIN) await new Promise((resolve) => setTimeout(resolve, 1));
      else if (length > 0 && isOperating(length)) return;
    }
  }

  /** Forgets what was heard so far. */
  drain(): void {
    for (const fd of this.#listeners) {
      if (fd < 0) continue;
      let length: number;
      do length = receive(fd, heard);
      while (length >= 0 || length === ENOBUFS);
    }
  }

  /**
   * What was changed, since `drain`: undefined where nothing was.
   * @param ipv6 its own address, which the kernel may tell of late
   */
  changes(ipv6: string | undefined): string | undefined {
    const own = ipv6 === undefined ? undefined : ipBytes(ipv6);
    for (const [i, fd] of this.#listeners.entries()) {
      if (fd < 0) continue;
      let length: number;
      do length = receive(fd, heard);
      while (length > 0 && own !== undefined && isGiven(own));
      if (length === EAGAIN) continue;
      if (length < 0) return 'more was changed in it than could be heard';
      const { protocol } = LISTENERS[i];
      const type = heard[4] | (heard[5] << 8);
      if (protocol === 12) return 'nf_tables was changed in it';
      if (protocol === 6) return `xfrm was changed in it (message ${type})`;
      return `it was changed (${ROUTE_TYPES[(type - 16) >> 2] ?? type})`;
    }
    return undefined;
  }

  /** Sockets of all kinds in the namespace, TCP connections that have ended, and fragments. */
  count(): { used: number; lingering: number } {
    const length = readSync(this.#sockstat, text, 0, text.length, 0);
    const report = text.toString('latin1', 0, length);
    return {
      used: numberAfter(report, 'sockets: used '),
      lingering: numberAfter(report, ' tw ') + numberAfter(report, 'FRAG: inuse '),
    };
  }
}

const RTM_NEWLINK = 16;
const IFLA_OPERSTATE = 16;
const IF_OPER_UP = 6;

/** Whether what was heard last is that a link is in operation; the loopback's is never told. */
function isOperating(length: number): boolean {
  if (heard[4] !== RTM_NEWLINK) return false;
  for (let at = 16 + 16; at + 4 < length; ) {
    const size = Math.max(4, heard[at] | (heard[at + 1] << 8));
    if (heard[at + 2] === IFLA_OPERSTATE && heard[at + 3] === 0)
      return heard[at + 4] === IF_OPER_UP;
    at += (size + 3) & ~3;
  }
  return false;
}

const RTM_NEWADDR = 20;
const RTM_NEWROUTE = 24;
const RTN_LOCAL = 2;

/** Whether what was heard last is that an address is there, or its local route. */
function isGiven(address: Uint8Array): boolean {
  const type = heard[4];
  if (type === RTM_NEWADDR) return holds(address, 16 + 8);
  return type === RTM_NEWROUTE && heard[16 + 7] === RTN_LOCAL && holds(address, 16 + 12);
}

/** IFA_ADDRESS and RTA_DST: the kernel writes either first. */
function holds(address: Uint8Array, at: number): boolean {
  for (let attribute = at; attribute < at + 24; attribute += 8) {
    if (heard[attribute + 2] !== 1) continue;
    return address.every((byte, i) => heard[attribute + 4 + i] === byte);
  }
  return false;
}

function numberAfter(report: string, mark: string): number {
  const at = report.indexOf(mark);
  return at < 0 ? 0 : Number.parseInt(report.slice(at + mark.length, at + mark.length + 10), 10);
}

/** What rtnetlink's messages are about, by (nlmsg_type - 16) / 4. */
const ROUTE_TYPES: Readonly<Record<number, string>> = {
  0: 'links',
  1: 'addresses',
  2: 'routes',
  3: 'neighbours',
  4: 'rules',
  5: 'qdiscs',
  6: 'traffic classes',
  7: 'traffic filters',
  8: 'actions',
  16: 'network configuration',
  17: 'multicast database',
  18: 'ids of namespaces',
  22: 'nexthops',
};
