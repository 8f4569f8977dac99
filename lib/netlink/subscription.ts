import { NetlinkError } from '../errors.ts';
import { addon, type PollHandle } from '../native.ts';
import type { Inside } from './channel.ts';
import { failure } from './failure.ts';
import { run } from './task.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_LISTEN_ALL_NSID = 8;
const EAGAIN = -11;
const ENOBUFS = -105;

/** Datagrams taken in one go; the events of one are at most some ten kilobytes. */
const AT_ONCE = 64;
const BUFFER = 1 << 20;

/** A kernel buffer for bursts: 8 MB hold some 10,000 link events or 50,000 small ones. */
const RECEIVE_BUFFER = 8 << 20;

/** What a namespace with closable dependents offers a subscription. */
export interface Subscribable extends Inside {
  whenClosed(end: () => void): () => void;
}

/** What was heard: netlink messages as they came, or that some were lost. */
export type Heard =
  | { lost: false; bytes: Uint8Array; view: DataView; length: number; nsid: number | undefined }
  | { lost: true };

export interface SubscriptionOptions {
  /** Hear the namespaces that have an id in this one as well. */
  allNsids?: boolean;
}

/**
 * A socket that hears the kernel's multicast groups. It is read only when somebody asks, so that
 * the kernel's buffer is the queue: who is too slow is told what the kernel drops.
 */
export class Subscription {
  readonly #fd: number;
  readonly #poll: PollHandle;
  readonly #unlisten: () => void;
  readonly #bytes = new Uint8Array(BUFFER);
  readonly #sizes = new Int32Array(AT_ONCE);
  readonly #nsids = new Int32Array(AT_ONCE);
  #next = 0;
  #count = 0;
  #at = 0;
  #wake: (() => void) | undefined;
  closed = false;

  private constructor(fd: number, inside: Subscribable) {
    this.#fd = fd;
    this.#poll = addon.poll(fd, () => this.#woken());
    this.#poll.stop();
    this.#unlisten = inside.whenClosed(() => this.close());
  }

  /** Joins `groups` (RTNLGRP_* of linux/rtnetlink.h); what happens from then on is heard. */
  static async open(
    inside: Subscribable,
    family: number,
    groups: readonly number[],
    options: SubscriptionOptions = {},
  ): Promise<Subscription> {
    inside.check('watch');
    const fd = await run({
      operation: 'watch',
      netns: inside.label,
      write(plan) {
        inside.enter(plan);
        const slot = plan.slot();
        plan.socket(slot, AF_NETLINK, SOCK_RAW, family, RECEIVE_BUFFER);
        plan.export(slot);
        if (options.allNsids) plan.setsockopt(~slot, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1);
        for (const group of groups)
          plan.setsockopt(~slot, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
      },
      read: (made) => made.firstFd(),
    });
    if (!inside.closed) return new Subscription(fd, inside);
    addon.close(fd);
    throw new NetlinkError('watch: this NetNs has been closed', { code: 'ERR_NETNS_CLOSED' });
  }

  /** The next datagram, or undefined when none is waiting. Its bytes are valid until the next call. */
  take(): Heard | undefined {
    if (this.closed) return undefined;
    if (this.#next === this.#count) {
      const count = addon.receiveMany(this.#fd, this.#bytes, this.#sizes, this.#nsids);
      if (count === EAGAIN) return undefined;
      if (count === ENOBUFS) return { lost: true };
      if (count < 0) throw failure(count, { operation: 'watch', syscall: 'recvmsg' });
      this.#count = count;
      this.#next = this.#at = 0;
    }
    const size = this.#sizes[this.#next];
    const nsid = this.#nsids[this.#next];
    const from = this.#at;
    this.#next++;
    this.#at = (from + Math.abs(size) + 3) & ~3;
    // A datagram larger than its room was cut: its events are lost as well.
    if (size < 0) return { lost: true };
    return {
      lost: false,
      bytes: this.#bytes.subarray(from, from + size),
      view: new DataView(this.#bytes.buffer, from, size),
      length: size,
      nsid: nsid < 0 ? undefined : nsid,
    };
  }

  /** Resolves when something may be there to take, or the subscription was closed. */
  wait(): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      // Polled once, and only while somebody waits: nothing else keeps the process alive.
      this.#poll.start();
      this.#wake = resolve;
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#unlisten();
    this.#poll.close();
    addon.close(this.#fd);
    this.#woken();
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (!this.closed) this.#poll.stop();
    wake?.();
  }
}
