import { setTimeout as sleep } from 'node:timers/promises';
import { NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';

async function pair(): Promise<{ near: NetNs; far: NetNs; [Symbol.dispose](): void }> {
  const near = await NetNs.create();
  const far = await NetNs.create();
  await near.link.add({ kind: 'veth', name: 'a0', peer: { name: 'a1', netns: far } });
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far.close();
    },
  };
}

const up = async (ns: NetNs, dev: string) => ns.link.set(dev, { addrGenMode: 'none', up: true });

test('an address is waited for until it is no longer tentative', async () => {
  using both = await pair();
  const { near, far } = both;
  await up(near, 'a0');
  await up(far, 'a1');
  await near.address.add({ dev: 'a0', address: 'fd00::1/64' });
  const [before] = await near.address.list({ dev: 'a0', to: 'fd00::1' });
  expect(before.flags).toContain('tentative');
  const ready = await near.address.waitReady({ dev: 'a0' });
  expect(ready.map((one) => one.address)).toEqual(['fd00::1/64']);
  expect(ready[0].flags).not.toContain('tentative');
  // What needs no detection is ready at once: IPv4, and what was told so.
  await near.address.add({ dev: 'a0', address: '10.0.0.1/24' });
  await near.address.add({ dev: 'a0', address: 'fd00::2/64', noDad: true });
  expect(await near.address.waitReady({ dev: 'a0' }, { timeout: 1000 })).toHaveLength(3);
});

test('a duplicate is told', async () => {
  using both = await pair();
  const { near, far } = both;
  await up(near, 'a0');
  await up(far, 'a1');
  await far.address.add({ dev: 'a1', address: 'fd00::1/64', noDad: true });
  await near.address.add({ dev: 'a0', address: 'fd00::1/64' });
  const error = await errorOf(() => near.address.waitReady({ dev: 'a0', to: 'fd00::1' }));
  expect(error).toMatchObject({ name: 'NetlinkError', code: 'EADDRINUSE' });
  expect(error.message).toMatch(/fd00::1\/64 is in use by another host/);
  // And so it stays, for whoever asks later.
  expect((await errorOf(() => near.address.waitReady({}))).code).toBe('EADDRINUSE');
});

test('it ends by its timeout, its signal, and with the address or the handle', async () => {
  using both = await pair();
  const { near } = both;
  // No carrier: the address stays tentative.
  await up(near, 'a0');
  await near.address.add({ dev: 'a0', address: 'fd00::1/64' });
  expect((await errorOf(() => near.address.waitReady({ dev: 'a0' }, { timeout: 50 }))).code).toBe(
    'ETIMEDOUT',
  );
  const stop = new AbortController();
  const waiting = near.address.waitReady({ dev: 'a0' }, { signal: stop.signal });
  const aborted = errorOf(() => waiting);
  await sleep(20);
  stop.abort(new Error('enough'));
  expect((await aborted).code).toBe('ABORT_ERR');

  const gone = errorOf(() => near.address.waitReady({ dev: 'a0' }));
  await sleep(20);
  await near.address.delete({ dev: 'a0', address: 'fd00::1/64' });
  expect((await gone).code).toBe('EADDRNOTAVAIL');
  expect((await errorOf(() => near.address.waitReady({ dev: 'a0' }))).code).toBe('EADDRNOTAVAIL');

  await near.address.add({ dev: 'a0', address: 'fd00::1/64' });
  const closed = errorOf(() => near.address.waitReady({ dev: 'a0' }));
  await sleep(20);
  near.close();
  expect((await closed).code).toBe('ERR_NETNS_CLOSED');
});

test('bad filters and options are refused', async () => {
  using ns = await NetNs.create();
  for (const call of [
    () => ns.address.waitReady({ dve: 'lo' } as object),
    () => ns.address.waitReady({ to: 'nonsense' }),
    () => ns.address.waitReady({}, { timeout: 0 }),
    () => ns.address.waitReady({}, { signal: 7 } as object),
  ]) {
    expect((await errorOf(call)).code).toMatch(/^ERR_/);
  }
});
