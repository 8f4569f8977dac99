import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NetNs } from '../../lib/index.ts';
import { strayThreads } from './support/threads.ts';

let ns: NetNs;
let far: NetNs;

beforeAll(async () => {
  ns = await NetNs.create('ping-near');
  far = await NetNs.create('ping-far');
  await ns.exec(
    [
      'ip link set lo up',
      'ip link add eth0 type veth peer name eth0 netns ping-far',
      'ip link set eth0 up',
      'ip address add 10.71.0.1/24 dev eth0',
      'ip address add fd71::1/64 dev eth0 nodad',
      'ip route add 10.72.0.0/24 via 10.71.0.2',
      'ip route add unreachable 10.73.0.0/24',
    ].join(' && '),
  );
  await far.exec(
    'ip link set lo up && ip link set eth0 up && ip address add 10.71.0.2/24 dev eth0 && ip address add fd71::2/64 dev eth0 nodad && echo 1 > /proc/sys/net/ipv4/ip_forward',
  );
});

afterAll(async () => {
  await ns.delete();
  await far.delete();
});

afterEach(() => {
  expect(strayThreads()).toEqual([]);
});

describe('ping', () => {
  test('answers come with their time, in order', async () => {
    for (const host of ['127.0.0.1', '::1', '10.71.0.2', 'fd71::2']) {
      const replies = await ns.ping(host, { count: 3, interval: 5 });
      expect(replies.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      for (const reply of replies) {
        expect(reply.error).toBe(undefined);
        expect(reply.from).toBe(host);
        expect(reply.ms).toBeGreaterThan(0);
        expect(reply.ms).toBeLessThan(500);
      }
    }
    expect(await ns.ping('127.0.0.1')).toEqual([
      { seq: 1, ms: expect.any(Number), from: '127.0.0.1', ttl: 64 },
    ]);
  });

  test('by name, with a link, of any size', async () => {
    expect((await ns.ping('localhost', { family: 6 }))[0].from).toBe('::1');
    expect((await ns.ping('10.71.0.2', { dev: 'eth0', size: 0 }))[0].error).toBe(undefined);
    expect((await ns.ping('10.71.0.2', { size: 60_000 }))[0].error).toBe(undefined);
    const { stdout } = await far.exec('cat /sys/class/net/eth0/address', { view: true });
    expect(stdout).toMatch(/^([0-9a-f]{2}:){5}/);
    const { stdout: addresses } = await far.exec('ip -o -6 address show dev eth0 scope link');
    const linkLocal = /inet6 (fe80::[0-9a-f:]+)/.exec(addresses)?.[1];
    expect((await ns.ping(`${linkLocal}%eth0`, { timeout: 3000 }))[0]).toMatchObject({
      from: linkLocal,
    });
  });

  test('silence, a router that says no, and a life too short', async () => {
    expect(await ns.ping('10.71.0.99', { count: 2, interval: 1, timeout: 40 })).toEqual([
      { seq: 1, ms: undefined, error: 'timeout' },
      { seq: 2, ms: undefined, error: 'timeout' },
    ]);
    expect(await ns.ping('10.72.0.1')).toEqual([
      { seq: 1, ms: undefined, from: '10.71.0.2', error: 'unreachable' },
    ]);
    await far.exec(
      'ip link add away type bridge && ip link set away up && ip address add 10.72.0.254/24 dev away',
    );
    expect((await ns.ping('10.72.0.1', { ttl: 1 }))[0]).toEqual({
      seq: 1,
      ms: undefined,
      from: '10.71.0.2',
      error: 'ttl-exceeded',
    });
  });

  test('what can’t be sent is an error', async () => {
    await expect(ns.ping('192.0.2.1')).rejects.toMatchObject({
      code: 'ENETUNREACH',
      syscall: 'sendto',
    });
    await expect(ns.ping('10.73.0.1')).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
    await expect(ns.ping('127.0.0.1', { dev: 'nothing0' })).rejects.toMatchObject({
      code: 'ENODEV',
      syscall: 'setsockopt',
    });
    await expect(ns.ping('127.0.0.1', { count: 0 })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    await expect(ns.ping('nowhere.invalid')).rejects.toMatchObject({ syscall: 'getaddrinfo' });
    // @ts-expect-error a misspelt option
    await expect(ns.ping('127.0.0.1', { cuont: 1 })).rejects.toThrow(/count/);
  });

  test('many at once keep apart, and leave no descriptor', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        ns.ping(i % 2 ? '10.71.0.2' : 'fd71::2', { count: 4, interval: 1 }),
      ),
    );
    for (const replies of all) {
      expect(replies).toHaveLength(4);
      for (const { error } of replies) expect(error).toBe(undefined);
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  test('ends with its signal', async () => {
    const controller = new AbortController();
    const pinging = ns.ping('127.0.0.1', { count: 100, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(pinging).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await expect(ns.ping('127.0.0.1', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
  });
});
