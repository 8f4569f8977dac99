import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { addon } from '../../lib/native.ts';
import { dumpLinks, messages } from '../support/messages.ts';
import { AF_NETLINK, planBytes, runPlan, SOCK_RAW } from '../support/plan.ts';
import { openDescriptors, threadNamespaces } from '../support/threads.ts';

const file = new URL('./support/native-worker.mjs', import.meta.url);

let directory: string;
let home: Set<string>;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'netns-'));
  home = threadNamespaces();
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  expect(threadNamespaces()).toEqual(home);
});

const plans = (): Uint8Array[] => [
  planBytes((plan) => {
    const slot = plan.slot();
    plan.unshare(slot);
    plan.export(slot);
  }),
  planBytes((plan) => {
    const slot = plan.slot();
    plan.unshare(plan.slot());
    plan.socket(slot, AF_NETLINK, SOCK_RAW, 0);
    plan.transact(~slot, messages(dumpLinks()), 0, 3);
    plan.export(slot);
  }),
  planBytes((plan) => plan.open(plan.slot(), 0, '/proc/self/missing')),
  planBytes((plan) => {
    plan.unshare(plan.slot());
    plan.failHome();
  }),
  new Uint8Array(8),
];

/** Starts a worker; resolves when it has got through some plans. */
async function busyWorker(mode: string, run = plans()): Promise<Worker> {
  const worker = new Worker(file, { workerData: { plans: run, mode }, execArgv: [] });
  worker.on('error', () => {});
  await once(worker, 'message');
  return worker;
}

const settled = async (before: string[]): Promise<void> => {
  // Without the numbers: those are given out anew.
  const kinds = (list: string[]): string[] => list.map((each) => each.replace(/^\d+ /, '')).sort();
  await expect.poll(() => kinds(openDescriptors()), { timeout: 5_000 }).toEqual(kinds(before));
};

test('dozens of workers terminated at any moment leave nothing open', async () => {
  await busyWorker('forever').then((worker) => worker.terminate());
  const before = openDescriptors();
  for (let round = 0; round < 8; round++) {
    const workers = await Promise.all(Array.from({ length: 4 }, () => busyWorker('forever')));
    await Promise.all(
      workers.map(async (worker) => {
        await sleep(Math.random() * 5);
        await worker.terminate();
      }),
    );
  }
  await settled(before);
  expect((await runPlan((plan) => plan.stat(0))).errno).toBe(0);
}, 60_000);

test('workers terminated while they block for a plan', async () => {
  const before = openDescriptors();
  const workers = await Promise.all(Array.from({ length: 4 }, () => busyWorker('sync')));
  await sleep(20);
  await Promise.all(workers.map((worker) => worker.terminate()));
  await settled(before);
}, 30_000);

test('a worker that ends by itself, one that calls exit, one whose callback throws', async () => {
  const before = openDescriptors();
  for (const mode of ['end', 'exit', 'throw']) {
    const worker = new Worker(file, { workerData: { plans: plans(), mode } });
    let thrown: unknown;
    worker.on('error', (error) => {
      thrown = error;
    });
    const code = await new Promise((resolve) => worker.on('exit', resolve));
    expect([mode, code]).toEqual([mode, mode === 'throw' ? 1 : 0]);
    if (mode === 'throw') expect(thrown).toMatchObject({ message: 'thrown by the callback' });
    else expect(thrown).toBeUndefined();
  }
  await settled(before);
}, 30_000);

test('a worker is not held up by a plan that waits for a lock', async () => {
  const path = join(directory, 'lock');
  writeFileSync(path, '');
  const ran = await runPlan((plan) => {
    const slot = plan.slot();
    plan.lock(slot, path);
    plan.export(slot);
  });
  const stat = planBytes((plan) => plan.stat(0));
  const lock = planBytes((plan) => plan.lock(plan.slot(), path));
  const worker = await busyWorker('forever', [...Array.from({ length: 30 }, () => stat), lock]);
  await sleep(50);
  const from = performance.now();
  await worker.terminate();
  expect(performance.now() - from).toBeLessThan(5_000);
  addon.close(ran.fd(0));
});
