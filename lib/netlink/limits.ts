import { integer, object } from '../check.ts';
import { invalidType, NetlinkError } from '../errors.ts';
import type { CallOptions } from './request.ts';

/** Why a call was given up, as the error its caller gets. */
function givenUp(operation: string, options: CallOptions, started: boolean): NetlinkError {
  const state = started ? 'the kernel had begun and finishes it' : 'nothing was sent to the kernel';
  if (options.signal?.aborted) {
    return new NetlinkError(`${operation}: aborted by its signal; ${state}`, {
      code: 'ABORT_ERR',
      started,
      cause: options.signal.reason,
    });
  }
  return new NetlinkError(`${operation}: not done within ${options.timeout} ms; ${state}`, {
    code: 'ETIMEDOUT',
    started,
  });
}

export function checkCallOptions(options: CallOptions): void {
  object('options', options);
  if (options.timeout !== undefined) integer('options.timeout', options.timeout, 1, 0x7fffffff);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw invalidType('options.signal', options.signal, 'an AbortSignal');
  }
}

/** An operation that can be given up: `cancel` says whether the kernel had begun. */
export interface Cancellable<T> {
  promise: Promise<T>;
  cancel(): boolean;
}

/**
 * Runs an operation under a signal and a timeout. What it makes after it was given up goes to
 * `discard`, so that nothing is held by nobody.
 */
export function limited<T>(
  operation: string,
  options: CallOptions,
  begin: () => Cancellable<T>,
  discard?: (late: T) => void,
): Promise<T> {
  const { signal, timeout } = options;
  if (signal?.aborted) return Promise.reject(givenUp(operation, options, false));
  return new Promise<T>((resolve, reject) => {
    let over = false;
    const running = begin();
    const giveUp = (): void => {
      if (over) return;
      over = true;
      release();
      reject(givenUp(operation, options, running.cancel()));
    };
    const timer = timeout === undefined ? undefined : setTimeout(giveUp, timeout);
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    running.promise.then(
      (value) => {
        if (over) return discard?.(value);
        over = true;
        release();
        resolve(value);
      },
      (error) => {
        if (over) return;
        over = true;
        release();
        reject(error);
      },
    );
  });
}
