// node --expose-gc --import ./scripts/typescript.mjs bench/endurance.ts [--creates N] [--attaches N]
// in scripts/test-host: so many namespaces made and closed, so many attached and detached, and an
// account of what is left of them: nothing may be, and memory stays as it was after the warm-up.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { NetNs, RoutedNetwork } from 'node-netns';
import { differences, readState } from '../test/support/state.ts';

const { values } = parseArgs({
  options: {
    creates: { type: 'string', default: '1000000' },
    attaches: { type: 'string', default: '200000' },
  },
});
if (process.env.NETNS_TEST_HOST === undefined) {
  console.error('this changes the network: run it by scripts/test-host');
  process.exit(1);
}

/** Namespaces that may wait to be freed: the kernel takes its time, and some 0.2 MB for each. */
const AHEAD = 2_000;
const network = await RoutedNetwork.create({ name: 'long0', subnet: '10.75.0.0/16' });
const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Waits until the kernel has freed all that was closed before. */
async function drained(): Promise<void> {
  const last = await NetNs.create();
  await last.delete({ wait: true });
}

async function creates(count: number): Promise<void> {
  for (let i = 1; i <= count; i++) {
    (await NetNs.create()).close();
    if (i % AHEAD === 0) await drained();
  }
}

async function attaches(count: number): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await (await network.attach()).detach();
  };
  // Each waits for its link to go: many at once keep the kernel busy.
  await Promise.all(Array.from({ length: 64 }, worker));
}

async function account() {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await sleep(100);
  }
  await drained();
  return { state: readState(), stats: NetNs.stats(), memory: process.memoryUsage() };
}

async function run(what: string, count: number, work: (count: number) => Promise<void>) {
  if (count === 0) return true;
  await work(Math.min(count, 5_000));
  const before = await account();
  const begun = performance.now();
  const step = Math.ceil(count / 10);
  for (let done = 0; done < count; done += step) {
    await work(Math.min(step, count - done));
    const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
    const rss = megabytes(process.memoryUsage().rss);
    console.log(`${what}: ${Math.min(count, done + step)} in ${seconds} s, RSS ${rss}`);
  }
  const each = ((performance.now() - begun) * 1_000) / count;
  const after = await account();
  const left = differences(before.state, after.state);
  for (const key of ['handles', 'sockets', 'descriptors'] as const) {
    if (after.stats[key] !== before.stats[key])
      left.push(`${key}: ${before.stats[key]} → ${after.stats[key]}`);
  }
  const heap = `${megabytes(before.memory.heapUsed)} → ${megabytes(after.memory.heapUsed)}`;
  const rss = `${megabytes(before.memory.rss)} → ${megabytes(after.memory.rss)}`;
  console.log(`${what}: ${count}, ${each.toFixed(0)} µs each; JS heap ${heap}, RSS ${rss}`);
  for (const line of left) console.log(`left: ${line}`);
  if (left.length === 0) console.log('nothing left');
  return left.length === 0;
}

const first = await run('create + close', Number(values.creates), creates);
const second = await run('attach + detach', Number(values.attaches), attaches);
await network.delete();
process.exit(first && second ? 0 : 1);
