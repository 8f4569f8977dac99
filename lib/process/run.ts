import { types } from 'node:util';
import { invalidType, invalidValue } from '../errors.ts';
import type { NetNs } from '../netns/netns.ts';
import { inside } from './inside.ts';

/** What `ns.run` takes: a function whose result is no promise. */
export type Synchronous<T> =
  T extends PromiseLike<unknown>
    ? 'ns.run takes a synchronous function: what is awaited would run outside of the namespace'
    : T;

/** `ns.run`: see install.ts. */
export function run<T>(ns: NetNs, body: () => Synchronous<T>): T {
  if (typeof body !== 'function') throw invalidType('body', body, 'a function');
  if (types.isAsyncFunction(body)) {
    throw invalidType('body', body, 'a synchronous function: an async one would go on outside');
  }
  const result: unknown = inside(ns, 'netns.run', body);
  if (isThenable(result)) {
    throw invalidValue(
      "body's result",
      result,
      'no promise: what it waits for runs outside of the namespace (ns.connect, ns.listen and NetNsWorker do not)',
    );
  }
  return result as T;
}

function isThenable(value: unknown): boolean {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
