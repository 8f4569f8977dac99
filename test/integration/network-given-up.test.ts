import { setMaxListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BridgeNetwork, MacvlanNetwork, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { errorOf } from '../support/errors.ts';

const KINDS = [
  ['bridge', BridgeNetwork],
  ['routed', RoutedNetwork],
] as const;

let host: NetNs;
beforeAll(() => {
  host = NetNs.current();
});
afterAll(() => host.close());

const hostLinks = async (): Promise<string[]> =>
  (await host.link.list()).map(({ name }) => name).sort();
const names = (): string[] => readdirSync('/run/netns').sort();
const never = { code: 'ABORT_ERR', started: false };

/** Waits a random part of `most` ms, without sleeping: to stop things at any of their moments. */
async function aWhile(most: number): Promise<void> {
  const until = performance.now() + Math.random() * most;
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(KINDS)('a %s network', (_kind, Network) => {
  let network: BridgeNetwork | RoutedNetwork;

  beforeEach(async () => {
    network = await Network.create({ name: 'net0', subnet: '10.88.0.0/24', masquerade: true });
  });

  afterEach(async () => {
    await network.delete();
    expect(await hostLinks()).toEqual(['lo']);
  });

  it('does nothing by a signal that is aborted already', async () => {
    const web = await network.attach({ name: 'web', publish: { hostPort: 8080, port: 80 } });
    const signal = AbortSignal.abort(new Error('why'));
    const before = [await hostLinks(), names(), network.stats(), web.ports];
    for (const call of [
      () => network.attach('db', { signal }),
      () => network.attach(undefined, { signal }),
      () => network.prewarm(3, { signal }),
      () => network.sweep({ signal }),
      () => network.delete({ signal }),
      () => web.publish({ hostPort: 8081 }, { signal }),
      () => web.unpublish({ hostPort: 8080, port: 80 }, { signal }),
      () => web.detach({ signal }),
    ]) {
      const error = await errorOf(call);
      expect(error).toMatchObject(never);
      expect(error.cause).toMatchObject({ message: 'why' });
    }
    expect([await hostLinks(), names(), network.stats(), web.ports]).toEqual(before);
    expect([web.detached, network.closed]).toEqual([false, false]);
  });

  it('refuses limits that are none', async () => {
    for (const call of [
      () => network.attach('db', { timeout: 0 }),
      () => network.attach('db', { timeout: '1' as never }),
      () => network.prewarm(1, { signal: {} as never }),
      () => network.delete({ timeout: -1 }),
    ]) {
      expect((await errorOf(call)).code).toMatch(/^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/);
    }
    const web = await network.attach('web', { timeout: 30_000 });
    await web.detach({ timeout: 30_000 });
    expect(names()).toEqual([]);
  });

  it('undoes attaches that are given up at any moment', async () => {
    const outcomes = { made: 0, never: 0, begun: 0 };
    // The sockets are there then, and what follows is counted.
    await (await network.attach({ publish: { hostPort: 7000 } })).detach();
    for (let round = 0; round < 40; round++) {
      const stop = new AbortController();
      const calls = Array.from({ length: 6 }, (_, i) =>
        network.attach(
          { name: `web${i}`, publish: { hostPort: 8000 + i, port: 80 } },
          { signal: stop.signal },
        ),
      );
      const settled = Promise.allSettled(calls);
      await aWhile(round % 2 === 0 ? 0.6 : 4);
      stop.abort();
      for (const result of await settled) {
        if (result.status === 'fulfilled') {
          outcomes.made++;
          await result.value.detach();
          continue;
        }
        expect(result.reason.code).toBe('ABORT_ERR');
        outcomes[result.reason.started ? 'begun' : 'never']++;
      }
      expect(network.endpoints()).toEqual([]);
      // What had begun goes on its own: links, names, ports and addresses.
      await expect.poll(() => network.stats().addresses.used, { interval: 2 }).toBe(0);
      expect(names()).toEqual([]);
      await expect.poll(hostLinks, { interval: 2 }).toEqual(['lo', 'net0']);
    }
    expect(outcomes.never).toBeGreaterThan(0);
    expect(outcomes.begun).toBeGreaterThan(0);
    // All ports are free again.
    await network.attach({ publish: { hostPort: '8000-8005' } });
  }, 60_000);

  it('leaves a namespace that was there as it was', async () => {
    const old = await NetNs.create('old');
    for (let round = 0; round < 20; round++) {
      const stop = new AbortController();
      const call = errorOf(() =>
        network
          .attach({ netns: 'old' }, { signal: stop.signal })
          .then((endpoint) => endpoint.detach())
          .then(() => {
            throw new Error('made');
          }),
      );
      await aWhile(2);
      stop.abort();
      expect((await call).message).toMatch(/made|aborted by its signal/);
      await expect.poll(() => network.stats().addresses.used, { interval: 2 }).toBe(0);
      expect((await old.link.list()).map(({ name }) => name)).toEqual(['lo']);
    }
    await old.delete();
  });

  it('finishes a detach that has begun, whoever waits for it', async () => {
    const held = NetNs.createSync('held');
    held.close();
    const web = await network.attach('web');
    // Held by this handle, the namespace keeps its link until that is deleted, after 400 ms.
    await using _handle = NetNs.open('web');
    const error = await errorOf(() => web.detach({ timeout: 20 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', started: true });
    expect(error.message).toContain('endpoint.detach');
    expect(web.detached).toBe(true);
    await web.detach();
    expect(network.stats()).toMatchObject({ endpoints: 0, addresses: { used: 0 } });
    expect(await hostLinks()).toEqual(['lo', 'net0']);
    await NetNs.delete('held');
  });

  it('leaves an endpoint whose detach was given up before it had begun', async () => {
    let left = 0;
    // A busy machine may have done all of it before this thread gets to giving up.
    for (let tries = 0; tries < 20 && left === 0; tries++) {
      const all = await Promise.all(
        Array.from({ length: 12 }, (_, i) => network.attach(`web${i}`)),
      );
      const stop = new AbortController();
      setMaxListeners(20, stop.signal);
      const detaching = Promise.allSettled(
        all.map((endpoint) => endpoint.detach({ signal: stop.signal })),
      );
      stop.abort();
      for (const [i, result] of (await detaching).entries()) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ABORT_ERR' } });
        const { started } = (result as PromiseRejectedResult).reason;
        expect(all[i].detached).toBe(started);
        if (started) continue;
        left++;
        expect(all[i].netns.name).toBe(`web${i}`);
      }
      await Promise.all(all.map((endpoint) => endpoint.detach()));
      expect(names()).toEqual([]);
      expect(network.stats().addresses.used).toBe(0);
    }
    expect(left).toBeGreaterThan(0);
  });

  it('takes a port back that was published too late, and finishes what it takes away', async () => {
    const web = await network.attach('web');
    const outcomes = { made: 0, never: 0, begun: 0 };
    for (let round = 0; round < 60; round++) {
      const stop = new AbortController();
      const call = web.publish({ hostPort: 8080, port: 80 }, { signal: stop.signal }).then(
        () => 'made' as const,
        (error) => (error.started ? ('begun' as const) : ('never' as const)),
      );
      await aWhile(round % 2 === 0 ? 0.05 : 0.6);
      stop.abort();
      const outcome = await call;
      outcomes[outcome]++;
      if (outcome === 'made') {
        const undo = await web
          .unpublish({ hostPort: 8080, port: 80 }, { signal: AbortSignal.timeout(5_000) })
          .catch((error) => error);
        expect(undo).toBeUndefined();
      }
      // Free again, at once for whoever publishes next.
      await web.publish({ hostPort: 8080, port: 80 });
      expect(web.ports).toHaveLength(1);
      await web.unpublish({ hostPort: 8080, port: 80 });
    }
    expect(outcomes.begun + outcomes.never).toBeGreaterThan(0);
  });

  it('keeps what a prewarm has made so far', async () => {
    const error = await errorOf(() => network.prewarm(200, { timeout: 15 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', started: true });
    await expect.poll(() => network.stats().pool.making).toBe(0);
    const { ready } = network.stats().pool;
    expect(ready).toBeLessThan(200);
    expect(network.stats().addresses.used).toBe(ready);
  });

  it('finishes a delete that was given up', async () => {
    const web = await network.attach('web');
    await using _handle = NetNs.open('web');
    const error = await errorOf(() => network.delete({ timeout: 20 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', started: true });
    await network.delete();
    expect([web.detached, network.closed]).toEqual([true, true]);
    expect(await hostLinks()).toEqual(['lo']);
  });
});

it('a card that was enslaved too late is released', async () => {
  const network = await BridgeNetwork.create({ name: 'net0', subnet: '10.88.0.0/24' });
  await using far = await NetNs.create();
  await host.link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'far', netns: far } });
  await host.address.add({ dev: 'eth0', address: '192.0.2.2/24' });
  try {
    const signal = AbortSignal.abort();
    expect(await errorOf(() => network.enslave('eth0', { signal }))).toMatchObject(never);
    const outcomes = { made: 0, never: 0, begun: 0 };
    for (let round = 0; round < 30; round++) {
      const stop = new AbortController();
      const call = network.enslave('eth0', { signal: stop.signal }).then(
        (card) => ({ card, outcome: 'made' as const }),
        (error) => ({ card: undefined, outcome: error.started ? 'begun' : 'never' }) as const,
      );
      await aWhile(4);
      stop.abort();
      const { card, outcome } = await call;
      outcomes[outcome]++;
      if (card !== undefined) {
        const given = await card.release({ signal }).catch((error) => error);
        expect(given).toMatchObject(never);
        expect((await host.link.get('eth0')).master).toBeDefined();
        await card.release({ timeout: 10_000 });
      }
      await expect
        .poll(async () => (await host.link.get('eth0')).master, { interval: 2 })
        .toBeUndefined();
      await expect
        .poll(
          async () => (await host.address.list({ dev: 'eth0' })).map(({ address }) => address),
          { interval: 2 },
        )
        .toContain('192.0.2.2/24');
    }
    expect(outcomes.begun).toBeGreaterThan(0);
  } finally {
    await network.delete();
    await host.link.delete('eth0');
  }
});

it('an attach to a macvlan network that was given up is undone', async () => {
  await using far = await NetNs.create();
  await host.link.add({ kind: 'veth', name: 'up0', up: true, peer: { name: 'far', netns: far } });
  const network = await MacvlanNetwork.create({
    name: 'mv0',
    parent: 'up0',
    subnet: '10.88.0.0/24',
  });
  try {
    for (let round = 0; round < 20; round++) {
      const stop = new AbortController();
      const call = network.attach('web', { signal: stop.signal }).catch((error) => error);
      await aWhile(2);
      stop.abort();
      const made = await call;
      if (!(made instanceof Error)) await made.detach();
      await expect.poll(() => network.stats().addresses.used, { interval: 2 }).toBe(0);
      expect(names()).toEqual([]);
    }
  } finally {
    await network.delete();
    await host.link.delete('up0');
  }
});
