import type { Host } from './host.ts';

/** Work that went on for a while: a figure for each piece in ns, and how many were done when. */
export interface Sustained {
  readonly samples: readonly number[];
  readonly seconds: number;
  /** Pieces done in each second. */
  readonly series: readonly number[];
  /** What else was seen: 'at most 80 unfreed'. */
  readonly notes?: readonly string[];
}

/**
 * One way of doing a case's work: does it `count` times (or for as many seconds) and gives a figure
 * for each time, in ns.
 */
export type Contestant = (count: number) => Promise<readonly number[] | Sustained>;

/** What the figures of two contestants have to satisfy. */
export interface Goal {
  /** The contestant that has to be good; 'ours' unless given. */
  readonly of?: string;
  /** The one it is measured by; none for an absolute limit. */
  readonly against?: string;
  readonly at?: 'p50' | 'p99';
  /** `of` is at most so many times `against`. */
  readonly atMost?: number;
  /** `of` is at least so many times faster than `against`. */
  readonly fasterBy?: number;
  /** The rate of `of` is at least so many times that of `against`, or so many a second. */
  readonly rateAtLeast?: number;
  /** `of` is at most so many ns over `against`, or over 0 where there is no `against`. */
  readonly within?: number;
}

/** A piece of work, done by several contestants in turns. */
export interface Case {
  readonly name: string;
  readonly title: string;
  /** Turns that each contestant gets, and how often it does the work in one. */
  readonly rounds: number;
  readonly count: number;
  /** What a figure is: times in ns unless given. */
  readonly unit?: 'bytes';
  /** The count is in seconds: --quick takes one, and does not warm. */
  readonly lasting?: boolean;
  /**
   * Turns that ours gets before all others, not counted: what the table aims at is hot, and a
   * just-in-time compiler takes some thousand attaches until it is. A runtime has them behind it in
   * seconds. One for everybody unless given.
   */
  readonly warming?: number;
  /** Counts of the slow contestants, where `count` would take too long. */
  readonly counts?: Readonly<Record<string, number>>;
  readonly goals: readonly Goal[];
  /** Prepares the host; what it returns is run in turns, and `close` afterwards. */
  open(host: Host): Promise<{
    readonly contestants: Readonly<Record<string, Contestant>>;
    close?(): Promise<void>;
  }>;
}

/** Runs `work` `count` times, one at a time, timing each. */
export async function timed(
  count: number,
  work: (turn: number) => Promise<unknown> | unknown,
): Promise<number[]> {
  const samples: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const from = process.hrtime.bigint();
    const pending = work(turn);
    if (pending instanceof Promise) await pending;
    samples.push(Number(process.hrtime.bigint() - from));
  }
  return samples;
}

/** Runs `work` in bulk where one turn is too short for a clock: ns of a turn, from a thousand. */
export function bulk(count: number, work: () => void): number[] {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = process.hrtime.bigint();
    for (let turn = 0; turn < 1_000; turn++) work();
    samples.push(Number(process.hrtime.bigint() - from) / 1_000);
  }
  return samples;
}
