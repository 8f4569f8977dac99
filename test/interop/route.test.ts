import { NetNs, type Route } from 'node-netns';
import { expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

type Json = Record<string, unknown>;

let names = new Map<number, string>();
const nameOf = (index: number | undefined) => (index === undefined ? undefined : names.get(index));

const hop: Words<NonNullable<Route['nexthops']>[number]> = {
  gateway: (h) => h.via,
  via: (h) => ({ family: h.via?.includes(':') ? 'inet6' : 'inet', host: h.via }),
  dev: (h) => nameOf(h.dev),
  weight: (h) => h.weight,
  flags: (h) => h.flags,
};

const words: Words<Route> = {
  type: (r) => r.type,
  dst: (r) => r.dst,
  from: (r) => r.from,
  gateway: (r) => r.via,
  via: (r) => ({ family: r.via?.includes(':') ? 'inet6' : 'inet', host: r.via }),
  dev: (r) => nameOf(r.dev),
  table: (r) => String(r.table),
  protocol: (r) => r.protocol,
  scope: (r) => r.scope,
  prefsrc: (r) => r.src,
  metric: (r) => r.metric,
  tos: (r) => `0x${r.tos?.toString(16)}`,
  flags: (r) => r.flags,
  pref: (r) => r.pref,
  expires: () => expect.any(Number),
  metrics: (r) => [
    Object.fromEntries(
      Object.entries(r.metrics ?? {})
        .filter(([key]) => key !== 'lock')
        .map(([key, value]) => [key.toLowerCase(), value]),
    ),
  ],
  error: (r) => r.error,
  uid: (r) => r.uid,
  cache: () => expect.any(Array),
};

const shown = (ns: NetNs, ...args: string[]): Json[] =>
  JSON.parse(inside(ns.path, 'ip', '-j', '-d', ...args));

/** All routes of all tables, both families, are the same in both lists. */
async function same(ns: NetNs): Promise<void> {
  names = new Map((await ns.link.list()).map((each) => [each.index, each.name]));
  for (const [family, option] of [
    ['inet', '-4'],
    ['inet6', '-6'],
  ] as const) {
    const theirs = shown(ns, option, 'route', 'show', 'table', 'all');
    const ours = (await ns.route.list({ table: 'all', family })).filter(
      (each) => each.type !== 'anycast',
    );
    expect(ours).toHaveLength(theirs.filter((each) => each.type !== 'anycast').length);
    const used = new Set<Route>();
    for (const one of theirs) {
      const mine = ours.find(
        (each) =>
          !used.has(each) &&
          each.dst === one.dst &&
          String(each.table) === one.table &&
          each.type === one.type &&
          (each.metric ?? 0) === (one.metric ?? 0) &&
          (one.dev === undefined || nameOf(each.dev) === one.dev),
      );
      if (mine === undefined) throw new Error(`not read: ${JSON.stringify(one)}`);
      used.add(mine);
      const { nexthops, ...plain } = one;
      expectSame(plain, mine, words, `${one.dst}: `);
      (nexthops as Json[] | undefined)?.forEach((theirHop, i) => {
        const own = mine.nexthops?.[i];
        if (own === undefined) throw new Error(`no hop ${i}`);
        expectSame(theirHop, own, hop, `${one.dst}[${i}]: `);
      });
    }
  }
}

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.set('lo', { up: true });
  // No link-local addresses: their routes come a second or two later, between two looks.
  const quiet = { up: true, addrGenMode: 'none' } as const;
  await ns.link.add({ kind: 'veth', name: 'v0', ...quiet, peer: { name: 'v1', ...quiet } });
  await ns.address.add({ dev: 'v0', address: '10.0.0.1/24' });
  await ns.address.add({ dev: 'v0', address: 'fd00::1/64', noDad: true });
  return ns;
}

test('routes of every type that we made, ip shows as we read them', async () => {
  using ns = await pair();
  await ns.batch([]);
  const add = ns.route.add;
  expect(typeof add).toBe('function');
  await ns.route.add({ dst: 'default', via: '10.0.0.254' });
  await ns.route.add({ dst: 'default', via: 'fd00::fe', metric: 7, pref: 'high' });
  await ns.route.add({
    dst: '10.1.0.0/16',
    via: '10.0.0.2',
    metric: 5,
    src: '10.0.0.1',
    mtu: 1400,
    metrics: { advmss: 1300 },
  });
  await ns.route.add({ dst: '10.2.0.0/16', dev: 'v0', protocol: 'zebra', table: 100 });
  await ns.route.add({
    dst: '10.3.0.0/16',
    nexthops: [
      { via: '10.0.0.3', weight: 3 },
      { via: '10.0.0.4', dev: 'v0' },
    ],
  });
  await ns.route.add({ dst: '10.4.0.0/16', via: '192.0.2.1', dev: 'v0', onlink: true });
  for (const type of ['blackhole', 'unreachable', 'prohibit', 'throw'] as const) {
    await ns.route.add({ dst: `10.${100 + type.length}.0.0/16`, type });
    await ns.route.add({ dst: `fd00:${type.length}::/48`, type });
  }
  await ns.route.add({ dst: '10.5.0.1', type: 'local', dev: 'lo' });
  await ns.route.add({ dst: '10.6.0.0/16', via: 'fd00::9', dev: 'v0' });
  await ns.route.add({ dst: '10.7.0.0/16', dev: 'v0', tos: 0x10, table: 'main' });
  await ns.route.add({
    dst: 'fd02::/48',
    nexthops: [{ via: 'fd00::3' }, { via: 'fd00::4', weight: 2 }],
  });
  await ns.route.add({ dst: 'fd03::/48', via: 'fd00::3', expires: 600 });
  await same(ns);
  const [other] = await ns.route.list({ table: 100 });
  expect(other).toMatchObject({ dst: '10.2.0.0/16', protocol: 'zebra', scope: 'link' });
});

test('routes that ip made, we read, find, change and delete', async () => {
  using ns = await pair();
  const ip = (...args: string[]) => inside(ns.path, 'ip', ...args);
  ip('route', 'add', 'default', 'via', '10.0.0.9', 'proto', 'dhcp', 'metric', '100');
  ip(
    'route',
    'add',
    '10.8.0.0/16',
    'nexthop',
    'via',
    '10.0.0.3',
    'weight',
    '2',
    'nexthop',
    'via',
    '10.0.0.4',
  );
  ip('route', 'add', '10.9.0.0/16', 'via', '10.0.0.2', 'mtu', 'lock', '1200');
  ip('-6', 'route', 'add', 'fd01::/64', 'via', 'fd00::5', 'pref', 'low', 'expires', '300');
  await same(ns);
  expect(await ns.route.get('8.8.8.8')).toMatchObject({ via: '10.0.0.9', src: '10.0.0.1' });
  expect(await ns.route.get('fd01::7')).toMatchObject({ via: 'fd00::5' });
  expect(
    await ns.route.get('10.0.0.77', {
      from: '10.0.0.1',
      oif: 'v0',
      mark: 5,
      ipProto: 'tcp',
      dport: 80,
    }),
  ).toMatchObject({ mark: 5 });
  const [shownGet] = JSON.parse(inside(ns.path, 'ip', '-j', 'route', 'get', '8.8.8.8')) as Json[];
  names = new Map((await ns.link.list()).map((each) => [each.index, each.name]));
  expectSame(shownGet, await ns.route.get('8.8.8.8'), words);
  await ns.route.replace({ dst: 'default', via: '10.0.0.8', protocol: 'dhcp', metric: 100 });
  expect(await ns.route.list({ dst: 'default', protocol: 'dhcp' })).toMatchObject([
    { via: '10.0.0.8' },
  ]);
  await ns.route.delete({ dst: '10.8.0.0/16' });
  expect((await errorOf(() => ns.route.delete({ dst: '10.8.0.0/16' }))).code).toBe('ESRCH');
  expect((await errorOf(() => ns.route.set({ dst: '10.88.0.0/16', via: '10.0.0.2' }))).code).toBe(
    'ENOENT',
  );
});

test('flush takes what the filter lets through, and leaves what is the kernel’s', async () => {
  using ns = await pair();
  for (let i = 0; i < 20; i++)
    await ns.route.add({ dst: `10.${50 + i}.0.0/16`, via: '10.0.0.2', table: 77 });
  for (let i = 0; i < 5; i++)
    await ns.route.add({ dst: `fd0${i}:7::/48`, via: 'fd00::2', table: 77 });
  await ns.route.add({ dst: '10.200.0.0/16', type: 'blackhole' });
  expect(await ns.route.flush({ table: 77 })).toBe(25);
  expect(await ns.route.list({ table: 77 })).toEqual([]);
  const before = (await ns.route.list()).filter((each) => each.protocol === 'kernel').length;
  expect(await ns.route.flush({})).toBe(1);
  expect(await ns.route.list()).toHaveLength(before);
});

test('a look-up that finds no way says what the kernel says', async () => {
  using ns = await pair();
  expect((await errorOf(() => ns.route.get('8.8.8.8'))).code).toBe('ENETUNREACH');
  await ns.route.add({ dst: '9.0.0.0/8', type: 'prohibit' });
  expect((await errorOf(() => ns.route.get('9.9.9.9'))).code).toBe('EACCES');
});

test('routes that make no sense are refused before the kernel is asked', async () => {
  using ns = await pair();
  const bad: [object, string][] = [
    [{ dst: '10.0.0.0/33' }, 'route.dst'],
    [{ dst: 'everywhere' }, 'route.dst'],
    [{}, 'route.dst'],
    [{ dst: 'default', via: 'x' }, 'route.via'],
    [{ dst: 'default', vai: '10.0.0.1' }, 'vai'],
    [{ dst: 'default', via: '10.0.0.1', nexthops: [{ via: '10.0.0.2' }] }, 'route.via'],
    [{ dst: '10.0.0.0/8', type: 'blackhole', via: '10.0.0.2' }, 'route.via'],
    [{ dst: '10.0.0.0/8', nexthops: [] }, 'route.nexthops'],
    [
      { dst: '10.0.0.0/8', nexthops: [{ via: '10.0.0.2', weight: 300 }] },
      'route.nexthops[0].weight',
    ],
    [{ dst: '10.0.0.0/8', via: '10.0.0.2', metric: -1 }, 'route.metric'],
    [{ dst: '10.0.0.0/8', via: '10.0.0.2', table: 'nowhere' }, 'route.table'],
    [{ dst: '10.0.0.0/8', via: '10.0.0.2', expires: 5 }, 'route.expires'],
    [{ dst: '10.0.0.0/8', via: '10.0.0.2', src: 'fd00::1' }, 'route.src'],
    [{ dst: '10.0.0.0/8', via: '10.0.0.2', encap: { type: 'gre' } }, 'route.encap.type'],
  ];
  for (const [spec, path] of bad) {
    const error = await errorOf(() => ns.route.add(spec as { dst: string }));
    expect(error.code, JSON.stringify(spec)).toMatch(/^ERR_/);
    expect(error.message).toContain(path);
  }
});
