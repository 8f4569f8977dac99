import { access, stat } from 'node:fs';
import { NetlinkError } from '../errors.ts';
import { addon } from '../native.ts';
import { failure } from '../netlink/failure.ts';
import type { NetNs } from '../netns/netns.ts';
import { rootlessError } from './rootless-error.ts';
import { RootlessHold } from './rootless-hold.ts';

/** Why the namespace was not entered, and why the thread did not come back: written by the addon. */
const outcome = new Int32Array(2);

/** Set once this thread is lost: it is in a namespace that it can't leave. */
let stranded: NetlinkError | undefined;

let poolStarted = false;

/**
 * A thread is born in the namespace of the one that starts it and stays there. libuv starts its
 * pool on first use, and its io_uring where that is switched on: both are made to be there before.
 */
function startPool(): void {
  if (poolStarted) return;
  poolStarted = true;
  access('/', () => {}); // always the pool
  stat('/', () => {}); // io_uring, where there is one
}

/**
 * Calls `body` with this thread in the namespace. The addon brings the thread back, not a
 * `finally`, which neither a time limit (node:vm) nor a worker's termination would run.
 *
 * @param newPids children are born in a new process namespace, the first as its process 1
 */
export function inside<T>(ns: NetNs, operation: string, body: () => T, newPids = false): T {
  ns.hold.check(operation);
  if (stranded !== undefined) throw stranded;
  if (ns.hold instanceof RootlessHold) throw rootlessError(operation);
  startPool();
  let value: T;
  try {
    value = addon.runIn(ns.hold.fd, newPids, body, outcome);
  } catch (error) {
    if (outcome[1] !== 0) throw strand(ns, operation, outcome[1], error);
    throw error;
  }
  if (outcome[0] !== 0) {
    const syscall = newPids ? 'unshare' : 'setns';
    throw failure(outcome[0], { operation, syscall, netns: ns.hold.label });
  }
  if (outcome[1] !== 0) throw strand(ns, operation, outcome[1]);
  return value;
}

function strand(ns: NetNs, operation: string, errno: number, cause?: unknown): NetlinkError {
  const { code, message } = failure(errno, { operation, syscall: 'setns', netns: ns.hold.label });
  stranded = new NetlinkError(
    `${message}: this thread could not come back and is in ${ns.hold.label} for good, with all that it ` +
      'opens from now on; end the process (what was called inside has given up a privilege it needs)',
    {
      code: 'ERR_NETNS_STRANDED',
      errno,
      syscall: 'setns',
      netns: ns.hold.label,
      cause: cause ?? code,
    },
  );
  // The caller may swallow the error; that the process is beyond repair must be seen all the same.
  process.emitWarning(stranded.message, { type: 'NetNsStrandedWarning', code: stranded.code });
  ns.close();
  return stranded;
}
