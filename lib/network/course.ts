import { NetlinkError } from '../errors.ts';
import { cancel } from '../netlink/lane.ts';
import { checkCallOptions, limited } from '../netlink/limits.ts';
import type { CallOptions } from '../netlink/request.ts';

/** Ends what was given up on its way back to the caller, who has been told already. */
class GivenUp extends NetlinkError {
  constructor() {
    super('given up', { code: 'ECANCELED' });
  }
}

const NONE = -1;

/**
 * The course of an operation that its caller may give up: which of its plans is on its way, and
 * whether the kernel has begun. Operations without `{ signal, timeout }` have none.
 */
export class Course {
  #ticket = NONE;
  #drop: ((error: Error) => void) | undefined;
  #started = false;
  #over = false;

  /** Given up: nothing more is begun. */
  get over(): boolean {
    return this.#over;
  }

  /** Given up before it had begun: it will not be done. */
  get never(): boolean {
    return this.#over && !this.#started;
  }

  /** Something of the operation has been done, or is on its way: from here on it is told as begun. */
  begin(): void {
    this.#started = true;
  }

  /** Ends the operation here where it was given up. */
  check(): void {
    if (this.#over) throw new GivenUp();
  }

  /**
   * A plan waits for a lane, or runs.
   * @param drop is told where it will never run
   */
  submitted(ticket: number, drop: (error: Error) => void): void {
    this.#ticket = ticket;
    this.#drop = drop;
  }

  /** The plan has come to its end. */
  completed(): void {
    if (this.#ticket === NONE) return;
    this.#ticket = NONE;
    this.#started = true;
  }

  /** Gives the operation up; whether the kernel had begun. */
  cancel(): boolean {
    this.#over = true;
    if (this.#ticket === NONE) return this.#started;
    const state = cancel(this.#ticket);
    this.#ticket = NONE;
    if (state === 'never') this.#drop?.(new GivenUp());
    else this.#started = true;
    return this.#started;
  }
}

/** Whether this is the end of an operation that was given up before it had begun. */
export const isGivenUp = (error: unknown): boolean => error instanceof GivenUp;

const ignore = (): void => undefined;

/** The operations that were given up and are still on their way to their end. */
export class Courses {
  readonly #late = new Set<Promise<void>>();

  /**
   * Runs an operation under its caller's limits. What is made of it after it was given up goes to
   * `discard`, so that nothing is held by nobody.
   */
  run<T>(
    operation: string,
    options: CallOptions | undefined,
    begin: (course?: Course) => Promise<T>,
    discard: (late: T) => unknown = ignore,
  ): Promise<T> {
    if (options === undefined) return begin();
    checkCallOptions(options);
    const { signal, timeout } = options;
    if (signal === undefined && timeout === undefined) return begin();
    return limited(operation, { signal, timeout }, () => {
      const course = new Course();
      const promise = begin(course);
      const giveUp = (): boolean => {
        const late: Promise<void> = promise
          .then(discard)
          .then(ignore, ignore)
          .finally(() => this.#late.delete(late));
        this.#late.add(late);
        return course.cancel();
      };
      return { promise, cancel: giveUp };
    });
  }

  /** Whether anything that was given up is still on its way. */
  get late(): boolean {
    return this.#late.size > 0;
  }

  /** Resolves when all that was given up so far has come to its end: what it holds is free then. */
  async settled(): Promise<void> {
    if (this.late) await Promise.all(this.#late);
  }
}
