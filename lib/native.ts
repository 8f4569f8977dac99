import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Tells when a descriptor is readable. Watching from the start; `close` is for good. */
export interface PollHandle {
  start(): void;
  stop(): void;
  close(): void;
  /** Whether a watched descriptor keeps the event loop alive: it does unless `unref` is called. */
  ref(): void;
  unref(): void;
}

/** What a plan came to. `result` is valid until the next plan is run synchronously. */
export interface Outcome {
  /** 0 or the negative errno of the first failure. */
  errno: number;
  /** The step that failed; the number of steps where the lane could not come home. */
  step: number;
  /** The message that failed, in a step that sends messages; -1 where none is to blame. */
  message: number;
  result: Uint8Array;
  length: number;
}

/** Takes the result of a plan that was submitted. It must be read before this returns. */
export type Deliver = (
  ticket: number,
  errno: number,
  step: number,
  message: number,
  result: Uint8Array,
  length: number,
) => void;

export interface Lanes {
  threads: number;
  busy: number;
  queued: number;
  retired: number;
}

declare const holderToken: unique symbol;
/** A holder that has not been buried: an opaque native object. */
export interface HolderToken {
  readonly [holderToken]: never;
}

/**
 * The native part. Descriptors that it returns are owned by this thread's environment: closed at
 * its end, or by `close`, unless they are released. A number below zero is a negative errno.
 */
export interface Addon {
  /** Must come before the first plan. */
  start(deliver: Deliver): void;
  /** Queues a plan for a lane and returns its ticket. The bytes are copied. */
  submit(plan: Uint8Array, length: number): number;
  /**
   * 'never': it had not begun, will not run and is not delivered. 'running': it ends before its
   * next step, undone, with ECANCELED, unless that was the last. 'done': it has ended.
   */
  cancel(ticket: number): 'never' | 'running' | 'done';
  /** Runs a plan on a lane and blocks until it is done. */
  runSync(plan: Uint8Array, length: number): Outcome;
  /** Runs a plan on this thread: EINVAL for one that changes namespace. */
  transactSync(plan: Uint8Array, length: number): Outcome;
  lanes(): Lanes;

  /** Closes a descriptor; false, doing nothing, where this environment does not own it. */
  close(fd: number): boolean;
  adopt(fd: number): void;
  /** Takes ownership away: false where there was none. */
  release(fd: number): boolean;
  /** How many descriptors are owned. */
  openFds(): number;

  /** O_CLOEXEC is added. */
  open(path: string, flags: number): number;
  /** Device and inode, or a negative errno in place of both. */
  fstat(fd: number): [device: number, inode: number];
  /** The CLONE_NEW* of a namespace. */
  nsType(fd: number): number;
  /** The user namespace that owns a namespace: a descriptor. */
  nsUser(fd: number): number;
  /** The parent of a user or pid namespace: a descriptor. */
  nsParent(fd: number): number;
  /** The uid that owns a user namespace. */
  nsOwnerUid(fd: number): number;

  /** On this very thread. */
  setns(fd: number, type: number): number;
  unshare(flags: number): number;
  /** Lanes start from where this thread is now. EBUSY once there have been any. */
  rehome(): number;
  /** Calls `body` with this thread inside the namespace; see native/process.cc. */
  runIn<T>(fd: number, newPids: boolean, body: () => T, outcome: Int32Array): T;
  pidfdOpen(pid: number): number;
  /**
   * Forks a process into new namespaces (CLONE_NEW*): its id, its control socket, its user
   * namespace, and what to bury it with. One that `serves` runs the plans that are for it.
   */
  startHolder(
    flags: number,
    serves: boolean,
  ): number | [pid: number, control: number, user: number, token: HolderToken];
  /** Ends a holder, if it has not ended, and takes its exit. Once. */
  buryHolder(token: HolderToken): void;

  /** `callback` gets the poll events (1 readable, 4 disconnected) or a negative errno. */
  poll(fd: number, callback: (events: number) => void): PollHandle;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): number;
  connect(fd: number, address: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  /** A connection, non-blocking. */
  accept(fd: number): number;
  /** The length of the address. */
  getsockname(fd: number, into: Uint8Array): number;
  getpeername(fd: number, into: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** The length of the value. */
  getsockopt(fd: number, level: number, name: number, into: Uint8Array): number;
  send(fd: number, bytes: Uint8Array, length: number): number;
  sendTo(fd: number, bytes: Uint8Array, length: number, address: Uint8Array): number;
  /** One datagram, without waiting: its real length, which may be over the room there was. */
  receive(fd: number, into: Uint8Array): number;
  receiveFrom(fd: number, into: Uint8Array, address: Uint8Array): number;
  /**
   * Datagrams back to back, each at a multiple of 4: how many. `sizes` gets their lengths, the
   * negative of what is there for one that was cut, and -1 in the last place where the kernel
   * dropped some (ENOBUFS). `nsids` gets the namespace id of each (NETLINK_LISTEN_ALL_NSID), or -1.
   */
  receiveMany(fd: number, into: Uint8Array, sizes: Int32Array, nsids?: Int32Array): number;
  /** Packets of an AF_PACKET socket; see native/packet.cc for the records. */
  receivePackets(fd: number, into: Uint8Array, snap: number, records: Uint8Array): number;
}

/** What differs in the addon itself: outcomes go to an array that `start` returns. */
interface Raw extends Omit<Addon, 'start' | 'runSync' | 'transactSync'> {
  start(deliver: Deliver): Int32Array;
  runSync(plan: Uint8Array, length: number): Uint8Array;
  transactSync(plan: Uint8Array, length: number): Uint8Array;
}

interface Loader {
  (root: string): unknown;
  resolve(root: string): string;
}

const require = createRequire(import.meta.url);
const loader = require('node-gyp-build') as Loader;
const root = fileURLToPath(new URL('..', import.meta.url));

/** The file of the addon. */
export const addonPath: string = loader.resolve(root);

const raw = require(addonPath) as Raw;

// errno, step, message and length of the last plan that was run synchronously.
let outcome: Int32Array = new Int32Array(4);

export const addon: Addon = {
  ...raw,
  start(deliver) {
    outcome = raw.start(deliver);
  },
  runSync(plan, length) {
    return outcomeWith(raw.runSync(plan, length));
  },
  transactSync(plan, length) {
    return outcomeWith(raw.transactSync(plan, length));
  },
};

function outcomeWith(result: Uint8Array): Outcome {
  return { errno: outcome[0], step: outcome[1], message: outcome[2], result, length: outcome[3] };
}
