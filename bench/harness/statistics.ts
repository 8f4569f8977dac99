import type { Case, Goal } from './case.ts';

export interface Summary {
  readonly samples: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

export interface Verdict {
  readonly text: string;
  readonly met: boolean;
}

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly contestants: Readonly<Record<string, Summary>>;
  readonly verdicts: readonly Verdict[];
}

/** The sample below which `part` of the sorted samples lie. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    samples: sorted.length,
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}

/** 1234567 → '1,235 µs'. */
export function duration(ns: number): string {
  const us = ns / 1_000;
  const digits = us < 10 ? 2 : us < 100 ? 1 : 0;
  return `${us.toLocaleString('en', { maximumFractionDigits: digits })} µs`;
}

function judge(goal: Goal, figures: Readonly<Record<string, Summary>>): Verdict | undefined {
  const at = goal.at ?? 'p50';
  const of = figures[goal.of ?? 'ours'];
  const against = goal.against === undefined ? undefined : figures[goal.against];
  if (of === undefined || (goal.against !== undefined && against === undefined)) return undefined;
  const value = of[at];
  const base = against === undefined ? 0 : against[at];
  const than = goal.against ?? '';
  if (goal.atMost !== undefined) {
    const ratio = value / base;
    return {
      text: `${at} ${ratio.toFixed(2)} × ${than} (≤ ${goal.atMost})`,
      met: ratio <= goal.atMost,
    };
  }
  if (goal.fasterBy !== undefined) {
    const ratio = base / value;
    const text = `${ratio.toFixed(1)} × faster than ${than} (≥ ${goal.fasterBy})`;
    return { text, met: ratio >= goal.fasterBy };
  }
  const limit = goal.within ?? 0;
  const over = value - base;
  const text = `${at} ${duration(over)}${than && ` over ${than}`} (≤ ${duration(limit)})`;
  return { text, met: over <= limit };
}

export function judged(
  { name, title, goals }: Case,
  samples: Readonly<Record<string, readonly number[]>>,
): Result {
  const contestants: Record<string, Summary> = {};
  for (const [contestant, values] of Object.entries(samples)) {
    if (values.length > 0) contestants[contestant] = summarize(values);
  }
  const verdicts = goals
    .map((goal) => judge(goal, contestants))
    .filter((verdict) => verdict !== undefined);
  return { name, title, contestants, verdicts };
}
