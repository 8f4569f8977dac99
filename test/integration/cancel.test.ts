import { existsSync, readdirSync } from 'node:fs';
import { link, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';

test('a signal that is aborted already: nothing is sent', async () => {
  using ns = await NetNs.create();
  const signal = AbortSignal.abort(new Error('why'));
  for (const call of [
    () => ns.link.add({ kind: 'bridge', name: 'br0' }, { signal }),
    () => ns.batch([link.add({ kind: 'bridge', name: 'br0' })], { signal }),
    () => NetNs.create('t-never', { signal }),
  ]) {
    const error = await errorOf(call);
    expect(error).toMatchObject({ code: 'ABORT_ERR', started: false });
    expect(error.cause).toMatchObject({ message: 'why' });
  }
  expect(await ns.link.list()).toHaveLength(1);
});

test('what waits in the queue when its signal comes is never sent', async () => {
  using ns = await NetNs.create();
  const stop = new AbortController();
  const first = ns.batch([link.add({ kind: 'bridge', name: 'br0' })], { timeout: 5_000 });
  const second = errorOf(() =>
    ns.batch([link.add({ kind: 'bridge', name: 'br1' })], { signal: stop.signal }),
  );
  await Promise.resolve();
  stop.abort();
  expect(await second).toMatchObject({ code: 'ABORT_ERR', started: false });
  await first;
  expect((await ns.link.list()).map((each) => each.name)).toEqual(['lo', 'br0']);
});

test('creates given up at any moment leave nothing: no name, no handle', async () => {
  const before = NetNs.stats();
  const outcomes = { made: 0, never: 0, begun: 0 };
  for (let round = 0; round < 40; round++) {
    const stop = new AbortController();
    const calls = Array.from({ length: 6 }, (_, i) =>
      NetNs.create(`t-abort-${i}`, { signal: stop.signal }),
    );
    const settled = Promise.allSettled(calls);
    const until = performance.now() + Math.random() * 1.5;
    while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    for (const result of await settled) {
      if (result.status === 'fulfilled') {
        outcomes.made++;
        await result.value.delete();
      } else if (result.reason.started) outcomes.begun++;
      else outcomes.never++;
    }
    // What had begun is undone on its own.
    await expect
      .poll(() => existsSync('/run/netns') && readdirSync('/run/netns').length > 0, { interval: 2 })
      .toBe(false);
    await expect
      .poll(() => NetNs.stats().busyLanes + NetNs.stats().queued, { interval: 2 })
      .toBe(0);
  }
  expect(outcomes.never).toBeGreaterThan(0);
  const after = NetNs.stats();
  expect([after.handles, after.descriptors]).toEqual([before.handles, before.descriptors]);
});

test('a timeout rejects in time, and says whether the kernel had begun', async () => {
  using ns = await NetNs.create();
  const began = performance.now();
  const many = Array.from({ length: 6000 }, (_, i) => link.add({ kind: 'bridge', name: `b${i}` }));
  const error = await errorOf(() => ns.batch(many, { timeout: 150 }));
  expect(error).toMatchObject({ code: 'ETIMEDOUT', started: true });
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(error.message).toContain('150 ms');
}, 60_000);
