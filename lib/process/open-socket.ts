import { addon } from '../native.ts';
import type { PlanWriter } from '../netlink/plan.ts';
import type { CallOptions } from '../netlink/request.ts';
import { type Plan, run, runNow } from '../netlink/task.ts';
import type { NetNs } from '../netns/netns.ts';

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;

/** A socket to be made in a namespace. */
export interface SocketSpec {
  operation: string;
  domain: number;
  type: number;
  protocol?: number;
  /** Steps after its making: options, an address. */
  prepare?(plan: PlanWriter, fd: number): void;
}

function planFor(ns: NetNs, spec: SocketSpec): Plan<number> {
  let slot = 0;
  return {
    operation: spec.operation,
    netns: ns.hold.label,
    write(plan) {
      ns.hold.enter(plan);
      slot = plan.slot();
      plan.socket(slot, spec.domain, spec.type | SOCK_NONBLOCK, spec.protocol ?? 0, 0);
      spec.prepare?.(plan, ~slot);
      plan.export(slot);
    },
    read: (made) => made.fd(slot),
  };
}

/** Makes a socket in the namespace, on a lane: this thread stays where it is. */
export async function openSocket(
  ns: NetNs,
  spec: SocketSpec,
  options?: CallOptions,
): Promise<number> {
  ns.hold.check(spec.operation);
  ns.hold.begin();
  try {
    return await run(planFor(ns, spec), options, (late) => addon.close(late));
  } finally {
    ns.hold.end();
  }
}

/** As `openSocket`, blocking this thread for the hop to the lane and back. */
export function openSocketNow(ns: NetNs, spec: SocketSpec): number {
  ns.hold.check(spec.operation);
  return runNow(planFor(ns, spec));
}

/** Hands a descriptor to one of Node's objects, which closes it from then on. */
export function handOver<T>(fd: number, take: () => T): T {
  let taken: T;
  try {
    taken = take();
  } catch (error) {
    addon.close(fd);
    throw error;
  }
  addon.release(fd);
  return taken;
}
