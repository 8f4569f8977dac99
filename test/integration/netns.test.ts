import { closeSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { ip } from '../support/ip.ts';

const home = readlinkSync('/proc/self/ns/net');

test('an anonymous namespace is new, has no name, and goes with its handle', async () => {
  const ns = await NetNs.create();
  expect(`net:[${ns.inode}]`).not.toBe(home);
  expect(ns.name).toBeUndefined();
  expect(readlinkSync(ns.path)).toBe(`net:[${ns.inode}]`);
  const cookie = ns.cookie;
  expect(typeof cookie).toBe('bigint');
  ns.close();
  ns.close();
  expect(ns.closed).toBe(true);
  using next = NetNs.createSync();
  expect(next.cookie).toBeGreaterThan(cookie);
});

test('a named one is seen, entered and deleted by ip, and the other way round', async () => {
  using ours = await NetNs.create('t-ours');
  expect(ours.path).toBe('/run/netns/t-ours');
  expect(statSync('/run/netns/t-ours').ino).toBe(ours.inode);
  expect(ip('netns', 'list')).toMatch(/^t-ours/m);
  expect(ip('netns', 'exec', 't-ours', 'readlink', '/proc/self/ns/net').trim()).toBe(
    `net:[${ours.inode}]`,
  );
  ip('netns', 'delete', 't-ours');
  expect((await NetNs.list()).map((entry) => entry.name)).not.toContain('t-ours');

  ip('netns', 'add', 't-theirs');
  using theirs = NetNs.open('t-theirs');
  expect((await NetNs.list()).find((entry) => entry.name === 't-theirs')?.inode).toBe(theirs.inode);
  await NetNs.delete('t-theirs');
  expect(ip('netns', 'list')).not.toContain('t-theirs');
});

test('opening: by name, process, path and descriptor, all of one namespace', async () => {
  using ns = await NetNs.create('t-open');
  const fd = openSync('/run/netns/t-open', 'r');
  using byName = NetNs.open('t-open');
  using byPath = NetNs.open({ path: '/run/netns/t-open' });
  using byFd = NetNs.open({ fd });
  closeSync(fd);
  using byPid = NetNs.open({ pid: process.pid });
  using current = NetNs.current();
  for (const other of [byName, byPath, byFd]) {
    expect(other.equals(ns)).toBe(true);
    expect(other.cookie).toBe(ns.cookie);
  }
  expect(byPid.equals(current)).toBe(true);
  expect(current.equals(ns)).toBe(false);
  await ns.delete();
});

test('an existing name is EEXIST, and nothing is left of the second', async () => {
  using first = await NetNs.create('t-twice');
  const before = NetNs.stats();
  for (const error of [
    await errorOf(() => NetNs.create('t-twice')),
    await errorOf(() => NetNs.createSync('t-twice')),
  ]) {
    expect(error.code).toBe('EEXIST');
    expect(error.message).toContain("'t-twice' exists");
  }
  expect(NetNs.stats()).toEqual({ ...before, lanes: expect.any(Number) });
  expect(first.inode).toBe(statSync('/run/netns/t-twice').ino);
  await first.delete();
});

test('persist names an anonymous one, and it outlives its handle', async () => {
  const ns = await NetNs.create();
  await ns.persist('t-kept');
  expect(ns.name).toBe('t-kept');
  const { inode } = ns;
  ns.close();
  using again = NetNs.open('t-kept');
  expect(again.inode).toBe(inode);
  expect((await errorOf(() => again.persist('t-kept'))).code).toBe('EEXIST');
  await again.delete();
  expect(readdirSync('/run/netns')).not.toContain('t-kept');
});

test('names that are gone are errors that say so', async () => {
  expect((await errorOf(() => NetNs.open('t-none'))).message).toContain("no namespace 't-none'");
  const missing = await errorOf(() => NetNs.delete('t-none'));
  expect(missing.code).toBe('ENOENT');
  expect(missing.message).toContain("no namespace 't-none'");
  expect((await errorOf(() => NetNs.open({ pid: 4194303 }))).message).toContain(
    'no process 4194303',
  );
});

test('a descriptor of anything else is refused', async () => {
  const fd = openSync('/dev/null', 'r');
  const mnt = openSync('/proc/self/ns/mnt', 'r');
  expect((await errorOf(() => NetNs.open({ fd }))).code).toBe('ERR_NOT_A_NETNS');
  expect((await errorOf(() => NetNs.open({ fd: mnt }))).code).toBe('ERR_NOT_A_NETNS');
  closeSync(fd);
  closeSync(mnt);
});

test('a closed handle says so, whatever is asked', async () => {
  const ns = await NetNs.create();
  ns.close();
  for (const call of [
    () => ns.fd,
    () => ns.inode,
    () => ns.cookie,
    () => ns.link.list(),
    () => ns.sync.link.list(),
    () => ns.batch([]),
    () => ns.persist('t-late'),
    () => ns.delete(),
    () => ns.pids(),
    () => ns.sysctl.get('net.ipv4.ip_forward'),
    () => ns.watch(['link']),
  ]) {
    expect((await errorOf(call)).code).toBe('ERR_NETNS_CLOSED');
  }
});

test('bad names are refused before the kernel is asked', async () => {
  const before = NetNs.stats();
  for (const name of [
    '',
    '.',
    '..',
    'a/b',
    '../etc',
    'a b',
    'a\0b',
    'x'.repeat(256),
    'é'.repeat(128),
  ]) {
    expect((await errorOf(() => NetNs.create(name))).code).toBe('ERR_INVALID_ARG_VALUE');
    expect((await errorOf(() => NetNs.open(name))).code).toBe('ERR_INVALID_ARG_VALUE');
    expect((await errorOf(() => NetNs.delete(name))).code).toBe('ERR_INVALID_ARG_VALUE');
  }
  const wrong: unknown[] = [null, 7, {}, []];
  for (const name of wrong) {
    expect((await errorOf(() => NetNs.create(name as string))).code).toBe('ERR_INVALID_ARG_TYPE');
  }
  const misspelt = { timeuot: 5 } as object;
  const error = await errorOf(() => NetNs.create('t-x', misspelt));
  expect(error.code).toBe('ERR_INVALID_ARG_VALUE');
  expect(error.message).toContain("did you mean 'timeout'");
  for (const timeout of [0, -1, 1.5, Number.NaN, '5']) {
    const failed = await errorOf(() => NetNs.create(undefined, { timeout: timeout as number }));
    expect(failed.code).toMatch(/^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/);
    expect(failed.message).toContain('options.timeout');
  }
  for (const source of [
    {},
    { pid: 1, fd: 2 },
    { pid: -1 },
    { fd: 1.5 },
    { path: '' },
    7,
    undefined,
  ]) {
    expect((await errorOf(() => NetNs.open(source as { pid: number }))).code).toMatch(/^ERR_/);
  }
  expect(NetNs.stats().descriptors).toBe(before.descriptors);
});

test('pids and identify, as ip tells them', async () => {
  using ns = await NetNs.create('t-pids');
  const { spawn } = await import('node:child_process');
  const child = spawn('ip', ['netns', 'exec', 't-pids', 'sleep', '30'], { stdio: 'ignore' });
  await expect.poll(() => ns.pids()).toEqual([child.pid]);
  expect(ip('netns', 'pids', 't-pids').trim()).toBe(String(child.pid));
  expect(await NetNs.identify(child.pid ?? 0)).toEqual(['t-pids']);
  expect(await NetNs.identify(process.pid)).toEqual([]);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('exit', resolve));
  expect(await ns.pids()).toEqual([]);
  expect((await errorOf(() => NetNs.identify(0))).code).toBe('ERR_OUT_OF_RANGE');
  await ns.delete();
});

test('sysctls are those of the namespace', async () => {
  using ns = await NetNs.create();
  using host = NetNs.current();
  const before = host.sysctl.get('net.ipv4.ip_forward');
  await ns.sysctl.set('net.ipv4.ip_forward', 1);
  expect(ns.sysctl.get('net.ipv4.ip_forward')).toBe('1');
  ns.sysctl.setSync('net/ipv4/ip_forward', false);
  expect(ns.sysctl.get('net.ipv4.ip_forward')).toBe('0');
  expect(host.sysctl.get('net.ipv4.ip_forward')).toBe(before);
  expect((await errorOf(() => ns.sysctl.get('net.ipv4.nonsense'))).message).toContain('no sysctl');
  expect((await errorOf(() => ns.sysctl.set('net.ipv4.ip_forward', 'x'))).code).toBe('EINVAL');
  for (const key of [
    '',
    'kernel.hostname',
    'net',
    'net..x',
    'net/../kernel/hostname',
    '/etc/passwd',
    'net.ipv4.a b',
  ]) {
    expect((await errorOf(() => ns.sysctl.set(key, '1'))).code).toBe('ERR_INVALID_ARG_VALUE');
  }
});

test('delete with wait: the namespace is really gone when it resolves', async () => {
  using host = NetNs.current();
  const ns = await NetNs.create('t-wait');
  await host.link.add({ kind: 'veth', name: 't-far', peer: { name: 'eth0', netns: ns } });
  await ns.delete({ wait: true, timeout: 10_000 });
  expect(ns.closed).toBe(true);
  // What vexes everybody otherwise: the far end is still there, and its name is taken.
  await host.link.add({ kind: 'veth', name: 't-far', peer: { name: 't-near' } });
  await host.link.delete('t-far');

  await NetNs.create('t-wait2').then((made) => made.close());
  await NetNs.delete('t-wait2', { wait: true });
});

test('delete with wait gives up by timeout while something holds the namespace, and says so', async () => {
  const ns = await NetNs.create('t-held');
  using other = NetNs.open('t-held');
  const error = await errorOf(() => ns.delete({ wait: true, timeout: 150 }));
  expect(error.code).toBe('ETIMEDOUT');
  expect(readdirSync('/run/netns')).not.toContain('t-held');
  expect(other.inode).toBeGreaterThan(0);
});
