import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { address, link, NetNs, route } from 'node-netns';
import { afterAll, expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside, ipJson } from '../support/ip.ts';

const host = NetNs.current();
afterAll(() => host.close());

test('the three faces do the same: async, sync, batch', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', peer: { name: 'a1' } });
  ns.sync.link.add({ kind: 'veth', name: 'b0', peer: { name: 'b1' } });
  await ns.batch([link.add({ kind: 'veth', name: 'c0', peer: { name: 'c1' } })]);
  const names = (await ns.link.list()).map((each) => each.name).sort();
  expect(names).toEqual(['a0', 'a1', 'b0', 'b1', 'c0', 'c1', 'lo']);
  expect(ns.sync.link.list()).toEqual(await ns.link.list());
  ns.sync.link.delete('b0');
  await ns.link.delete('a1');
  expect((await errorOf(() => ns.link.get('a0'))).code).toBe('ENODEV');
  expect((await errorOf(() => ns.sync.link.get('b1'))).code).toBe('ENODEV');
});

test('a batch may name what it makes itself, and answers in order', async () => {
  using ns = await NetNs.create();
  const answers = await ns.batch([
    link.add({ kind: 'bridge', name: 'br0' }),
    link.add({ kind: 'veth', name: 'v0', master: 'br0', peer: { name: 'v1' } }),
    link.set('v0', { up: true }),
    link.set('br0', { up: true }),
    address.add({ dev: 'br0', address: '10.1.0.1/24' }),
    link.set('v1', { name: 'w1', up: true }),
    route.add({ dst: '10.2.0.0/16', via: '10.1.0.9' }),
    link.get('w1'),
    link.list({ master: 'br0' }),
  ]);
  expect(answers[7].name).toBe('w1');
  expect(answers[8].map((each) => each.name)).toEqual(['v0']);
  const [seen] = ipOf(ns, 'link', 'show', 'v0');
  expect(seen.master).toBe('br0');
});

test('a batch ends at the first failure, and tells all that failed', async () => {
  using ns = await NetNs.create();
  const error = await errorOf(() =>
    ns.batch([
      link.add({ kind: 'bridge', name: 'br0' }),
      link.add({ kind: 'bridge', name: 'br0' }),
      link.set('none', { up: true }),
    ]),
  );
  expect(error.code).toMatch(/EEXIST|ENODEV/);
  expect(error.failures?.map((each) => each.request)).toContain(error.request);
});

test('requests of one tick go together, and each has its own fate', async () => {
  using ns = await NetNs.create();
  const results = await Promise.allSettled([
    ns.link.add({ kind: 'bridge', name: 'br0' }),
    ns.link.add({ kind: 'bridge', name: 'br0' }),
    ns.link.set('none', { up: true }),
    ns.link.add({ kind: 'bridge', name: 'br1' }),
    ns.link.get('br1'),
  ]);
  expect(results.map((result) => result.status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  const codes = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason.code] : [],
  );
  expect(codes).toEqual(['EEXIST', 'ENODEV']);
  const missing = results[2].status === 'rejected' ? results[2].reason : undefined;
  expect(missing.message).toContain("no link 'none'");
});

test('a veth born with its other end in another namespace, and found from either end', async () => {
  using a = await NetNs.create();
  using b = await NetNs.create();
  await a.link.add({ kind: 'veth', name: 'near', peer: { name: 'far', netns: b } });
  const peer = await a.link.peer('near');
  expect(peer.name).toBe('far');
  expect(peer.netns.equals(b)).toBe(true);
  expect(peer.index).toBe((await b.link.get('far')).index);
  peer.netns.close();
  const back = await b.link.peer('far');
  expect([back.name, back.netns.equals(a)]).toEqual(['near', true]);
  back.netns.close();

  await a.link.add({ kind: 'veth', name: 'x', peer: { name: 'y' } });
  const same = await a.link.peer('x');
  expect([same.name, same.netns.equals(a)]).toEqual(['y', true]);
  same.netns.close();
  await a.link.add({ kind: 'bridge', name: 'br0' });
  expect((await errorOf(() => a.link.peer('br0'))).code).toBe('ERR_NO_PEER');
});

test('moving a link: to a handle, a name, a process', async () => {
  using ns = await NetNs.create();
  using named = await NetNs.create('t-move');
  const child = spawn('unshare', ['--net', 'sleep', '30'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  await expect.poll(() => statSync(`/proc/${pid}/ns/net`).ino).not.toBe(host.inode);
  await ns.link.add({ kind: 'veth', name: 'm0', peer: { name: 'm1' } });
  await ns.link.set('m1', { netns: named });
  expect((await named.link.get('m1')).name).toBe('m1');
  await named.link.set('m1', { netns: { pid } });
  const theirs = NetNs.open({ pid });
  expect((await theirs.link.get('m1')).name).toBe('m1');
  await theirs.link.set('m1', { netns: 't-move', name: 'back', up: true });
  expect(await named.link.get('back')).toMatchObject({ name: 'back', up: true });
  theirs.close();
  expect((await errorOf(() => ns.link.set('m0', { netns: 't-none' }))).message).toContain('t-none');
  expect((await errorOf(() => ns.link.set('m0', { netns: { pid: 4194303 } }))).code).toBe('ESRCH');
  child.kill('SIGKILL');
  await named.delete();
});

test('a whole attach by hand: two namespaces on a bridge', async () => {
  using web = await NetNs.create('t-web');
  await host.link.add({ kind: 'bridge', name: 't-br0', up: true, address: '02:00:00:00:00:01' });
  await host.address.add({ dev: 't-br0', address: '10.7.0.1/24' });
  await host.link.add({
    kind: 'veth',
    name: 't-veth',
    master: 't-br0',
    up: true,
    peer: { name: 'eth0', netns: web },
  });
  await web.batch([
    link.set('lo', { up: true }),
    link.set('eth0', { up: true }),
    address.add({ dev: 'eth0', address: '10.7.0.2/24' }),
    route.add({ dst: 'default', via: '10.7.0.1' }),
  ]);
  expect(inside(web.path, 'ping', '-c', '1', '-W', '2', '10.7.0.1')).toContain('1 received');
  expect(await web.route.get('8.8.8.8')).toMatchObject({
    via: '10.7.0.1',
    dev: (await web.link.get('eth0')).index,
    src: '10.7.0.2',
  });
  await web.delete({ wait: true });
  expect((await host.link.list()).map((each) => each.name)).not.toContain('t-veth');
  await host.link.delete('t-br0');
});

test('a kind without attributes of its own works by name; an unknown one is the kernel’s to refuse', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'ifb', name: 'i0' });
  expect((await ns.link.get('i0')).kind).toBe('ifb');
  const error = await errorOf(() => ns.link.add({ kind: 'nonsense', name: 'n0' }));
  expect(error.code).toBe('EOPNOTSUPP');
  expect(error.kernelMessage).toContain('Unknown device type');
});

test('the kernel’s own words, and the attribute it points at', async () => {
  using ns = await NetNs.create();
  const error = await errorOf(() => ns.route.add({ dst: '10.0.0.0/8', via: '1.2.3.4' }));
  expect(error).toMatchObject({ code: 'ENETUNREACH', syscall: 'RTM_NEWROUTE' });
  expect(error.kernelMessage).toBe('Nexthop has invalid gateway');
  await ns.link.add({ kind: 'bridge', name: 'b0' });
  const small = await errorOf(() => ns.link.set('b0', { mtu: 10 }));
  expect(small.message).toContain('mtu less than device minimum');
  await ns.nsid.assign(ns, 3);
  expect(await errorOf(() => ns.nsid.assign(ns, 4))).toMatchObject({
    code: 'EEXIST',
    attribute: 'fd',
  });
  const exists = await errorOf(() => ns.link.add({ kind: 'bridge', name: 'lo' }));
  expect(exists.message).toMatch(/^link\.add: EEXIST: .*RTM_NEWLINK in net:\[\d+\]/);
});

test('bad links are refused before the kernel is asked', async () => {
  using ns = await NetNs.create();
  const bad: [object, string, string][] = [
    [{ kind: 'bridge', name: '' }, 'ERR_INVALID_ARG_VALUE', 'name'],
    [{ kind: 'bridge', name: 'x'.repeat(16) }, 'ERR_INVALID_ARG_VALUE', 'name'],
    [{ kind: 'bridge', name: 'a/b' }, 'ERR_INVALID_ARG_VALUE', 'name'],
    [{ kind: 'bridge', name: 'a b' }, 'ERR_INVALID_ARG_VALUE', 'name'],
    [{ kind: 'bridge', name: 'a\0b' }, 'ERR_INVALID_ARG_VALUE', 'name'],
    [{ kind: 'bridge', name: '..' }, 'ERR_INVALID_ARG_VALUE', 'name'],
    [{ kind: 'bridge', name: 7 }, 'ERR_INVALID_ARG_TYPE', 'name'],
    [{ kind: 'bridge', name: 'b', mastr: 'x' }, 'ERR_INVALID_ARG_VALUE', "'master'"],
    [{ kind: 'bridge', name: 'b', mtu: Number.NaN }, 'ERR_OUT_OF_RANGE', 'mtu'],
    [{ kind: 'bridge', name: 'b', mtu: 1.5 }, 'ERR_OUT_OF_RANGE', 'mtu'],
    [{ kind: 'bridge', name: 'b', mtu: -1 }, 'ERR_OUT_OF_RANGE', 'mtu'],
    [{ kind: 'bridge', name: 'b', mtu: '1500' }, 'ERR_INVALID_ARG_TYPE', 'mtu'],
    [{ kind: 'bridge', name: 'b', address: '02:00' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    [{ kind: 'veth', name: 'b', peer: { name: 'c', mtuu: 1 } }, 'ERR_INVALID_ARG_VALUE', 'peer'],
    [{ kind: 'veth', name: 'b', peer: { name: 'a/b' } }, 'ERR_INVALID_ARG_VALUE', 'peer.name'],
  ];
  for (const [spec, code, path] of bad) {
    const error = await errorOf(() => ns.link.add(spec as { kind: 'bridge'; name: string }));
    expect(error.code, JSON.stringify(spec)).toBe(code);
    expect(error.message).toContain(path);
  }
  expect(await ns.link.list()).toHaveLength(1);
  for (const value of [
    '10.0.0.300/24',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '',
    '10.0.0.1/24/3',
    'fe80::1%lo/64',
    7,
  ]) {
    const error = await errorOf(() => ns.address.add({ dev: 'lo', address: value as string }));
    expect(error.code, String(value)).toMatch(/^ERR_INVALID_ARG/);
    expect(error.message).toContain('address');
  }
  expect(await ns.address.list()).toEqual([]);
});

function ipOf(ns: NetNs, ...args: string[]): Record<string, unknown>[] {
  return JSON.parse(inside(ns.path, 'ip', '-j', '-d', ...args));
}

test('what ip made, we read; what we made, ip reads', async () => {
  using ns = await NetNs.create('t-read');
  const made = ns.path;
  inside(made, 'ip', 'link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1');
  inside(made, 'ip', 'link', 'set', 'p0', 'up', 'mtu', '1400', 'alias', 'hello world');
  const [theirs] = ipJson('-n', 't-read', 'link', 'show', 'p0');
  const ours = await ns.link.get('p0');
  expect(ours).toMatchObject({
    index: theirs.ifindex,
    name: 'p0',
    kind: 'veth',
    mtu: 1400,
    alias: 'hello world',
    address: theirs.address,
    txQueueLen: theirs.txqlen,
  });
  await ns.delete();
});
