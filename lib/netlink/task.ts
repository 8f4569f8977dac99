import { failure, located, type Where } from './failure.ts';
import { type Completion, cancel, runSync, submit } from './lane.ts';
import { limited } from './limits.ts';
import { PlanWriter } from './plan.ts';
import type { CallOptions } from './request.ts';
import { dataAt, exported, syscallOf } from './result.ts';

/** What a plan made, readable while it is completed. */
export class Made {
  readonly #view: DataView;
  readonly #length: number;

  constructor(view: DataView, length: number) {
    this.#view = view;
    this.#length = length;
  }

  /** The only descriptor that a plan exports. */
  firstFd(): number {
    return exported(this.#view) > 0 ? this.#view.getInt32(8, true) : -1;
  }

  /** The descriptor in a slot that the plan exports; -1 where it has none. */
  fd(slot: number): number {
    for (let i = 0; i < exported(this.#view); i++) {
      if (this.#view.getInt32(4 + i * 8, true) === slot)
        return this.#view.getInt32(8 + i * 8, true);
    }
    return -1;
  }

  /** What a step read: a view on it, valid until the completion returns. */
  data(step: number): Uint8Array {
    return dataAt(this.#view, step, this.#length);
  }

  number(step: number): number {
    const data = this.data(step);
    return new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  }

  bigint(step: number): bigint {
    const data = this.data(step);
    return new DataView(data.buffer, data.byteOffset).getBigUint64(0, true);
  }

  text(step: number): string {
    return Buffer.from(this.data(step)).toString();
  }
}

/** A plan to be run: what it writes, what it answers, and how its failure is told. */
export interface Plan<T> extends Where {
  write(plan: PlanWriter): void;
  read(made: Made): T;
  /** What a failure of the plan's `step` means to a person. */
  explain?(errno: number, step: number): string | undefined;
}

const writer = new PlanWriter();

/** Reads a completed plan: its answer, or the error of the step that failed. */
function outcome<T>(
  plan: Plan<T>,
  errno: number,
  step: number,
  bytes: Uint8Array,
  length: number,
): T {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (errno === 0) return plan.read(new Made(view, length));
  throw failure(errno, {
    operation: plan.operation,
    netns: plan.netns,
    syscall: syscallOf(view, step, length),
    hint: plan.explain?.(errno, step) ?? plan.hint,
  });
}

class Task<T> implements Completion {
  readonly #plan: Plan<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(plan: Plan<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.#plan = plan;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  complete(errno: number, step: number, _message: number, bytes: Uint8Array, length: number): void {
    try {
      this.#resolve(outcome(this.#plan, errno, step, bytes, length));
    } catch (error) {
      this.#reject(error);
    }
  }
}

/**
 * Runs a plan on a lane.
 * @param discard takes what a plan made that was given up before it was done
 */
export function run<T>(
  plan: Plan<T>,
  options?: CallOptions,
  discard?: (late: T) => void,
): Promise<T> {
  let ticket = -1;
  const begin = (): Promise<T> =>
    new Promise((resolve, reject) => {
      writer.reset();
      plan.write(writer);
      ticket = submit(writer, new Task(plan, resolve, reject));
    });
  if (options?.signal === undefined && options?.timeout === undefined) {
    return begin().catch(located);
  }
  return limited(
    plan.operation,
    options,
    () => ({ promise: begin(), cancel: () => cancel(ticket) !== 'never' }),
    discard,
  ).catch(located);
}

/** Runs a plan on a lane and waits for it. */
export function runNow<T>(plan: Plan<T>): T {
  writer.reset();
  plan.write(writer);
  let value: T | undefined;
  let error: unknown;
  runSync(
    writer,
    new Task<T>(
      plan,
      (made) => {
        value = made;
      },
      (failed) => {
        error = failed;
      },
    ),
  );
  if (error !== undefined) throw error;
  return value as T;
}
