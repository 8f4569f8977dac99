import { NetNs, type Nexthop } from 'node-netns';
import { describe, expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';
import { hasNexthops, kernelVersion } from '../support/probe.ts';

type Json = Record<string, unknown>;

let names = new Map<number, string>();

const words: Words<Nexthop> = {
  id: (n) => n.id,
  group: (n) => n.group?.map(({ id, weight }) => (weight === 1 ? { id } : { id, weight })),
  type: (n) => n.groupType,
  resilient_args: (n) => ({
    buckets: n.buckets,
    idle_timer: n.idleTimer,
    unbalanced_timer: n.unbalancedTimer,
    unbalanced_time: expect.any(Number),
  }),
  gateway: (n) => n.via,
  dev: (n) => names.get(n.dev ?? 0),
  scope: (n) => n.scope,
  blackhole: (n) => (n.blackhole ? null : undefined),
  protocol: (n) => n.protocol,
  fdb: (n) => (n.fdb ? null : undefined),
  flags: (n) =>
    [n.onlink ? 'onlink' : '', n.dead ? 'dead' : '', n.linkDown ? 'linkdown' : ''].filter(
      (f) => f !== '',
    ),
};

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  // A blackhole is of lo, which must be up.
  await ns.link.set('lo', { up: true });
  await ns.link.add({ kind: 'veth', name: 'a0', up: true, peer: { name: 'a1', up: true } });
  await ns.address.add({ dev: 'a0', address: '10.0.0.1/24' });
  names = new Map((await ns.link.list()).map((link) => [link.index, link.name]));
  return ns;
}

const show = (ns: NetNs, ...args: string[]): Json[] =>
  JSON.parse(inside(ns.path, 'ip', '-j', '-d', 'nexthop', ...args));

describe.skipIf(!hasNexthops())('nexthop objects (kernel 5.3)', () => {
  test('both ways', async () => {
    using ns = await pair();
    await ns.nexthop.add({ id: 1, via: '10.0.0.2', dev: 'a0', protocol: 'static' });
    await ns.nexthop.add({ id: 2, via: '10.9.0.2', dev: 'a0', onlink: true });
    await ns.nexthop.add({ id: 3, blackhole: true });
    await ns.nexthop.add({ id: 4, via: 'fe80::1', dev: 'a0' });
    await ns.nexthop.add({ id: 5, group: [{ id: 1, weight: 3 }, { id: 2 }] });
    await ns.nexthop.add({ id: 6, via: '10.0.0.9', fdb: true });
    inside(ns.path, 'ip', 'nexthop', 'add', 'id', '7', 'dev', 'a0');
    const mine = await ns.nexthop.list();
    const theirs = show(ns);
    expect(mine.map((one) => one.id)).toEqual(theirs.map((one) => one.id));
    theirs.forEach((one, i) => {
      expectSame(one, mine[i], words, `nexthop ${one.id} `);
    });
    expect(await ns.nexthop.get(5)).toMatchObject({
      group: [
        { id: 1, weight: 3 },
        { id: 2, weight: 1 },
      ],
      groupType: 'mpath',
    });
    expect((await ns.nexthop.list({ groups: true })).map((one) => one.id)).toEqual([5]);
    expect((await ns.nexthop.list({ dev: 'a0' })).map((one) => one.id)).toEqual([1, 2, 4, 7]);
    expect((await ns.nexthop.list({ fdb: true })).map((one) => one.id)).toEqual([6]);
  });

  test('replace, delete, flush', async () => {
    using ns = await pair();
    await ns.nexthop.add({ id: 1, via: '10.0.0.2', dev: 'a0' });
    expect((await errorOf(() => ns.nexthop.add({ id: 1, blackhole: true }))).code).toBe('EEXIST');
    await ns.nexthop.replace({ id: 1, via: '10.0.0.3', dev: 'a0' });
    expect((await ns.nexthop.get(1))?.via).toBe('10.0.0.3');
    await ns.nexthop.add({ id: 2, via: '10.0.0.4', dev: 'a0' });
    await ns.nexthop.add({ id: 3, group: [{ id: 1 }, { id: 2 }] });
    await ns.nexthop.delete(2);
    expect((await ns.nexthop.get(3))?.group).toEqual([{ id: 1, weight: 1 }]);
    expect(await ns.nexthop.flush()).toBe(2);
    expect(await ns.nexthop.list()).toEqual([]);
    expect((await errorOf(() => ns.nexthop.get(1))).code).toBe('ENOENT');
  });

  test.skipIf(kernelVersion() < 5013)(
    'a resilient group and its buckets (kernel 5.13)',
    async () => {
      using ns = await pair();
      await ns.nexthop.add({ id: 1, via: '10.0.0.2', dev: 'a0' });
      await ns.nexthop.add({ id: 2, via: '10.0.0.3', dev: 'a0' });
      await ns.nexthop.add({
        id: 3,
        group: [{ id: 1 }, { id: 2 }],
        groupType: 'resilient',
        buckets: 8,
        idleTimer: 60,
        unbalancedTimer: 300,
      });
      const [theirs] = show(ns, 'get', 'id', '3');
      const mine = await ns.nexthop.get(3);
      if (mine === undefined) throw new Error('no nexthop 3');
      expectSame(theirs, mine, words);
      const buckets = await ns.nexthop.buckets(3);
      expect(buckets.map((one) => one.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(new Set(buckets.map((one) => one.nexthop))).toEqual(new Set([1, 2]));
    },
  );
});
