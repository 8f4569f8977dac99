import { readdirSync, readlinkSync } from 'node:fs';
import { access } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NetNs } from '../../lib/index.ts';
import { strayThreads } from './support/threads.ts';

const here = () => readlinkSync('/proc/thread-self/ns/net');

let ns: NetNs;

beforeEach(async () => {
  ns = await NetNs.create();
});

afterEach(() => {
  ns.close();
  expect(strayThreads()).toEqual([]);
});

describe('run', () => {
  test('calls the function inside and comes back with its result', () => {
    const home = here();
    expect(ns.run(() => here())).toBe(`net:[${ns.inode}]`);
    expect(here()).toBe(home);
    expect(ns.run(() => undefined)).toBe(undefined);
  });

  test('passes the very exception on, and comes back', () => {
    const home = here();
    const error = new Error('mine');
    expect(() =>
      ns.run(() => {
        throw error;
      }),
    ).toThrow(error);
    expect(here()).toBe(home);
  });

  test('nests: each level comes back to the one before', async () => {
    using other = await NetNs.create();
    const home = here();
    const seen = ns.run(() => {
      const inner = other.run(() => ns.run(() => here()));
      return [inner, here()];
    });
    expect(seen).toEqual([`net:[${ns.inode}]`, `net:[${ns.inode}]`]);
    expect(() =>
      ns.run(() =>
        other.run(() => {
          throw new Error('deep');
        }),
      ),
    ).toThrow('deep');
    expect(here()).toBe(home);
  });

  test('refuses an async function without calling it, and a promise that comes back', () => {
    let called = false;
    const note = () => {
      called = true;
    };
    // @ts-expect-error an async function is refused by its type as well
    const asynchronous = () => ns.run(async () => note());
    expect(asynchronous).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(called).toBe(false);
    // @ts-expect-error so is one whose result is a promise
    const promise = () => ns.run(() => Promise.resolve(1));
    expect(promise).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    // @ts-expect-error and what is no function
    expect(() => ns.run(1)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(strayThreads()).toEqual([]);
  });

  test('no thread is born inside: neither the pool nor a lane', async () => {
    const inside = ns.run(() => {
      void access('/'); // would start the pool
      ns.sync.link.list(); // takes a lane
      return readdirSync('/proc/self/task')
        .map((id) => [id, readlinkSync(`/proc/self/task/${id}/ns/net`)])
        .filter(([, where]) => where === `net:[${ns.inode}]`)
        .map(([id]) => id);
    });
    expect(inside).toEqual([readlinkSync('/proc/thread-self').split('/').at(-1)]);
  });

  test('comes back from a function that is cut short by a time limit', () => {
    const home = here();
    const sandbox = vm.createContext({ ns });
    expect(() => vm.runInContext('ns.run(() => { for (;;); })', sandbox, { timeout: 50 })).toThrow(
      expect.objectContaining({ code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' }),
    );
    expect(here()).toBe(home);
  });

  test('comes back from a stack overflow', () => {
    const home = here();
    const deep = (): number => 1 + deep();
    expect(() => ns.run(deep)).toThrow(RangeError);
    const nested = (): number => 1 + ns.run(nested);
    expect(() => nested()).toThrow();
    expect(here()).toBe(home);
  });

  test('a server made inside listens inside', async () => {
    await ns.link.set('lo', { up: true });
    const server = ns.run(() =>
      http.createServer((_, response) => response.end('in')).listen(8080),
    );
    const socket = await ns.connect({ host: '127.0.0.1', port: 8080 });
    expect(socket.remotePort).toBe(8080);
    socket.destroy();
    const outside = net.connect(8080, '127.0.0.1');
    await expect(new Promise((_, reject) => outside.once('error', reject))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await new Promise((resolve) => server.close(resolve));
  });

  test('a closed handle is refused, and closing it inside does no harm', async () => {
    const home = here();
    const closing = await NetNs.create();
    closing.run(() => closing.close());
    expect(here()).toBe(home);
    expect(() => closing.run(() => 1)).toThrow(
      expect.objectContaining({ code: 'ERR_NETNS_CLOSED' }),
    );
  });

  test('takes a few microseconds and leaves no descriptor', () => {
    const before = readdirSync('/proc/self/fd').length;
    const started = performance.now();
    for (let i = 0; i < 10_000; i++) ns.run(() => i);
    expect((performance.now() - started) / 10_000).toBeLessThan(0.1);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
