import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duration, type Result } from './statistics.ts';

const folder = fileURLToPath(new URL('../results', import.meta.url));

/** One case as rows of text: each contestant, then what was to be reached. */
export function rows({ title, contestants, verdicts }: Result): string {
  const ours = contestants.ours;
  const lines = [title];
  for (const [name, summary] of Object.entries(contestants)) {
    const ratio =
      ours === undefined || name === 'ours' ? '' : `${(summary.p50 / ours.p50).toFixed(2)} × ours`;
    const columns = [
      `  ${name.padEnd(16)}`,
      duration(summary.p50).padStart(12),
      `p99 ${duration(summary.p99)}`.padStart(18),
      `n ${summary.samples}`.padStart(9),
      ratio.padStart(15),
    ];
    lines.push(columns.join(''));
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

/** Writes the run to bench/results and says where. */
export function writeJson(results: readonly Result[], quick: boolean): string {
  const now = new Date();
  const run = {
    at: now.toISOString(),
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
  const text = `${JSON.stringify(run, null, 2)}\n`;
  const path = join(folder, `${now.toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
  writeFileSync(path, text);
  writeFileSync(join(folder, 'latest.json'), text);
  return path;
}
