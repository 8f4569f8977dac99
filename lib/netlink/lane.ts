import { type Addon, addon } from '../native.ts';
import type { PlanWriter } from './plan.ts';

/** What waits for a plan. `complete` must take what it needs of `result` before it returns. */
export interface Completion {
  /**
   * @param errno 0, or the negative error number of the first step that failed
   * @param step the position of that step in the plan
   * @param message the position of the message in that step, where the step sends messages
   * @param result descriptors and records, `length` bytes of it: see result.ts
   */
  complete(errno: number, step: number, message: number, result: Uint8Array, length: number): void;
}

const waiting = new Map<number, Completion>();
let started: Addon | undefined;

function start(): Addon {
  addon.start((ticket, errno, step, message, result, length) => {
    const completion = waiting.get(ticket);
    waiting.delete(ticket);
    completion?.complete(errno, step, message, result, length);
  });
  started = addon;
  return addon;
}

/** Hands a plan to a lane, a native thread that may change namespace; returns its ticket. */
export function submit(plan: PlanWriter, completion: Completion): number {
  return submitBytes(plan.bytes, plan.finish(), completion);
}

/** The same of a plan that was written before: its first `length` bytes are copied. */
export function submitBytes(bytes: Uint8Array, length: number, completion: Completion): number {
  const ticket = (started ?? start()).submit(bytes, length);
  waiting.set(ticket, completion);
  return ticket;
}

/**
 * Gives a plan up. 'never': it had not begun, will not run, and nothing is completed. 'running':
 * it is stopped before its next step, undone, and completed as ever. 'done': it is completed.
 */
export function cancel(ticket: number): 'never' | 'running' | 'done' {
  const state = (started ?? start()).cancel(ticket);
  if (state === 'never') waiting.delete(ticket);
  return state;
}

/** Runs a plan on a lane and waits for it, blocking this thread. */
export function runSync(plan: PlanWriter, completion: Completion): void {
  const at = (started ?? start()).runSync(plan.bytes, plan.finish());
  completion.complete(at.errno, at.step, at.message, at.result, at.length);
}

/** Runs a plan that changes no namespace on this very thread: no hop, for sockets that are kept. */
export function runHere(plan: PlanWriter, completion: Completion): void {
  const at = (started ?? start()).transactSync(plan.bytes, plan.finish());
  completion.complete(at.errno, at.step, at.message, at.result, at.length);
}
