import { type Address, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

type Json = Record<string, unknown>;
const FOREVER = 0xffff_ffff;
const flag = (name: Address['flags'][number]) => (a: Address) => a.flags.includes(name);

const words: Words<Address> = {
  family: (a) => a.family,
  local: (a) => a.local,
  prefixlen: (a) => a.prefixLength,
  address: (a) => a.peer?.split('/')[0],
  broadcast: (a) => a.broadcast,
  scope: (a) => a.scope,
  label: (a) => a.label,
  metric: (a) => a.metric,
  protocol: (a) => a.protocol,
  dynamic: (a) => !a.flags.includes('permanent'),
  nodad: flag('noDad'),
  noprefixroute: flag('noPrefixRoute'),
  mngtmpaddr: flag('mngTmpAddr'),
  secondary: flag('secondary'),
  tentative: flag('tentative'),
  deprecated: flag('deprecated'),
  home: flag('home'),
  autojoin: flag('autoJoin'),
  valid_life_time: (a) => (a.validLifetime === 'forever' ? FOREVER : a.validLifetime),
  preferred_life_time: (a) => (a.preferredLifetime === 'forever' ? FOREVER : a.preferredLifetime),
};

function theirs(ns: NetNs, dev: string): Json[] {
  const [shown] = JSON.parse(inside(ns.path, 'ip', '-j', '-d', 'address', 'show', dev)) as {
    addr_info: Json[];
  }[];
  return shown.addr_info;
}

async function same(ns: NetNs, dev: string): Promise<Address[]> {
  const shown = theirs(ns, dev);
  const ours = await ns.address.list({ dev });
  expect(ours).toHaveLength(shown.length);
  for (const one of shown) {
    const mine = ours.find((each) => each.local === one.local);
    if (mine === undefined) throw new Error(`not read: ${String(one.local)}`);
    expectSame(one, mine, words);
  }
  return ours;
}

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'v0', up: true, peer: { name: 'v1', up: true } });
  return ns;
}

test('what we gave, ip shows as we read it', async () => {
  using ns = await pair();
  await ns.address.add({
    dev: 'v0',
    address: '10.0.0.1/24',
    broadcast: 'auto',
    label: 'v0:x',
    validLifetime: 300,
    preferredLifetime: 200,
    metric: 9,
  });
  await ns.address.add({ dev: 'v0', address: '10.0.0.2/24' });
  await ns.address.add({ dev: 'v0', address: '10.9.0.1', peer: '10.9.0.2', scope: 'link' });
  await ns.address.add({ dev: 'v0', address: '10.8.0.1/24', noPrefixRoute: true });
  await ns.address.add({ dev: 'v0', address: 'fd00::1/64', noDad: true, home: true });
  await ns.address.add({
    dev: 'v0',
    address: 'fd00::2/64',
    noPrefixRoute: true,
    mngTmpAddr: true,
    validLifetime: 500,
    preferredLifetime: 0,
  });
  await ns.address.add({ dev: 'lo', address: '127.0.0.5/8' });
  const ours = await same(ns, 'v0');
  await same(ns, 'lo');
  const [first] = ours.filter((each) => each.local === '10.0.0.1');
  expect(first).toMatchObject({
    broadcast: '10.0.0.255',
    label: 'v0:x',
    metric: 9,
    scope: 'global',
  });
  expect(ours.find((each) => each.local === '10.0.0.2')?.flags).toContain('secondary');
  expect(ours.find((each) => each.local === '10.9.0.1')).toMatchObject({
    peer: '10.9.0.2/32',
    scope: 'link',
  });
  expect(theirs(ns, 'v0').find((each) => each.local === 'fd00::2')).toMatchObject({
    noprefixroute: true,
    mngtmpaddr: true,
    deprecated: true,
  });
});

test('what ip gave, we read, change and take away', async () => {
  using ns = await pair();
  const ip = (...args: string[]) => inside(ns.path, 'ip', ...args);
  ip(
    'address',
    'add',
    '10.1.0.1/24',
    'brd',
    '+',
    'dev',
    'v0',
    'valid_lft',
    '100',
    'preferred_lft',
    '50',
  );
  ip('address', 'add', '10.2.0.1', 'peer', '10.2.0.2/30', 'dev', 'v0');
  ip('address', 'add', 'fd01::1/64', 'dev', 'v0', 'nodad', 'home');
  await same(ns, 'v0');
  await ns.address.replace({ dev: 'v0', address: '10.1.0.1/24', validLifetime: 'forever' });
  expect((await ns.address.list({ to: '10.1.0.0/24' }))[0].validLifetime).toBe('forever');
  await ns.address.delete({ dev: 'v0', address: '10.2.0.1/30', peer: '10.2.0.2/30' });
  await ns.address.delete({ dev: 'v0', address: 'fd01::1/64' });
  expect((await ns.address.list({ dev: 'v0', scope: 'global' })).map((each) => each.local)).toEqual(
    ['10.1.0.1'],
  );
});

test('flush takes what the filter lets through, and tells how many', async () => {
  using ns = await pair();
  for (let i = 1; i <= 5; i++) await ns.address.add({ dev: 'v0', address: `10.3.0.${i}/24` });
  await ns.address.add({ dev: 'v0', address: '10.4.0.1/24' });
  await ns.address.add({ dev: 'v1', address: '10.3.1.1/24' });
  expect(await ns.address.flush({ dev: 'v0', to: '10.3.0.0/16' })).toBe(5);
  expect((await ns.address.list({ family: 'inet' })).map((each) => each.local).sort()).toEqual([
    '10.3.1.1',
    '10.4.0.1',
  ]);
  expect(ns.sync.address.flush({ dev: 'v0', family: 'inet' })).toBe(1);
  expect(await ns.address.flush({ dev: 'v0', family: 'inet' })).toBe(0);
});

test('what the kernel refuses comes back with its words; what makes no sense never gets there', async () => {
  using ns = await pair();
  await ns.address.add({ dev: 'v0', address: '10.0.0.1/24' });
  expect((await errorOf(() => ns.address.add({ dev: 'v0', address: '10.0.0.1/24' }))).code).toBe(
    'EEXIST',
  );
  expect((await errorOf(() => ns.address.delete({ dev: 'v0', address: '10.0.0.9/24' }))).code).toBe(
    'EADDRNOTAVAIL',
  );
  const bad: [object, string][] = [
    [
      { dev: 'v0', address: '10.0.0.5/24', preferredLifetime: 50, validLifetime: 20 },
      'preferredLifetime',
    ],
    [{ dev: 'v0', address: 'fd00::1/64', broadcast: 'auto' }, 'broadcast'],
    [{ dev: 'v0', address: 'fd00::1/64', label: 'v0:1' }, 'label'],
    [{ dev: 'v0', address: '10.0.0.5/24', label: 'eth0:1' }, 'label'],
    [{ dev: 'v0', address: '10.0.0.5', peer: 'fd00::1' }, 'peer'],
    [{ dev: 'v0', address: '10.0.0.5/24', scope: 'galactic' }, 'scope'],
    [{ dev: 'v0', address: '10.0.0.5/24', validLifetime: 0 }, 'validLifetime'],
    [{ dev: 'v0', address: '10.0.0.5/24', noPrefixRoutes: true }, 'noPrefixRoute'],
    [{ dev: 0, address: '10.0.0.5/24' }, 'dev'],
  ];
  for (const [spec, word] of bad) {
    const error = await errorOf(() => ns.address.add(spec as { dev: string; address: string }));
    expect(error.code, JSON.stringify(spec)).toMatch(/^ERR_/);
    expect(error.message).toContain(word);
  }
});
