import { located } from './failure.ts';
import { cancel, runHere, runSync, submit } from './lane.ts';
import { checkCallOptions, limited } from './limits.ts';
import { MESSAGE_OPTIONAL } from './messages.ts';
import { PlanWriter } from './plan.ts';
import type { CallOptions, Composed, Request } from './request.ts';
import { Transaction } from './transaction.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;

/** What a channel must know of the namespace it speaks to. */
export interface Inside {
  /** How errors name the namespace. */
  readonly label: string;
  readonly closed: boolean;
  /** Throws where the handle is closed. */
  check(operation: string): void;
  /** Appends the steps that bring the lane inside. */
  enter(plan: PlanWriter): void;
  /** A plan that uses the namespace's descriptors is on its way: they are not closed under it. */
  begin(): void;
  end(): void;
  /** Takes a descriptor that is closed with the handle; false, having closed it, where that has been. */
  keep(fd: number): boolean;
}

/** A call that waits for its turn: one request that may travel with others, or a whole batch. */
interface Call {
  readonly requests: readonly Request<unknown>[];
  readonly alone: boolean;
  resolve(values: unknown): void;
  reject(error: unknown): void;
}

const plan = new PlanWriter();

/**
 * Requests of one protocol on one namespace. What is asked in one tick goes out in one system
 * call; while that is on its way, later requests gather for the next, so that their order is kept
 * and the socket has one user at a time. The socket was opened inside the namespace and is kept:
 * nothing changes namespace after the first call.
 */
export class Channel {
  readonly #inside: Inside;
  readonly #family: number;
  // One socket for the lanes, one for this thread: answers on a shared one would get mixed up.
  #socket = -1;
  #syncSocket = -1;
  #queue: Call[] = [];
  #scheduled = false;
  #busy = false;
  #ticket = -1;
  #sent: Transaction | undefined;

  constructor(inside: Inside, family: number) {
    this.#inside = inside;
    this.#family = family;
  }

  /** The socket inside, for a plan of the library's own while nobody else has the handle; -1: none. */
  get socket(): number {
    return this.#socket;
  }

  /** Takes a socket that was opened inside, so that the first call need not. */
  adopt(fd: number): void {
    if (this.#inside.keep(fd)) this.#socket = fd;
  }

  /** Uses a socket that the namespace's handle keeps already. */
  lend(fd: number): void {
    this.#socket = fd;
  }

  /** Sends a request together with the others of this tick; one with options goes alone. */
  run<T>(request: Request<T>, options?: CallOptions): Promise<T> {
    if (options !== undefined) return this.batch([request], options).then(([value]) => value as T);
    return new Promise<T>((resolve, reject) => {
      this.#inside.check(request.operation);
      const settle = resolve as (value: unknown) => void;
      this.#enqueue({ requests: [request], alone: false, resolve: settle, reject });
    }).catch(located);
  }

  /**
   * Sends requests together, in order. Rejects with the first error: what the kernel got in the
   * same system call is done all the same, what comes later is not sent.
   */
  async batch(
    requests: readonly Request<unknown>[],
    options: CallOptions = {},
  ): Promise<unknown[]> {
    this.#inside.check(requests[0]?.operation ?? 'batch');
    checkCallOptions(options);
    if (requests.length === 0) return [];
    const operation = requests.length === 1 ? requests[0].operation : 'batch';
    return limited(operation, options, () => {
      let call: Call | undefined;
      const promise = new Promise<unknown[]>((resolve, reject) => {
        call = { requests, alone: true, resolve: resolve as (value: unknown) => void, reject };
        this.#enqueue(call);
      });
      return { promise, cancel: () => this.#cancel(call) };
    }).catch(located);
  }

  /** Runs an operation of two rounds. */
  async compose<T, A>(composed: Composed<T, A>, options?: CallOptions): Promise<T> {
    const answer = await this.run(composed.first, options);
    const next = composed.next(answer);
    return composed.result(answer, next.length > 0 ? await this.batch(next, options) : []);
  }

  runSync<T>(request: Request<T>): T {
    return this.batchSync([request])[0] as T;
  }

  batchSync(requests: readonly Request<unknown>[]): unknown[] {
    this.#inside.check(requests[0]?.operation ?? 'batch');
    if (requests.length === 0) return [];
    const transaction = new Transaction(this.#inside.label, (fd) => {
      this.#syncSocket = this.#inside.keep(fd) ? fd : -1;
    });
    for (const request of requests) transaction.add(request);
    plan.reset();
    const first = this.#syncSocket < 0;
    transaction.write(plan, first ? this.#open() : this.#syncSocket);
    transaction.begin();
    (first ? runSync : runHere)(plan, transaction);
    if ((transaction.error ?? transaction.unread) !== undefined) throw withFailures(transaction);
    return transaction.values;
  }

  composeSync<T, A>(composed: Composed<T, A>): T {
    const answer = this.runSync(composed.first);
    const next = composed.next(answer);
    return composed.result(answer, next.length > 0 ? this.batchSync(next) : []);
  }

  #enqueue(call: Call): void {
    this.#queue.push(call);
    if (this.#scheduled || this.#busy) return;
    this.#scheduled = true;
    queueMicrotask(this.#flush);
  }

  /** Whether the kernel had begun. */
  #cancel(call: Call | undefined): boolean {
    const at = call === undefined ? -1 : this.#queue.indexOf(call);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      return false;
    }
    if (cancel(this.#ticket) !== 'never') return true;
    this.#sent?.end();
    this.#busy = false;
    this.#inside.end();
    this.#flush();
    return false;
  }

  #open(): number {
    this.#inside.enter(plan);
    const slot = plan.slot();
    plan.socket(slot, AF_NETLINK, SOCK_RAW, this.#family, 0);
    plan.export(slot);
    return ~slot;
  }

  #flush = (): void => {
    this.#scheduled = false;
    while (this.#queue.length > 0 && !this.#busy) {
      const calls: Call[] = [];
      const transaction = new Transaction(
        this.#inside.label,
        (fd) => {
          if (this.#inside.keep(fd)) this.#socket = fd;
        },
        (done) => {
          this.#busy = false;
          this.#inside.end();
          settle(done, calls);
          if (!this.#busy) this.#flush();
        },
      );
      this.#take(transaction, calls);
      if (calls.length === 0) continue;
      this.#busy = true;
      this.#inside.begin();
      plan.reset();
      transaction.write(plan, this.#socket < 0 ? this.#open() : this.#socket);
      transaction.begin();
      this.#sent = transaction;
      this.#ticket = submit(plan, transaction);
    }
  };

  /** Moves calls from the queue into the transaction, as many as may travel together. */
  #take(transaction: Transaction, calls: Call[]): void {
    const { messages } = transaction;
    let taken = 0;
    for (const call of this.#queue) {
      // A file that can't be opened ends the plan: whoever names one goes alone.
      if (calls.length > 0 && (call.alone || calls[0].alone || messages.paths.length > 0)) break;
      const added = this.#add(transaction, call);
      if (added && calls.length > 0 && messages.paths.length > 0) {
        transaction.removeLast();
        break;
      }
      taken++;
      if (added) calls.push(call);
    }
    this.#queue.splice(0, taken);
    // Each is on its own: what one does wrong stops no other.
    if (calls.length > 1) {
      for (let i = 0; i < messages.count; i++) messages.flags[i] |= MESSAGE_OPTIONAL;
    }
  }

  // What a request's `write` throws is a bad argument of that caller alone.
  #add(transaction: Transaction, call: Call): boolean {
    const count = transaction.requests.length;
    try {
      this.#inside.check(call.requests[0].operation);
      for (const request of call.requests) transaction.add(request);
      return true;
    } catch (error) {
      while (transaction.requests.length > count) transaction.removeLast();
      call.reject(error);
      return false;
    }
  }
}

function settle(done: Transaction, calls: readonly Call[]): void {
  if (calls[0].alone) {
    if ((done.error ?? done.unread) === undefined) calls[0].resolve(done.values);
    else calls[0].reject(withFailures(done));
    return;
  }
  for (let i = 0; i < calls.length; i++) {
    const error = done.errors[i] ?? done.error;
    if (error === undefined) calls[i].resolve(done.values[i]);
    else calls[i].reject(error);
  }
}

/** The error of a batch, with all that failed in it. */
function withFailures(transaction: Transaction): unknown {
  const { errors, requests } = transaction;
  const error = transaction.error ?? transaction.unread;
  if (error === undefined || requests.length === 1) return error;
  const failures = errors.flatMap((each, request) =>
    each === undefined ? [] : [{ request, error: each }],
  );
  // Not enumerable: the first of them is this very error.
  return Object.defineProperty(error, 'failures', { value: failures });
}
