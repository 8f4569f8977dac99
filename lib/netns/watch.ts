import { checkKeys, object } from '../check.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import { Subscription } from '../netlink/subscription.ts';
import type { NetNs } from './netns.ts';
import { stateOf } from './state.ts';
import { event, eventsIn, TOPICS, type TopicEvent, type TopicName } from './topics.ts';

/** What a watch tells: changes, and that some were lost; the present state follows at once. */
export type WatchEvent = TopicEvent | { type: 'overrun' };

export interface WatchOptions {
  /** Ends the watch: the loop ends with the signal's reason as its error. */
  signal?: AbortSignal;
  /** Tells of all namespaces that have an id in this one too; events of those carry `nsid`. */
  allNsids?: boolean;
  /** Only events for which this answers true. An overrun is always told. */
  where?: (event: TopicEvent) => boolean;
}

const OPTIONS = new Set(['signal', 'allNsids', 'where']);

/**
 * Changes in a namespace, as an async iterable. It begins with the call: what happens from then
 * on is told. Ends by its signal, by leaving the loop, and with the handle of the namespace.
 */
export class Watch implements AsyncIterableIterator<WatchEvent> {
  readonly #ns: NetNs;
  readonly #topics: readonly TopicName[];
  readonly #options: WatchOptions;
  readonly #opening: Promise<Subscription>;
  #queue: WatchEvent[] = [];
  // Calls of next() are answered one after the other.
  #turn: Promise<unknown> = Promise.resolve();
  #aborted = false;
  #done = false;

  constructor(ns: NetNs, topics: readonly TopicName[], options: WatchOptions) {
    this.#ns = ns;
    this.#topics = topics;
    this.#options = options;
    const groups = new Set(topics.flatMap((name) => TOPICS[name].groups));
    this.#opening = Subscription.open(ns.hold, 0, [...groups], options);
    const self = new WeakRef(this);
    this.#opening.then(
      (subscription) => abandoned.register(this, subscription, this),
      () => {},
    );
    options.signal?.addEventListener('abort', () => self.deref()?.abort(), { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves when the kernel has been told to report: what happens afterwards is heard. */
  async ready(): Promise<this> {
    await this.#opening;
    return this;
  }

  next(): Promise<IteratorResult<WatchEvent>> {
    const turn = this.#turn.then(() => this.#take());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async return(): Promise<IteratorResult<WatchEvent>> {
    await this.#end();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  /** @internal */
  abort(): void {
    this.#aborted = true;
    this.#opening.then(
      (subscription) => subscription.close(),
      () => {},
    );
  }

  async #take(): Promise<IteratorResult<WatchEvent>> {
    if (this.#done) return { done: true, value: undefined };
    const subscription = await this.#opening;
    for (;;) {
      if (this.#aborted) {
        await this.#end();
        throw this.#options.signal?.reason;
      }
      const queued = this.#queue.shift();
      if (queued !== undefined) return { done: false, value: queued };
      if (subscription.closed) {
        await this.#end();
        return { done: true, value: undefined };
      }
      const heard = subscription.take();
      if (heard === undefined) await subscription.wait();
      else if (heard.lost) await this.#resync();
      else this.#accept(eventsIn(this.#topics, heard.bytes, heard.view, heard.nsid));
    }
  }

  #accept(events: TopicEvent[]): void {
    const { where } = this.#options;
    this.#queue = where === undefined ? events : events.filter(where);
  }

  /** Events were lost: say so, and how things stand now. */
  async #resync(): Promise<void> {
    const state: TopicEvent[] = [];
    for (const name of this.#topics) {
      for (const found of await stateOf(this.#ns.channel, name)) {
        state.push(event('new', name, found, undefined, true));
      }
    }
    this.#accept(state);
    this.#queue.unshift({ type: 'overrun' });
  }

  async #end(): Promise<void> {
    this.#done = true;
    this.#queue = [];
    abandoned.unregister(this);
    const subscription = await this.#opening.catch(() => undefined);
    subscription?.close();
  }
}

/** Watches that were dropped in the middle: their sockets are closed with them. */
const abandoned = new FinalizationRegistry<Subscription>((subscription) => subscription.close());

/** Begins to watch `topics`, or all there are. */
export function watch(
  ns: NetNs,
  topics: readonly TopicName[] | undefined,
  options: WatchOptions,
): Watch {
  checkKeys('options', object('options', options), OPTIONS);
  if (options.signal !== undefined) checkCallOptions({ signal: options.signal });
  options.signal?.throwIfAborted();
  const names = topics ?? (Object.keys(TOPICS) as TopicName[]);
  if (!Array.isArray(names)) throw invalidType('topics', topics, 'an array of topics');
  names.forEach((name, i) => {
    if (!Object.hasOwn(TOPICS, name)) {
      throw invalidValue(`topics[${i}]`, name, `one of ${Object.keys(TOPICS).join(', ')}`);
    }
  });
  ns.hold.check('netns.watch');
  return new Watch(ns, names, options);
}
