import type { Case, Goal, Sustained } from './case.ts';

export interface Summary {
  readonly samples: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly min: number;
  readonly max: number;
  /** Pieces of work a second, where it went on for a while. */
  readonly rate?: number;
  /** Pieces done in each second, where it went on for a while. */
  readonly series?: readonly number[];
  /** What else was seen in the last turn. */
  readonly notes?: readonly string[];
  /** ns at evenly spaced parts of the samples, from the fastest to the slowest. */
  readonly curve: readonly number[];
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
  readonly unit?: 'bytes';
}

/** All that one contestant did in its turns. */
export class Figures {
  readonly #samples: number[] = [];
  readonly #series: number[] = [];
  #seconds = 0;
  #notes: readonly string[] = [];

  add(figures: readonly number[] | Sustained): void {
    const samples = 'samples' in figures ? figures.samples : figures;
    for (const sample of samples) this.#samples.push(sample);
    if (!('samples' in figures)) return;
    this.#seconds += figures.seconds;
    this.#series.push(...figures.series);
    this.#notes = figures.notes ?? [];
  }

  summarize(): Summary | undefined {
    if (this.#samples.length === 0) return undefined;
    const sorted = this.#samples.sort((a, b) => a - b);
    return {
      samples: sorted.length,
      p50: quantile(sorted, 0.5),
      p90: quantile(sorted, 0.9),
      p99: quantile(sorted, 0.99),
      p999: quantile(sorted, 0.999),
      min: sorted[0],
      max: sorted[sorted.length - 1],
      curve: Array.from({ length: 100 }, (_, i) => quantile(sorted, i / 99)),
      ...(this.#seconds > 0 ? { rate: sorted.length / this.#seconds, series: this.#series } : {}),
      ...(this.#notes.length > 0 ? { notes: this.#notes } : {}),
    };
  }
}

/** The sample below which `part` of the sorted samples lie. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** A figure of a case: 1234567 → '1,235 µs', or '1,234,567 B'. */
export function figure(value: number, unit: 'bytes' | undefined): string {
  if (unit === undefined) return duration(value);
  return `${value.toLocaleString('en', { maximumFractionDigits: 0 })} B`;
}

/** 1234567 → '1,235 µs'. */
export function duration(ns: number): string {
  const us = ns / 1_000;
  const digits = us < 10 ? 2 : us < 100 ? 1 : 0;
  return `${us.toLocaleString('en', { maximumFractionDigits: digits })} µs`;
}

function judge(
  goal: Goal,
  figures: Readonly<Record<string, Summary>>,
  unit: 'bytes' | undefined,
): Verdict | undefined {
  const at = goal.at ?? 'p50';
  const of = figures[goal.of ?? 'ours'];
  const against = goal.against === undefined ? undefined : figures[goal.against];
  if (of === undefined || (goal.against !== undefined && against === undefined)) return undefined;
  const value = of[at];
  const base = against === undefined ? 0 : against[at];
  const than = goal.against ?? '';
  if (goal.rateAtLeast !== undefined) {
    const rate = of.rate ?? 0;
    const ratio = rate / (against?.rate ?? 1);
    const text =
      against === undefined
        ? `${rate.toFixed(0)}/s (≥ ${goal.rateAtLeast}/s)`
        : `${rate.toFixed(0)}/s, ${ratio.toFixed(2)} × ${than} (≥ ${goal.rateAtLeast})`;
    return { text, met: ratio >= goal.rateAtLeast };
  }
  if (goal.atMost !== undefined) {
    const ratio = value / base;
    const text = `${at} ${ratio.toFixed(2)} × ${than} (≤ ${goal.atMost})`;
    return { text, met: ratio <= goal.atMost };
  }
  if (goal.fasterBy !== undefined) {
    const ratio = base / value;
    const text = `${ratio.toFixed(1)} × faster than ${than} (≥ ${goal.fasterBy})`;
    return { text, met: ratio >= goal.fasterBy };
  }
  const limit = goal.within ?? 0;
  const over = value - base;
  const text = `${at} ${figure(over, unit)}${than && ` over ${than}`} (≤ ${figure(limit, unit)})`;
  return { text, met: over <= limit };
}

export function judged(
  { name, title, goals, unit }: Case,
  figures: ReadonlyMap<string, Figures>,
): Result {
  const contestants: Record<string, Summary> = {};
  for (const [contestant, values] of figures) {
    const summary = values.summarize();
    if (summary !== undefined) contestants[contestant] = summary;
  }
  const verdicts = goals
    .map((goal) => judge(goal, contestants, unit))
    .filter((verdict) => verdict !== undefined);
  return { name, title, contestants, verdicts, unit };
}
