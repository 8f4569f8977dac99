import { execFileSync, spawnSync } from 'node:child_process';

/** iproute2 as the oracle: what it says of the host, or of a namespace by name or by path. */
export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** `ip -j -d …` as values. */
export function ipJson<T = Record<string, unknown>>(...args: string[]): T[] {
  const text = ip('-j', '-d', ...args).trim();
  return text === '' ? [] : (JSON.parse(text) as T[]);
}

/** Runs a program inside a namespace that is told by its file; its output. */
export function inside(path: string, command: string, ...args: string[]): string {
  const done = spawnSync('nsenter', [`--net=${path}`, command, ...args], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
