import { type FSWatcher, mkdirSync, readdirSync, statSync, watch } from 'node:fs';
import { nameExists, pathOf, RUN_DIR } from './names.ts';

/** A name that came or went. */
export interface NetNsEvent {
  type: 'add' | 'delete';
  name: string;
}

/**
 * Watches /run/netns by inotify, as `ip netns monitor` does. The watch stands once the first
 * `next` is called; it ends with the signal or with the loop that reads it.
 */
export class NameWatch implements AsyncIterableIterator<NetNsEvent> {
  readonly #watcher: FSWatcher;
  readonly #events: NetNsEvent[] = [];
  readonly #signal: AbortSignal | undefined;
  // Names that exist, as far as the events told so far; true: it may be that its event is to come.
  readonly #known = new Map<string, boolean>();
  #waiting: { resolve(result: IteratorResult<NetNsEvent>): void; reject(error: unknown): void }[] =
    [];
  #error: unknown;
  #ended = false;

  constructor(signal?: AbortSignal) {
    signal?.throwIfAborted();
    mkdirSync(RUN_DIR, { recursive: true, mode: 0o755 });
    const began = Date.now();
    this.#watcher = watch(RUN_DIR, (event, name) => {
      if (event === 'rename' && name !== null) this.#changed(name);
    });
    this.#watcher.on('error', (error) => this.#end(error));
    for (const name of readdirSync(RUN_DIR)) {
      const made = statSync(pathOf(name), { throwIfNoEntry: false })?.ctimeMs ?? 0;
      this.#known.set(name, made >= began - 10);
    }
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<NetNsEvent>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<NetNsEvent>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  // Making and removing a name alternate, and each is one event, so the last state tells what the
  // event was even where the file has changed again meanwhile.
  #changed(name: string): void {
    const before = this.#known.get(name);
    if (before === true && nameExists(name)) {
      this.#known.set(name, false);
      return;
    }
    if (before === undefined) this.#known.set(name, false);
    else this.#known.delete(name);
    this.#emit({ type: before === undefined ? 'add' : 'delete', name });
  }

  #emit(event: NetNsEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#events.push(event);
    else waiting.resolve({ done: false, value: event });
  }

  #abort = (): void => this.#end(this.#signal?.reason);

  #end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watcher.close();
    this.#signal?.removeEventListener('abort', this.#abort);
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) this.#error = error;
    waiting.forEach((each, i) => {
      if (i === 0 && error !== undefined) each.reject(error);
      else each.resolve({ done: true, value: undefined });
    });
  }
}
