import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Sustained } from './case.ts';

const pyroute2 = fileURLToPath(new URL('../attach_pyroute2.py', import.meta.url));
const source = fileURLToPath(new URL('../floor.c', import.meta.url));

/** The host that the benchmark plays: a bridge, a parent for macvlans, `ip`, and the C floor. */
export class Host {
  readonly #folder = mkdtempSync(join(tmpdir(), 'netns-bench-'));
  readonly #floor = join(this.#folder, 'floor');

  /** Compiles the floor and lays out the links that floor.c knows by name. */
  prepare(): void {
    execFileSync('gcc', ['-O2', '-o', this.#floor, source], { stdio: 'inherit', timeout: 60_000 });
    this.ip('link add bench0 address 02:00:00:00:00:01 type bridge mcast_snooping 0');
    this.ip('link set bench0 mtu 1500 up');
    this.ip('address add 10.88.0.1/16 dev bench0');
    this.ip('link add parent0 type veth peer name parent1');
    this.ip('link set parent0 up');
    this.ip('link set parent1 up');
    // Makes /run/netns the shared mount that named namespaces need.
    this.ip('netns add warm');
    this.ip('netns delete warm');
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs `ip` and waits for it on the spot: to prepare, never to measure. */
  ip(command: string): string {
    return execFileSync('ip', command.split(' '), { encoding: 'utf8', timeout: 30_000 });
  }

  /** Runs `ip` as a Node program does that spawns one for each command. */
  spawnIp(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile('ip', command.split(' '), { timeout: 30_000, maxBuffer: 1 << 28 }, (error, out) =>
        error === null ? resolve(out) : reject(error),
      );
    });
  }

  /** Feeds commands to one `ip -batch`, in a namespace where one is named. */
  batchIp(commands: readonly string[], netns?: string): Promise<void> {
    const where = netns === undefined ? [] : ['-n', netns];
    return new Promise((resolve, reject) => {
      const child = spawn('ip', [...where, '-batch', '-'], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      child.on('error', reject);
      child.on('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`ip -batch: exit code ${code}`)),
      );
      child.stdin.end(`${commands.join('\n')}\n`);
    });
  }

  #runFloor(args: readonly (string | number)[], seconds: number): Promise<Sustained> {
    return new Promise((resolve, reject) => {
      const options = { timeout: seconds * 1_000, maxBuffer: 1 << 28 };
      execFile(this.#floor, args.map(String), options, (error, stdout, stderr) => {
        if (error !== null) reject(new Error(`${error.message} ${stderr}`));
        else resolve(JSON.parse(stdout));
      });
    });
  }

  /** Times of one mode of the floor, in ns. */
  async floor(...args: readonly (string | number)[]): Promise<readonly number[]> {
    return (await this.#runFloor(args, 60)).samples;
  }

  /** Times of the attach by pyroute2, in ns; undefined where it is not installed. */
  get pyroute2(): ((count: number) => Promise<readonly number[]>) | undefined {
    // Debian's own Python, which has Debian's packages.
    const python = '/usr/bin/python3';
    const found = spawnSync(python, ['-c', 'import pyroute2'], { stdio: 'ignore' });
    if (found.status !== 0) return undefined;
    return (count) =>
      new Promise((resolve, reject) => {
        execFile(python, [pyroute2, String(count)], { timeout: 60_000 }, (error, out, stderr) => {
          if (error !== null) reject(new Error(`${error.message} ${stderr}`));
          else resolve(JSON.parse(out).samples);
        });
      });
  }

  /** A sustained attach + destroy by the floor: flat out, or at so many arrivals a second. */
  floorChurn(kind: string, live: number, seconds: number, rate = 0): Promise<Sustained> {
    return this.#runFloor(['churn', kind, live, seconds, rate], seconds + 120);
  }

  /** The links of this host, by name. */
  links(): string[] {
    return readFileSync('/proc/self/net/dev', 'utf8')
      .split('\n')
      .slice(2)
      .map((line) => line.split(':')[0].trim())
      .filter((name) => name !== '');
  }

  /** Waits until the kernel has freed what the contestant before has closed. */
  async settle(pause = 150): Promise<void> {
    const deadline = Date.now() + 10_000;
    // The floor's links, and those of endpoints; a pool's stay, and have other names.
    const passing = () => this.links().some((name) => /^(f[0-9]+|bench-[0-9]+-.*)$/.test(name));
    while (passing() && Date.now() < deadline) await sleep(10);
    await sleep(pause);
  }
}
