import { NetlinkError } from '../errors.ts';
import { failure, located } from '../netlink/failure.ts';
import { type Completion, submit, submitBytes } from '../netlink/lane.ts';
import { PlanWriter } from '../netlink/plan.ts';
import type { Request } from '../netlink/request.ts';
import { syscallOf } from '../netlink/result.ts';
import { Made } from '../netlink/task.ts';
import { Transaction } from '../netlink/transaction.ts';
import { type Course, isGivenUp } from './course.ts';
import type { Host, Loan } from './host.ts';

/** Where a sequence is written to. */
export interface Steps {
  readonly plan: PlanWriter;
  /** The host's sockets, for as long as the plan runs. Before all other steps. */
  lend(host: Host, netfilter: boolean): Loan;
  /** Sends requests that are only acknowledged. */
  send(fd: number, requests: readonly Request<void>[], flags?: number): void;
  /** Takes back what the step before has done, should a later one fail. */
  undo(fd: number, requests: readonly Request<void>[]): void;
}

/** What a sequence writes, what it answers, and what its failures mean. */
export interface SequenceOf<T> {
  operation: string;
  /** How errors name the namespace. */
  label: string;
  write(steps: Steps): void;
  read(made: Made): T;
  /** Turns the error of the step that failed into one that says more. */
  explain?(error: Error & { code?: string }, step: number): Error;
}

const plan = new PlanWriter();

/** A step that sends messages, and its place in the plan. */
interface Part {
  readonly transaction: Transaction;
  readonly step: number;
}

/**
 * A plan of several steps that speak netlink, run in one hop: the change of a network as a whole.
 * Its errors are as good as those of a single request.
 */
class Sequence<T> implements Completion, Steps {
  readonly plan = plan;
  readonly #of: SequenceOf<T>;
  readonly #parts: Part[] = [];
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  #loan: Loan | undefined;

  constructor(of: SequenceOf<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.#of = of;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  lend(host: Host, netfilter: boolean): Loan {
    this.#loan = host.lend(plan, netfilter);
    return this.#loan;
  }

  send(fd: number, requests: readonly Request<void>[], flags = 0): void {
    if (requests.length === 0) return;
    const transaction = this.#add(requests);
    if (flags === 0) transaction.write(plan, fd);
    else plan.transact(fd, transaction.messages, 0, 1, flags);
    this.#parts.push({ transaction, step: plan.steps - 1 });
  }

  undo(fd: number, requests: readonly Request<void>[]): void {
    this.send(fd, requests, plan.UNDO | plan.IGNORE);
  }

  #add(requests: readonly Request<void>[]): Transaction {
    const transaction = new Transaction(this.#of.label, () => {});
    for (const request of requests) transaction.add(request);
    return transaction;
  }

  complete(errno: number, step: number, message: number, bytes: Uint8Array, length: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const made = errno === 0 ? new Made(view, length) : undefined;
    this.#loan?.end(made);
    let error: (Error & { code?: string }) | undefined;
    for (const part of this.#parts) {
      if (errno !== 0 && part.step === step) {
        part.transaction.complete(errno, step, message, bytes, length);
        error = part.transaction.error;
      } else {
        part.transaction.complete(0, -1, -1, NOTHING, NOTHING.length);
      }
    }
    try {
      if (made !== undefined) {
        this.#resolve(this.#of.read(made));
        return;
      }
      const { operation, label } = this.#of;
      error ??= failure(errno, { operation, netns: label, syscall: syscallOf(view, step, length) });
      this.#reject(this.#of.explain?.(error, step) ?? error);
    } catch (unexpected) {
      this.#reject(unexpected);
    }
  }

  /** Gives back what was taken when writing the plan threw. */
  abandon(): void {
    this.#loan?.end(undefined);
    for (const { transaction } of this.#parts)
      transaction.complete(0, -1, -1, NOTHING, NOTHING.length);
  }
}

/** A result with no descriptors and no records. */
const NOTHING = new Uint8Array(4);

/** The bytes of a sequence's plan; nothing is run. */
export function writeSequence(of: SequenceOf<unknown>): Uint8Array {
  const sequence = new Sequence<unknown>(of, ignore, ignore);
  plan.reset();
  try {
    of.write(sequence);
    return plan.bytes.slice(0, plan.finish());
  } finally {
    sequence.abandon();
  }
}

const ignore = (): void => undefined;

/** A sequence whose plan was there already: it is written out only to tell what failed. */
class Prepared<T> implements Completion {
  readonly #of: SequenceOf<T>;
  readonly #host: Host;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    of: SequenceOf<T>,
    host: Host,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#of = of;
    this.#host = host;
    this.#resolve = resolve;
    this.#reject = reject;
    host.begin();
  }

  complete(errno: number, step: number, message: number, bytes: Uint8Array, length: number): void {
    this.abandon();
    try {
      if (errno === 0) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, length);
        this.#resolve(this.#of.read(new Made(view, length)));
        return;
      }
      const sequence = new Sequence(this.#of, this.#resolve, this.#reject);
      plan.reset();
      this.#of.write(sequence);
      sequence.complete(errno, step, message, bytes, length);
    } catch (unexpected) {
      this.#reject(unexpected);
    }
  }

  abandon(): void {
    this.#host.end();
  }
}

/** A plan that stands ready, and the host whose sockets it uses. */
export interface Ready {
  readonly bytes: Uint8Array;
  readonly host: Host;
}

/**
 * Runs a sequence on a lane.
 * @param course of an operation that may be given up: before the sequence has begun it is never
 * run; behind that it stops before its next step, is undone, and rejects with ECANCELED
 * @param ready the plan that `of` would write
 */
export function runSequence<T>(of: SequenceOf<T>, course?: Course, ready?: Ready): Promise<T> {
  course?.check();
  const done = new Promise<T>((resolve, reject) => {
    const running =
      ready === undefined ? written(of, resolve, reject) : prepared(of, ready, resolve, reject);
    course?.submitted(running.ticket, (error) => {
      running.sequence.abandon();
      reject(error);
    });
  });
  const told = done.catch(located);
  return course === undefined ? told : told.finally(() => course.completed());
}

interface Running {
  readonly ticket: number;
  readonly sequence: { abandon(): void };
}

function written<T>(
  of: SequenceOf<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Running {
  const sequence = new Sequence(of, resolve, reject);
  plan.reset();
  try {
    of.write(sequence);
  } catch (error) {
    sequence.abandon();
    throw error;
  }
  return { ticket: submit(plan, sequence), sequence };
}

function prepared<T>(
  of: SequenceOf<T>,
  { bytes, host }: Ready,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Running {
  const sequence = new Prepared(of, host, resolve, reject);
  return { ticket: submitBytes(bytes, bytes.length, sequence), sequence };
}

/** Runs one that takes something away: once begun it goes on to its end, given up or not. */
export async function finishSequence<T>(of: SequenceOf<T>, course?: Course): Promise<T> {
  if (course === undefined) return runSequence(of);
  try {
    return await runSequence(of, course);
  } catch (error) {
    const stopped = error instanceof NetlinkError && error.code === 'ECANCELED';
    if (!course.over || !stopped || isGivenUp(error)) throw error;
    return runSequence(of);
  }
}
