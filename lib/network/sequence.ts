import { NetlinkError } from '../errors.ts';
import { failure } from '../netlink/failure.ts';
import { type Completion, submit } from '../netlink/lane.ts';
import { PlanWriter } from '../netlink/plan.ts';
import type { Request } from '../netlink/request.ts';
import { syscallOf } from '../netlink/result.ts';
import { Made } from '../netlink/task.ts';
import { Transaction } from '../netlink/transaction.ts';
import { type Course, isGivenUp } from './course.ts';
import type { Host, Loan } from './host.ts';

/** What a sequence writes, what it answers, and what its failures mean. */
export interface SequenceOf<T> {
  operation: string;
  /** How errors name the namespace. */
  label: string;
  write(steps: Sequence<T>): void;
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
export class Sequence<T> implements Completion {
  /** What steps are written to. */
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

  /** The host's sockets, for as long as the plan runs. Before all other steps. */
  lend(host: Host, netfilter: boolean): Loan {
    this.#loan = host.lend(plan, netfilter);
    return this.#loan;
  }

  /** Sends requests that are only acknowledged. */
  send(fd: number, requests: readonly Request<void>[], flags = 0): void {
    if (requests.length === 0) return;
    const transaction = this.#add(requests);
    if (flags === 0) transaction.write(plan, fd);
    else plan.transact(fd, transaction.messages, 0, 1, flags);
    this.#parts.push({ transaction, step: plan.steps - 1 });
  }

  /** Takes back what the step before has done, should a later one fail. */
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

/**
 * Runs a sequence on a lane.
 * @param course of an operation that may be given up: before the sequence has begun it is never
 * run; behind that it stops before its next step, is undone, and rejects with ECANCELED
 */
export function runSequence<T>(of: SequenceOf<T>, course?: Course): Promise<T> {
  course?.check();
  const done = new Promise<T>((resolve, reject) => {
    const sequence = new Sequence(of, resolve, reject);
    plan.reset();
    try {
      of.write(sequence);
    } catch (error) {
      sequence.abandon();
      throw error;
    }
    const ticket = submit(plan, sequence);
    course?.submitted(ticket, (error) => {
      sequence.abandon();
      reject(error);
    });
  });
  return course === undefined ? done : done.finally(() => course.completed());
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
