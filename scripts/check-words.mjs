// The project speaks of itself alone: no trace of who made it, how, or where.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Written so that this file does not match itself.
const words = String.raw`/w[o]rk/(main|shared)|/tmp/t[e]am|\b(i[s]sue ?#?[0-9]+|c[l]aude|a[n]thropic|L[L]M)\b`;
const marks = String.raw`\b(T[O]DO|F[I]XME|X[X]X)\b`;
const grep = (...args) =>
  spawnSync('git', ['grep', '-nIE', '--untracked', ...args, '--', '.', ':!package-lock.json'], {
    cwd: root,
    encoding: 'utf8',
  }).stdout;
const lines = `${grep('-i', words)}${grep(marks)}`.split('\n').filter((line) => line !== '');
if (lines.length > 0) {
  console.error(lines.join('\n'));
  process.exit(1);
}
console.log('no foreign words');
