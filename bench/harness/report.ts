import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { page } from './html.ts';
import { figure, type Result } from './statistics.ts';

const folder = fileURLToPath(new URL('../results', import.meta.url));

/** One case as rows of text: each contestant, then what was to be reached. */
export function rows({ title, contestants, verdicts, unit }: Result): string {
  const ours = contestants.ours;
  const lines = [title];
  for (const [name, summary] of Object.entries(contestants)) {
    const ratio =
      ours === undefined || name === 'ours' ? '' : `${(summary.p50 / ours.p50).toFixed(2)} × ours`;
    const columns = [
      `  ${name.padEnd(16)}`,
      figure(summary.p50, unit).padStart(12),
      `p99 ${figure(summary.p99, unit)}`.padStart(18),
      `n ${summary.samples}`.padStart(9),
      ratio.padStart(15),
      summary.rate === undefined ? '' : `${summary.rate.toFixed(0)}/s`.padStart(10),
    ];
    lines.push(columns.join(''));
    if (summary.notes !== undefined) lines.push(`    ${summary.notes.join(', ')}`);
  }
  for (const { met, text } of verdicts) lines.push(`  ${met ? '✓' : '✗'} ${text}`);
  return lines.join('\n');
}

function commit(): string | undefined {
  try {
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return undefined; // not a clone
  }
}

/** One run of the benchmark, as it is written. */
export interface Run {
  readonly at: string;
  readonly quick: boolean;
  readonly commit: string | undefined;
  readonly node: string;
  readonly kernel: string;
  readonly cpu: string | undefined;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly results: readonly Result[];
}

/** Writes the run to bench/results, as JSON and as a page, and says where. */
export function writeRun(results: readonly Result[], quick: boolean): string {
  const at = new Date().toISOString();
  const run: Run = {
    at,
    quick,
    commit: commit(),
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model,
    cpus: cpus().length,
    memoryBytes: totalmem(),
    results,
  };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, at.replaceAll(':', '-').slice(0, 19));
  const json = `${JSON.stringify(run, null, 2)}\n`;
  const html = page(run);
  for (const name of [path, join(folder, 'latest')]) {
    writeFileSync(`${name}.json`, json);
    writeFileSync(`${name}.html`, html);
  }
  return `${path}.{json,html}`;
}
