import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file of commands for `ip -batch` or `bridge -batch`, gone with `close`. */
export class CommandFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'netns-bulk-'));
  readonly #file = join(this.#folder, 'commands');

  constructor(commands: readonly string[]) {
    writeFileSync(this.#file, `${commands.join('\n')}\n`);
  }

  /** Runs them all in one process. */
  run(program: 'ip' | 'bridge'): Promise<void> {
    return new Promise((resolve, reject) => {
      execFile(program, ['-batch', this.#file], { timeout: 120_000 }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Times `work` alone, `count` times; `undo` follows each, and is not timed. */
export async function timedUndone(
  count: number,
  work: () => Promise<unknown>,
  undo: () => Promise<unknown>,
): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = process.hrtime.bigint();
    await work();
    samples.push(Number(process.hrtime.bigint() - from));
    await undo();
  }
  return samples;
}
