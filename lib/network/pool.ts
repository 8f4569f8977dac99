import type { EndpointState } from './endpoint.ts';

/** What the pool needs of its network. */
export interface PoolSource {
  /** Makes an endpoint that nobody has asked for yet. */
  make(): Promise<EndpointState>;
  /** Takes one away again. */
  discard(state: EndpointState): Promise<void>;
  /** Resolves when no attach is on its way. */
  idle(): Promise<void>;
}

/** What a pool holds and has done. */
export interface PoolStats {
  /** Endpoints that can be taken now. */
  ready: number;
  /** Being made now. */
  making: number;
  /** Made ahead so far. */
  made: number;
  /** Taken so far. */
  taken: number;
  /** Attaches that found a standing pool empty. */
  missed: number;
  /** Could not be made. */
  failed: number;
  /** Given back and kept. */
  recycled: number;
}

/** How many are made at once: the kernel makes links one at a time anyway. */
const ABREAST = 2;

/**
 * Endpoints made ahead, complete but for whom they are for: an attach takes one without asking the
 * kernel. A standing pool is filled up in idle time; `prewarm` fills it once.
 */
export class Pool {
  readonly #source: PoolSource;
  readonly #low: number;
  readonly #high: number;
  readonly #ready: EndpointState[] = [];
  #making = 0;
  #filling = false;
  #closed = false;
  #error: unknown;
  #made = 0;
  #taken = 0;
  #missed = 0;
  #failed = 0;
  #recycled = 0;
  #emptied: (() => void) | undefined;

  constructor(source: PoolSource, marks: { low: number; high: number } | undefined) {
    this.#source = source;
    this.#low = marks?.low ?? 0;
    this.#high = marks?.high ?? 0;
  }

  /** Begins to fill a standing pool. One whose low mark is 0 has what it is given. */
  start(): void {
    if (this.size < this.#low) this.#fill();
  }

  get stats(): PoolStats {
    return {
      ready: this.#ready.length,
      making: this.#making,
      made: this.#made,
      taken: this.#taken,
      missed: this.#missed,
      failed: this.#failed,
      recycled: this.#recycled,
    };
  }

  /** All addresses that wait here belong to the network still. */
  get size(): number {
    return this.#ready.length + this.#making;
  }

  /** Whether there is room for one that is given back. */
  get hasRoom(): boolean {
    return !this.#closed && this.#ready.length < this.#high;
  }

  /** Puts back one that was not taken after all; false where there is no room any more. */
  restore(state: EndpointState): boolean {
    if (!this.hasRoom) return false;
    this.#taken--;
    this.#ready.unshift(state);
    return true;
  }

  /** Takes one back; false where there is no room any more. */
  give(state: EndpointState): boolean {
    if (!this.hasRoom) return false;
    this.#recycled++;
    this.#ready.push(state);
    return true;
  }

  /**
   * One that is ready, the oldest. Undefined where none is; then it throws what went wrong in
   * making it, once.
   */
  take(): EndpointState | undefined {
    const state = this.#ready.shift();
    if (state !== undefined) this.#taken++;
    else if (this.#high > 0) this.#missed++;
    if (this.#ready.length < this.#low) this.#fill();
    if (state === undefined && this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      throw error;
    }
    return state;
  }

  /**
   * Makes `count` more; rejects with the first error, those made so far staying.
   * @param stop makes no more once it is `over`
   */
  async prewarm(count: number, stop?: { readonly over: boolean }): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0 && !this.#closed && stop?.over !== true) {
        left--;
        await this.#one();
      }
    };
    await Promise.all(Array.from({ length: Math.min(ABREAST, count) }, worker));
  }

  async #one(): Promise<void> {
    this.#making++;
    try {
      const state = await this.#source.make();
      this.#made++;
      if (this.#closed) await this.#source.discard(state);
      else this.#ready.push(state);
    } catch (error) {
      this.#failed++;
      throw error;
    } finally {
      this.#making--;
      if (this.#making === 0) this.#emptied?.();
    }
  }

  /** Fills up to the high mark while nobody waits. */
  async #fill(): Promise<void> {
    if (this.#filling || this.#closed || this.size >= this.#high) return;
    this.#filling = true;
    try {
      while (this.size < this.#high && !this.#closed) {
        await this.#source.idle();
        await this.#one();
        this.#error = undefined;
      }
    } catch (error) {
      // Whoever finds the pool empty next is told.
      this.#error = error;
    } finally {
      this.#filling = false;
    }
  }

  /** Gives up what is ready; what is being made is given up when it is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#ready.splice(0).map((state) => this.#source.discard(state)));
    if (this.#making === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }
}
