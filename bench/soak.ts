// npm run soak [-- --minutes 5] [--seed N]: attaches, detaches and creates at random, with things
// going wrong at random, and ends with an exact account of what is left: nothing may be.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BridgeNetwork, NetlinkError, NetNs, RoutedNetwork } from 'node-netns';
import { differences, readState, type State } from '../test/support/state.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run soak [-- --minutes NUMBER] [--seed INTEGER]');
  process.exit(2);
}
if (process.env.NETNS_TEST_HOST === undefined) {
  console.error('the soak changes the network: npm run soak gives it a host of its own');
  process.exit(1);
}

// The same seed makes the same choices (what the kernel makes of their timing is its own affair).
let state = seed || 1;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

let serial = 0;
const counts: Record<string, number> = {};
const unexpected: string[] = [];

/** Runs what has to fail with one of these codes, or may also succeed. */
async function expectFailure(
  codes: readonly string[],
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const name = error instanceof Error ? error.name : '';
    if (!codes.includes(code) && !codes.includes(name)) throw error;
    counts[`refused ${code || name}`] = (counts[`refused ${code || name}`] ?? 0) + 1;
  }
}

const usual = /Max open files +([0-9]+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];

/** Sets the limit of descriptors; the function that comes back sets it to what it was. */
async function limitDescriptors(soft: number): Promise<() => Promise<void>> {
  // Who has none left can't start a process: the one that will mend it is there before.
  const set = `prlimit --pid=${process.pid} --nofile`;
  const script = `${set}=${soft}: && echo low && read line; ${set}=${usual}:`;
  const helper = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(helper.stdout, 'data');
  return async () => {
    const ended = once(helper, 'exit');
    helper.stdin.end('\n');
    await ended;
  };
}

const network = await BridgeNetwork.create({ name: 'soak0', subnet: '10.77.0.0/16' });
// As many as it has at the start are in its pool at the end.
const pooled = await RoutedNetwork.create({
  name: 'soak1',
  subnet: '10.76.0.0/16',
  pool: { low: 4, high: 4, addressed: false, recycle: 'watched' },
});

/** What a pool met while descriptors ran out reaches whoever finds it empty. */
const LATE = ['EMFILE', 'ENFILE'];

const jobs: Record<string, () => Promise<void>> = {
  async 'create + close'() {
    const ns = await NetNs.create();
    ns.close();
  },
  async 'create + delete by name'() {
    const ns = await NetNs.create(`soak-${serial++}`);
    await ns.delete();
  },
  async 'a name that is taken'() {
    const name = `soak-${serial++}`;
    const ns = await NetNs.create(name);
    await expectFailure(['EEXIST'], () => NetNs.create(name));
    await ns.delete();
  },
  async 'attach + detach'() {
    const endpoint = await network.attach();
    await endpoint.detach();
  },
  async 'attach + detach by name'() {
    const endpoint = await network.attach(`soak-${serial++}`);
    await endpoint.detach();
  },
  async 'a create, given up on the way'() {
    const controller = new AbortController();
    const pending = NetNs.create(`soak-${serial++}`, { signal: controller.signal });
    setTimeout(() => controller.abort(), random() * 2);
    await expectFailure(['AbortError', 'ABORT_ERR'], async () => (await pending).delete());
  },
  async 'an attach, given up on the way'() {
    const controller = new AbortController();
    const from = random() < 0.5 ? network : pooled;
    const name = random() < 0.5 ? `soak-${serial++}` : undefined;
    const pending = from.attach(name, { signal: controller.signal });
    setTimeout(() => controller.abort(), random() * 2);
    await expectFailure(['AbortError', 'ABORT_ERR', ...LATE], async () => (await pending).detach());
  },
  async 'attach from the pool + detach'() {
    await expectFailure(LATE, async () => (await pooled.attach()).detach());
  },
  async 'attach from the pool + recycle'() {
    let endpoint: Awaited<ReturnType<typeof pooled.attach>> | undefined;
    await expectFailure(LATE, async () => {
      endpoint = await pooled.attach();
    });
    if (endpoint === undefined) return;
    const { because = 'kept' } = await endpoint.recycle({ processesGone: random() < 0.9 });
    counts[`recycled: ${because}`] = (counts[`recycled: ${because}`] ?? 0) + 1;
  },
  async 'a process that is killed inside'() {
    const endpoint = await network.attach();
    const child = endpoint.netns.spawn('sleep', ['60'], { stdio: 'ignore' });
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await endpoint.detach();
  },
};

/** The pool is filled again: what failed in it while descriptors ran out is told to the next. */
async function filled(): Promise<void> {
  while (pooled.stats().pool.ready < 4) {
    await expectFailure(LATE, async () => (await pooled.attach()).detach());
    await sleep(20);
  }
}

/** Descriptors run out while several attaches are on their way; then there are enough again. */
async function exhaust(): Promise<void> {
  const codes = ['EMFILE', 'ENFILE'];
  // The helper's pipes are among those counted, or not: somewhere near the edge is what is wanted.
  const restore = await limitDescriptors(
    readdirSync('/proc/self/fd').length + Math.floor(random() * 6),
  );
  const attempts = Array.from({ length: 6 }, (_, i) =>
    expectFailure(codes, async () => (await (i < 4 ? network : pooled).attach()).detach()),
  );
  await Promise.all(attempts).finally(restore);
  counts.exhausted = (counts.exhausted ?? 0) + 1;
}

async function churn(until: number, width: number): Promise<void> {
  const names = Object.keys(jobs);
  const worker = async () => {
    while (Date.now() < until && unexpected.length === 0) {
      const name = names[Math.floor(random() * names.length)];
      try {
        await jobs[name]();
        counts[name] = (counts[name] ?? 0) + 1;
      } catch (error) {
        const told = error instanceof NetlinkError ? `${error.message}` : String(error);
        unexpected.push(`${name}: ${told}`);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** What a pool holds has other names and numbers each time; how much there is is what counts. */
function account(): State {
  const state = readState();
  const nameless = (entry: string) =>
    entry
      .replace(/\bsoak1-[0-9a-f]+$/, 'soak1-…')
      .replace(/^net:\[\d+\]$/, 'net:[…]')
      .replace(/^.*\/net\/sockstat.*$/, 'sockstat');
  const { links, routes, descriptors } = state;
  return {
    ...state,
    links: links.map(nameless),
    routes: routes.map(nameless),
    descriptors: descriptors.map(nameless),
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await sleep(100);
  }
}

const total = () => Object.values(counts).reduce((sum, count) => sum + count, 0);
const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

console.log(`seed ${seed}, ${minutes} minutes`);
const begun = Date.now();
const end = begun + minutes * 60_000;
// Caches, pools, sockets lent to as many attaches as there are at once, and the compiler's work are
// no leaks: the account begins after a first tenth, at the greatest width.
await churn(begun + minutes * 6_000, 10);
await exhaust();
await filled();
await settled();
const before = { state: account(), stats: NetNs.stats(), memory: process.memoryUsage() };

while (Date.now() < end && unexpected.length === 0) {
  await churn(Math.min(end, Date.now() + 5_000), 1 + Math.floor(random() * 8));
  if (random() < 0.5) await exhaust();
  const minutesGone = ((Date.now() - begun) / 60_000).toFixed(1);
  const rss = megabytes(process.memoryUsage().rss);
  console.log(`${minutesGone} min: ${total()} jobs, RSS ${rss}, ${JSON.stringify(NetNs.stats())}`);
}

await filled();
const deadline = Date.now() + 20_000;
let left: string[];
do {
  await settled();
  left = differences(before.state, account());
} while (left.length > 0 && Date.now() < deadline);
const after = { stats: NetNs.stats(), memory: process.memoryUsage() };
// A lane that was started meanwhile keeps a socket of its own, and stays.
const lanes = Math.max(0, after.stats.lanes - before.stats.lanes);
for (let i = 0; i < lanes; i++) {
  const at = left.indexOf('descriptors: new: socket');
  if (at >= 0) left.splice(at, 1);
}
for (const key of ['handles', 'sockets', 'descriptors', 'retiredLanes', 'queued'] as const) {
  if (after.stats[key] > before.stats[key] + lanes) {
    left.push(`${key}: ${before.stats[key]} at the start, ${after.stats[key]} at the end`);
  }
}
const heapGrowth = after.memory.heapUsed - before.memory.heapUsed;
const rssGrowth = after.memory.rss - before.memory.rss;
if (heapGrowth > 8 * 2 ** 20) left.push(`JS heap: ${megabytes(heapGrowth)} more`);
if (rssGrowth > 48 * 2 ** 20) left.push(`RSS: ${megabytes(rssGrowth)} more`);

console.log('\nwhat was done:');
for (const [name, count] of Object.entries(counts))
  console.log(`  ${String(count).padStart(9)}  ${name}`);
const heap = `JS heap ${megabytes(before.memory.heapUsed)} → ${megabytes(after.memory.heapUsed)}`;
console.log(`${heap}, RSS ${megabytes(before.memory.rss)} → ${megabytes(after.memory.rss)}`);
for (const line of unexpected) console.log(`unexpected: ${line}`);
for (const line of left) console.log(`left: ${line}`);
await network.delete();
await pooled.delete();
const ok = unexpected.length === 0 && left.length === 0;
console.log(ok ? 'nothing left' : 'FAILED');
process.exit(ok ? 0 : 1);
