import { type Neighbour, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

type Json = Record<string, unknown>;

const set = (on: boolean) => (on ? null : undefined);
const anything = () => expect.anything();

const words: Words<Neighbour> = {
  dst: (n) => n.dst,
  dev: () => 'a0',
  lladdr: (n) => n.lladdr,
  state: (n) => [String(n.state).toUpperCase()],
  proxy: (n) => set(n.proxy),
  router: (n) => set(n.router),
  extern_learn: (n) => set(n.externLearn),
  managed: (n) => set(n.managed),
  offload: (n) => set(n.offloaded),
  protocol: (n) => n.protocol,
  used: anything,
  confirmed: anything,
  updated: anything,
  probes: (n) => n.probes,
  refcnt: (n) => n.refcount,
};

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({
    kind: 'veth',
    name: 'a0',
    up: true,
    addrGenMode: 'none',
    peer: { name: 'a1' },
  });
  return ns;
}

const show = (ns: NetNs, ...args: string[]): Json[] =>
  JSON.parse(inside(ns.path, 'ip', '-j', '-s', '-d', 'neigh', 'show', 'nud', 'all', ...args));

function compare(theirs: Json[], ours: Neighbour[]): void {
  expect(ours.map((one) => one.dst).sort()).toEqual(theirs.map((one) => one.dst).sort());
  for (const one of theirs) {
    const mine = ours.find((each) => each.dst === one.dst);
    if (mine === undefined) throw new Error(`no neighbour ${one.dst}`);
    expectSame(one, mine, words, `${one.dst} `);
  }
}

test('ip reads the neighbours we make, and we read its', async () => {
  using ns = await pair();
  await ns.neighbour.add({ dst: '10.0.0.1', dev: 'a0', lladdr: '02:00:00:00:00:01' });
  await ns.neighbour.replace({
    dst: '10.0.0.2',
    dev: 'a0',
    lladdr: '02:00:00:00:00:02',
    state: 'noarp',
  });
  await ns.neighbour.add({
    dst: 'fd00::1',
    dev: 'a0',
    lladdr: '02:00:00:00:00:03',
    state: 'stale',
    router: true,
    externLearn: true,
    protocol: 'zebra',
  });
  inside(
    ns.path,
    ...([
      'ip',
      'neigh',
      'add',
      '10.0.0.4',
      'lladdr',
      '02:00:00:00:00:04',
      'dev',
      'a0',
      'protocol',
      'static',
    ] as [string, ...string[]]),
  );
  const ours = await ns.neighbour.list({ dev: 'a0' });
  compare(show(ns, 'dev', 'a0'), ours);
  expect(ours.find((one) => one.dst === 'fd00::1')).toMatchObject({
    family: 'inet6',
    state: 'stale',
    router: true,
    externLearn: true,
    protocol: 'zebra',
  });
});

test('proxies are apart from neighbours', async () => {
  using ns = await pair();
  await ns.neighbour.add({ dst: '10.0.0.9', dev: 'a0', proxy: true });
  await ns.neighbour.add({ dst: 'fd00::9', dev: 'a0', proxy: true, router: true });
  expect((await ns.neighbour.list({ proxy: true })).map((one) => one.dst).sort()).toEqual([
    '10.0.0.9',
    'fd00::9',
  ]);
  const theirs: Json[] = JSON.parse(inside(ns.path, 'ip', '-j', 'neigh', 'show', 'proxy'));
  expect(theirs.map((one) => one.dst).sort()).toEqual(['10.0.0.9', 'fd00::9']);
  expect((await ns.neighbour.list()).some((one) => one.proxy)).toBe(false);
  await ns.neighbour.delete({ dst: '10.0.0.9', dev: 'a0', proxy: true });
  expect((await ns.neighbour.list({ proxy: true })).map((one) => one.dst)).toEqual(['fd00::9']);
});

test('get, set, delete and flush', async () => {
  using ns = await pair();
  const spec = { dst: '10.0.0.1', dev: 'a0', lladdr: '02:00:00:00:00:01' };
  await ns.neighbour.add(spec);
  expect((await errorOf(() => ns.neighbour.add(spec))).code).toBe('EEXIST');
  expect(await ns.neighbour.get({ dst: '10.0.0.1', dev: 'a0' })).toMatchObject({
    lladdr: '02:00:00:00:00:01',
    state: 'permanent',
  });
  await ns.neighbour.set({ ...spec, lladdr: '02:00:00:00:00:02', state: 'stale' });
  expect(await ns.neighbour.get({ dst: '10.0.0.1', dev: 'a0' })).toMatchObject({
    lladdr: '02:00:00:00:00:02',
    state: 'stale',
  });
  expect((await errorOf(() => ns.neighbour.set({ ...spec, dst: '10.0.0.7' }))).code).toBe('ENOENT');
  await ns.neighbour.add({ ...spec, dst: '10.0.0.2' });
  // What is permanent stays unless asked for.
  expect(await ns.neighbour.flush({ family: 'inet' })).toBe(1);
  expect((await ns.neighbour.list({ family: 'inet' })).map((one) => one.dst)).toEqual(['10.0.0.2']);
  expect(await ns.neighbour.flush({ family: 'inet', state: 'permanent' })).toBe(1);
  await ns.neighbour.add({ ...spec, dst: '10.0.0.3' });
  await ns.neighbour.delete({ dst: '10.0.0.3', dev: 'a0' });
  expect((await errorOf(() => ns.neighbour.get({ dst: '10.0.0.3', dev: 'a0' }))).code).toBe(
    'ENOENT',
  );
});

test('the settings of tables, of a link alone too', async () => {
  using ns = await pair();
  const { index } = await ns.link.get('a0');
  await ns.neighbour.setTable({
    family: 'inet',
    dev: 'a0',
    baseReachableTime: 45_000,
    gcStaleTime: 70_000,
    unicastProbes: 5,
    queueLenBytes: 65_536,
  });
  const tables = await ns.neighbour.tables();
  expect(tables.map((table) => table.name).sort()).toEqual(['arp_cache', 'ndisc_cache']);
  const arp = tables.find((table) => table.name === 'arp_cache');
  expect(arp?.devices.find((one) => one.dev === index)).toMatchObject({
    baseReachableTime: 45_000,
    gcStaleTime: 70_000,
    unicastProbes: 5,
    queueLenBytes: 65_536,
  });
  expect(arp?.parms.baseReachableTime).toBe(30_000);
  const text = inside(ns.path, 'ip', 'ntable', 'show', 'dev', 'a0', 'name', 'arp_cache');
  expect(text).toMatch(/base_reachable 45000/);
  expect(text).toMatch(/ucast_probes 5/);
});
