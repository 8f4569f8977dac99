import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Whether system calls of a process can be injected into. */
export const traceable =
  spawnSync('strace', [
    '-f',
    '-o',
    '/dev/null',
    '-e',
    'inject=unlink:signal=KILL:when=9999',
    'true',
  ]).status === 0;

/** A program of this folder as one file, so that it starts in a fraction of the time. */
export class Victim implements Disposable {
  readonly #file: string;

  constructor(name: string) {
    // Beside `lib`, since the addon is found from there.
    this.#file = path(`../../../build/${name}-${process.pid}.mjs`);
    execFileSync(
      path('../../../node_modules/.bin/esbuild'),
      [
        path(`./${name}.ts`),
        `--outfile=${this.#file}`,
        ...['--bundle', '--format=esm', '--platform=node', '--target=node20'],
        ...['--packages=external', '--log-level=warning'],
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
  }

  /** Runs it, to be killed on the way into the n-th of a call; true where it came to its end. */
  async kill(args: readonly string[], call: string, nth: number): Promise<boolean> {
    const inject = `inject=${call}:signal=KILL:when=${nth}`;
    const child = spawn(
      'strace',
      [
        ...['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject],
        ...[process.execPath, this.#file, ...args],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    await once(child, 'close');
    const { exitCode } = child;
    if (out !== 'whole' && exitCode !== null && exitCode !== 0 && exitCode !== 137) {
      throw new Error(`the victim failed by itself (${exitCode}): ${err}${out}`);
    }
    return out === 'whole';
  }

  [Symbol.dispose](): void {
    rmSync(this.#file, { force: true });
  }
}
