// What the experiments share: a host to play in, someone who explains, and frames to look at.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Capture, capture, NetNs, type Packet } from 'node-netns';

/** One experiment: it explains what it does, and answers what it saw. */
export interface Experiment<Outcome = unknown> {
  readonly name: string;
  readonly title: string;
  run(say?: (text: string) => void): Promise<Outcome>;
}

/** Whether an address answers, and else what the kernel said at once. */
export interface Reached {
  answered: boolean;
  error?: string;
}

/** Milliseconds. The kernel repeats an ARP request after a second. */
const PATIENCE = 2_000;

export class Lab {
  /** A namespace of the experiment's own: whatever is done to it, the machine sees nothing. */
  readonly host: NetNs;
  readonly #write: (text: string) => void;
  readonly #ends: (() => unknown)[] = [];

  constructor(host: NetNs, write: (text: string) => void) {
    this.host = host;
    this.#write = write;
  }

  /** Explains; lines are joined and broken anew. */
  say(text: string): void {
    const words = text.split(/\s+/).filter((word) => word !== '');
    let line = '';
    for (const word of words) {
      if (line.length + word.length > 78) {
        this.#write(`  ${line.trimEnd()}`);
        line = '';
      }
      line += `${word} `;
    }
    this.#write(`  ${line.trimEnd()}`);
  }

  /** Tells what was seen. */
  see(what: string, value: unknown): void {
    this.#write(`      ${what}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }

  /** Prints frames, each that was repeated once, and answers their lines. */
  show(where: string, frames: readonly Packet[]): string[] {
    const all = frames.map((frame) => `${frame.direction.padEnd(3)} ${frame.summary()}`);
    const lines = [...new Set(all)];
    this.#write(`      frames at ${where}:${lines.length === 0 ? ' none' : ''}`);
    for (const line of lines) this.#write(`        ${line}`);
    return lines;
  }

  /** Has something undone at the end, whatever happens. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  async namespace(name?: string): Promise<NetNs> {
    const ns = await NetNs.create(name);
    this.atEnd(async () => {
      if (name !== undefined) await NetNs.delete(name).catch(() => {});
      ns.close();
    });
    return ns;
  }

  /** A process that does nothing but live in a namespace. */
  async sleeper(ns: NetNs): Promise<ChildProcess & { pid: number }> {
    const child = ns.spawn('sleep', ['1000'], { stdio: 'ignore' });
    const { pid } = child;
    if (pid === undefined) throw new Error('no process: is there a sleep on this machine?');
    this.atEnd(() => endOf(child));
    return Object.assign(child, { pid });
  }

  /** The ARP and ICMP frames of a link from now on: what the kernel says by itself is left out. */
  async capture(ns: NetNs, dev: string): Promise<Capture> {
    const wanted = ({ frame }: Packet) => frame.arp !== undefined || frame.icmp !== undefined;
    const frames = await capture(ns, { dev, where: wanted });
    this.atEnd(() => frames.close());
    return frames;
  }

  /** Waits until a link is ready to send, which it is some time after both ends are up. */
  async ready(ns: NetNs, dev: string): Promise<void> {
    const deadline = Date.now() + 5_000;
    while ((await ns.link.get(dev)).operState !== 'up') {
      if (Date.now() > deadline) throw new Error(`${dev} does not come up`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async ping(ns: NetNs, address: string): Promise<Reached> {
    try {
      const [reply] = await ns.ping(address, { count: 1, timeout: PATIENCE });
      return { answered: reply.ms !== undefined };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return code === 'ETIMEDOUT' ? { answered: false } : { answered: false, error: code };
    }
  }

  async end(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
    this.host.close();
  }
}

/** Ends a process and waits until it has gone. */
export async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Defines the experiment of a file; the file runs it when it is the program itself. */
export function experiment<Outcome>(
  url: string,
  title: string,
  work: (lab: Lab) => Promise<Outcome>,
): Experiment<Outcome> {
  const path = fileURLToPath(url);
  const made: Experiment<Outcome> = {
    name: basename(path, '.ts'),
    title,
    async run(say = () => {}) {
      const lab = new Lab(await NetNs.create(), say);
      try {
        await lab.host.link.set('lo', { up: true });
        return await work(lab);
      } finally {
        await lab.end();
      }
    },
  };
  if (process.argv[1] === path) {
    perform(made).catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
  }
  return made;
}

/** Runs one experiment for a reader. */
export async function perform(one: Experiment): Promise<void> {
  console.log(`\n${one.name}: ${one.title}\n`);
  await one.run((text) => console.log(text));
}
