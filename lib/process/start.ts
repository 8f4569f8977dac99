import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';

/**
 * A child that starts by the launcher looks like one that does not: `spawn` is told once the
 * command runs, and what fails before is an `error` with the command's name, not an `exit`.
 */
class Start {
  readonly #child: ChildProcess;
  readonly #file: string;
  readonly #args: string[];
  readonly #launcher: string;
  readonly #emit: ChildProcess['emit'];
  #state: 'starting' | 'running' | 'failed' = 'starting';
  #errno = 0;
  #held: [event: string, values: unknown[]][] = [];

  constructor(child: ChildProcess, file: string, args: string[], launcher: string) {
    this.#child = child;
    this.#file = file;
    this.#args = args;
    this.#launcher = launcher;
    this.#emit = child.emit;
    child.emit = (event: string | symbol, ...values: unknown[]): boolean =>
      this.#told(event, values);
  }

  /** The launcher has been started, or that has failed and its error will be told. */
  begun(): void {
    const child = this.#child;
    Object.assign(child, { spawnfile: this.#file, spawnargs: this.#args });
    // The status is no business of the child's user, who may have asked for streams of theirs.
    const stdio: unknown = child.stdio;
    const status: unknown = Array.isArray(stdio) ? stdio.pop() : undefined;
    if (!(status instanceof Readable)) return;
    const chunks: Buffer[] = [];
    status.on('data', (chunk: Buffer) => chunks.push(chunk));
    status.on('error', () => {});
    status.on('close', () => this.#settled(Buffer.concat(chunks)));
  }

  #told(event: string | symbol, values: unknown[]): boolean {
    const [first] = values;
    if (event === 'error' && isSpawnError(first) && first.path === this.#launcher) {
      this.#state = 'failed';
      this.#rename(first);
    }
    if (event === 'spawn' || event === 'exit' || event === 'close') {
      if (this.#state === 'starting') {
        this.#held.push([event, values]);
        return true;
      }
      if (this.#state === 'failed' && event !== 'close') {
        // Node has just noted how the launcher ended.
        if (event === 'exit' && this.#errno !== 0)
          Object.assign(this.#child, { exitCode: this.#errno });
        return true;
      }
    }
    // Node's own code for a child that never was.
    if (event === 'close' && this.#errno !== 0) values[0] = this.#errno;
    return Reflect.apply(this.#emit, this.#child, [event, ...values]);
  }

  /** The launcher's end of the status is closed: it runs the command, or has said why it does not. */
  #settled(status: Buffer): void {
    if (this.#state !== 'starting') return;
    if (status.length >= 4) {
      this.#state = 'failed';
      this.#fail(status.readInt32LE(0), status.toString('utf8', 4));
    } else {
      this.#state = 'running';
    }
    const held = this.#held;
    this.#held = [];
    for (const [event, values] of held) this.#told(event, values);
  }

  #fail(errno: number, call: string): void {
    this.#errno = errno;
    const [code, text] = getSystemErrorMap().get(errno) ?? [`E${-errno}`, 'unknown error'];
    // What exec says is Node's own error to the letter; the rest says which call it was.
    const detail = call === 'execvp' ? '' : `: ${text}, ${call}`;
    const syscall = `spawn ${this.#file}`;
    const error = Object.assign(new Error(`${syscall} ${code}${detail}`), {
      errno,
      code,
      syscall,
      path: this.#file,
      spawnargs: this.#args.slice(1),
    });
    Reflect.apply(this.#emit, this.#child, ['error', error]);
    Object.assign(this.#child, { exitCode: errno });
  }

  #rename(error: SpawnError): void {
    error.message = error.message.replace(this.#launcher, this.#file);
    error.syscall = `spawn ${this.#file}`;
    error.path = this.#file;
    error.spawnargs = this.#args.slice(1);
  }
}

interface SpawnError extends NodeJS.ErrnoException {
  spawnargs?: string[];
}

function isSpawnError(value: unknown): value is SpawnError {
  return value instanceof Error && 'path' in value;
}

/** Watches over a child from before it is started. */
export function superviseStart(
  child: ChildProcess,
  file: string,
  args: string[],
  launcher: string,
): { begun(): void } {
  return new Start(child, file, args, launcher);
}
