import type { Channel } from '../netlink/channel.ts';
import type { CallOptions, Composed, Request } from '../netlink/request.ts';

/** An operation's arguments, and how long it may take. */
type WithOptions<A extends unknown[]> = A | [...A, options: CallOptions];

/** What the operation of a maker answers. */
type Answer<R> = R extends { read(...args: never[]): infer T }
  ? T
  : R extends { result(...args: never[]): infer T }
    ? T
    : never;

/** The operations of makers, run on a namespace; each takes `{ signal, timeout }` last. */
export type Face<M> = {
  [K in keyof M]: M[K] extends (...args: infer A) => infer R
    ? (...args: WithOptions<A>) => Promise<Answer<R>>
    : never;
};

/** The same operations, each at once on the calling thread. */
export type SyncFace<M> = {
  [K in keyof M]: M[K] extends (...args: infer A) => infer R ? (...args: A) => Answer<R> : never;
};

/** What a face runs on. */
export interface Speaker {
  readonly channel: Channel;
}

type Asked = Request<unknown> | Composed<unknown>;
type Maker = (...args: unknown[]) => Asked;
type Method = (this: { speaker: Speaker }, ...args: unknown[]) => unknown;

const isComposed = (asked: Asked): asked is Composed<unknown> => 'first' in asked;

/** Whether the last argument is the call's own options: an object with nothing but those. */
export function isCallOptions(value: unknown): value is CallOptions {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key === 'signal' || key === 'timeout');
}

/** Every operation is written once, as a maker of requests: this is its asynchronous face. */
function asyncMethod(make: Maker): Method {
  return function run(...args) {
    try {
      const options = isCallOptions(args.at(-1)) ? (args.pop() as CallOptions) : undefined;
      const asked = make(...args);
      const { channel } = this.speaker;
      return isComposed(asked) ? channel.compose(asked, options) : channel.run(asked, options);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** And this its synchronous one. */
function syncMethod(make: Maker): Method {
  return function run(...args) {
    const asked = make(...args);
    const { channel } = this.speaker;
    return isComposed(asked) ? channel.composeSync(asked) : channel.runSync(asked);
  };
}

/** Makes the faces of one object: the methods are made once, and shared by all namespaces. */
function faceMaker<F>(makers: object, method: (make: Maker) => Method): (speaker: Speaker) => F {
  const methods: Record<string, Method> = {};
  for (const [name, make] of Object.entries(makers)) methods[name] = method(make as Maker);
  return (speaker) => Object.assign(Object.create(methods), { speaker }) as F;
}

export const asyncFaces = <M extends object>(makers: M): ((speaker: Speaker) => Face<M>) =>
  faceMaker(makers, asyncMethod);

export const syncFaces = <M extends object>(makers: M): ((speaker: Speaker) => SyncFace<M>) =>
  faceMaker(makers, syncMethod);
