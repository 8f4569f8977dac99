import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { link, NetNs, type WatchEvent } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

const descriptors = () => readdirSync('/proc/self/fd').length;

/** What a watch tells until `enough`. */
async function collect(
  watch: AsyncIterable<WatchEvent>,
  enough: (events: WatchEvent[]) => boolean,
) {
  const events: WatchEvent[] = [];
  for await (const event of watch) {
    events.push(event);
    if (enough(events)) break;
  }
  return events;
}

test('links, addresses and routes are told as they come and go, by us and by ip', async () => {
  using ns = await NetNs.create();
  const watch = await ns.watch(['link', 'address', 'route']).ready();
  await ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } });
  inside(ns.path, 'ip', 'link', 'set', 'v0', 'up');
  inside(ns.path, 'ip', 'address', 'add', '10.9.0.1/24', 'dev', 'v0');
  inside(ns.path, 'ip', 'route', 'add', '10.10.0.0/16', 'dev', 'v0', 'scope', 'link');
  await ns.link.delete('v0');
  const events = await collect(watch, (all) => {
    const last = all.at(-1);
    return last?.type === 'delete' && last.topic === 'link' && last.link.name === 'v0';
  });
  const told = events.map((event) =>
    event.type === 'overrun' ? 'overrun' : `${event.type} ${event.topic}`,
  );
  expect(told).not.toContain('overrun');
  for (const one of ['new link', 'new address', 'new route', 'delete address', 'delete link']) {
    expect(told).toContain(one);
  }
  const added = events.find(
    (event) => event.type === 'new' && event.topic === 'address' && event.address.family === 'inet',
  );
  expect(added).toMatchObject({ address: { address: '10.9.0.1/24' } });
});

test('only what is asked for is told, and `where` chooses among it', async () => {
  using ns = await NetNs.create();
  const watch = await ns
    .watch(['link'], { where: (event) => event.topic === 'link' && event.link.name === 'b1' })
    .ready();
  await ns.link.add({ kind: 'bridge', name: 'b0' });
  await ns.link.add({ kind: 'bridge', name: 'b1' });
  const [first] = await collect(watch, () => true);
  expect(first).toMatchObject({ type: 'new', topic: 'link', link: { name: 'b1' } });
});

test('an overrun is told, and the present state follows', async () => {
  using ns = await NetNs.create();
  const watch = await ns.watch(['link']).ready();
  await ns.link.add({ kind: 'bridge', name: 'b0' });
  const flips = Array.from({ length: 2_000 }, (_, i) => link.set('b0', { mtu: 1000 + (i % 400) }));
  for (let i = 0; i < 40; i++) {
    await ns.batch(flips);
    if (i % 4 === 3 && (await lost(ns))) break;
  }
  const events = await collect(watch, (all) => {
    const overrun = all.findIndex((event) => event.type === 'overrun');
    return overrun >= 0 && all.length >= overrun + 3;
  });
  const overrun = events.findIndex((event) => event.type === 'overrun');
  const state = events.slice(overrun + 1);
  expect(
    state.map((event) => event.type !== 'overrun' && event.topic === 'link' && event.link.name),
  ).toEqual(['lo', 'b0']);
  expect(state[0]).toMatchObject({ type: 'new', state: true });
}, 60_000);

/** Whether the kernel has dropped something for a socket of this namespace (last column but one). */
async function lost(ns: NetNs): Promise<boolean> {
  const rows = inside(ns.path, 'cat', '/proc/net/netlink').trim().split('\n').slice(1);
  return rows.some((row) => Number(row.trim().split(/\s+/)[8]) > 0);
}

test('it ends by its signal, by leaving the loop, and with the handle; nothing is left', async () => {
  using ns = await NetNs.create();
  await ns.link.list();
  const before = descriptors();
  const stop = new AbortController();
  const signalled = ns.watch(['link'], { signal: stop.signal });
  const waiting = signalled.next();
  await sleep(20);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect((await signalled.next()).done).toBe(true);

  const left = ns.watch(['link']);
  await ns.link.add({ kind: 'bridge', name: 'b0' });
  for await (const event of left) {
    expect(event.type).toBe('new');
    break;
  }
  expect(descriptors()).toBe(before);

  const other = await NetNs.create();
  const ended = other.watch();
  const next = ended.next();
  await ended.ready();
  other.close();
  expect((await next).done).toBe(true);
  expect(descriptors()).toBe(before);
});

test('a watch that is dropped is closed by the collector', async () => {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('node --expose-gc');
  using ns = await NetNs.create();
  await ns.link.list();
  const before = descriptors();
  await (async () => void (await ns.watch(['link']).ready()))();
  expect(descriptors()).toBe(before + 1);
  for (let i = 0; i < 50 && descriptors() > before; i++) {
    gc();
    await sleep(10);
  }
  expect(descriptors()).toBe(before);
});

test('all namespaces that have an id are heard, each event with the id', async () => {
  using ns = await NetNs.create();
  using other = await NetNs.create();
  await ns.nsid.assign(other, 7);
  const watch = await ns.watch(['link'], { allNsids: true }).ready();
  await other.link.add({ kind: 'bridge', name: 'b0' });
  await ns.link.add({ kind: 'bridge', name: 'b1' });
  const events = await collect(watch, (all) =>
    all.some((each) => each.type === 'new' && each.topic === 'link' && each.link.name === 'b1'),
  );
  const seen = events.map(
    (event) => event.type !== 'overrun' && event.topic === 'link' && [event.link.name, event.nsid],
  );
  expect(seen).toContainEqual(['b0', 7]);
  expect(seen).toContainEqual(['b1', undefined]);
});

test('bad topics and options are refused', async () => {
  using ns = await NetNs.create();
  for (const call of [
    () => ns.watch(['lnk' as 'link']),
    () => ns.watch('link' as unknown as ['link']),
    () => ns.watch(['link'], { sginal: undefined } as object),
    () => ns.watch(['link'], { signal: 7 } as object),
  ]) {
    expect((await errorOf(call)).code).toMatch(/^ERR_INVALID_ARG/);
  }
  expect(
    (await errorOf(() => ns.watch(['link'], { signal: AbortSignal.abort(new Error('no')) })))
      .message,
  ).toBe('no');
});
