import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { figure, type Result } from './statistics.ts';

const document = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const HEADING = '## One run\n';

/** A run as a table: the contestants' medians and p99, and what is to be reached. */
function table(results: readonly Result[]): string {
  const rows = results.flatMap(({ title, contestants, verdicts, unit }) => {
    const names = Object.keys(contestants);
    return names.map((name, i) => {
      const { p50, p99, rate } = contestants[name];
      const told =
        rate === undefined ? figure(p50, unit) : `${rate.toFixed(0)}/s, ${figure(p50, unit)}`;
      const goals =
        i === 0 ? verdicts.map(({ met, text }) => `${met ? '✓' : '✗'} ${text}`).join('; ') : '';
      return `| ${i === 0 ? title : ''} | ${name} | ${told} | ${figure(p99, unit)} | ${goals} |`;
    });
  });
  return [
    '| Work | Who | Median | p99 | Reached, of what is aimed at |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** Puts a run into docs/performance.md, in the place of the one that was there. */
export function writeMarkdown(results: readonly Result[]): string {
  const text = readFileSync(document, 'utf8');
  const at = text.indexOf(HEADING);
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} processors, Linux ${release()}, Node ${process.version}, ${day}`;
  const intro = `By \`npm run bench -- --markdown\` on ${machine}.`;
  writeFileSync(document, `${text.slice(0, at)}${HEADING}\n${intro}\n\n${table(results)}\n`);
  return document;
}
