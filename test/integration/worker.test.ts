import { once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NetNs, NetNsWorker } from '../../lib/index.ts';
import { strayThreads } from './support/threads.ts';

const NAME = 'worker-test';
const folder = join(tmpdir(), `netns-worker-${process.pid}`);
let ns: NetNs;

beforeAll(async () => {
  mkdirSync(`/etc/netns/${NAME}`, { recursive: true });
  writeFileSync(`/etc/netns/${NAME}/hosts`, '127.0.0.9 inside.test\n');
  mkdirSync(folder, { recursive: true });
  ns = await NetNs.create(NAME);
  await ns.execFile('ip', ['link', 'set', 'lo', 'up']);
});

afterAll(async () => {
  await ns.delete();
  rmSync(`/etc/netns/${NAME}`, { recursive: true });
  rmSync(folder, { recursive: true });
  expect(strayThreads()).toEqual([]);
});

const WHERE = `
  const { readlinkSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  parentPort.postMessage([readlinkSync('/proc/thread-self/ns/net'), workerData]);
`;

/** What a worker tells first. */
async function told(worker: Worker): Promise<unknown> {
  const [message] = await Promise.race([
    once(worker, 'message'),
    once(worker, 'error').then(([error]) => {
      throw error;
    }),
  ]);
  await once(worker, 'exit').catch(() => {});
  return message;
}

describe('NetNsWorker', () => {
  test('lives in the namespace, whatever its code comes from', async () => {
    const commonjs = join(folder, 'worker.cjs');
    const module = join(folder, 'worker.mjs');
    writeFileSync(commonjs, WHERE);
    writeFileSync(
      module,
      `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);${WHERE}`,
    );
    const expected = [`net:[${ns.inode}]`, { mine: true }];
    const options = { workerData: { mine: true } };
    for (const filename of [commonjs, module, pathToFileURL(module)]) {
      const worker = new NetNsWorker(ns, filename, options);
      expect(worker).toBeInstanceOf(Worker);
      expect(worker).toBeInstanceOf(NetNsWorker);
      expect(await told(worker)).toEqual(expected);
    }
    expect(await told(new NetNsWorker(ns, WHERE, { ...options, eval: true }))).toEqual(expected);
  });

  test('its servers and connections are inside', async () => {
    const script = `
      const net = require('node:net'), dgram = require('node:dgram'), http = require('node:http');
      const { parentPort } = require('node:worker_threads');
      const server = http.createServer((q, r) => r.end('from the worker'));
      server.listen(4400, '127.0.0.1', async () => {
        const fetched = await (await fetch('http://127.0.0.1:4400/')).text();
        const socket = dgram.createSocket('udp4');
        socket.bind(4401, 'inside.test', () => parentPort.postMessage([fetched, socket.address().address]));
      });
    `;
    const worker = new NetNsWorker(ns, script, { eval: true });
    expect((await once(worker, 'message'))[0]).toEqual(['from the worker', '127.0.0.9']);
    const outside = once(net.connect(4400, '127.0.0.1'), 'connect');
    await expect(outside).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const socket = await ns.connect({ port: 4400, host: '127.0.0.1' });
    socket.destroy();
    await worker.terminate();
  });

  test('names are looked up inside, by every way to ask', async () => {
    const script = `
      const dns = require('node:dns'), net = require('node:net'), { promisify } = require('node:util');
      const { parentPort } = require('node:worker_threads');
      const server = net.createServer().listen(4402, '127.0.0.9', async () => {
        const answers = [
          await dns.promises.lookup('inside.test'),
          await promisify(dns.lookup)('inside.test'),
          await require('node:dns/promises').lookup('inside.test', { all: true }),
          await import('node:dns').then(({ lookup }) => new Promise((resolve) => lookup('inside.test', 4, (...a) => resolve(a)))),
          await new Promise((resolve) => { const s = net.connect(4402, 'inside.test', () => { resolve(s.remoteAddress); s.destroy(); }); }),
          await dns.promises.lookupService('127.0.0.1', 80).catch((error) => error.code),
        ];
        server.close();
        parentPort.postMessage(answers);
      });
    `;
    const found = { address: '127.0.0.9', family: 4 };
    expect(await told(new NetNsWorker(ns, script, { eval: true }))).toEqual([
      found,
      found,
      [found],
      [null, '127.0.0.9', 4],
      '127.0.0.9',
      'ENOTSUP',
    ]);
  });

  test('this library works inside', async () => {
    const library = new URL('../../dist/index.js', import.meta.url).href;
    const script = `
      import('${library}').then(async ({ NetNs }) => {
        const { parentPort } = require('node:worker_threads');
        const here = NetNs.current();
        const other = await NetNs.create();
        const { stdout } = await other.execFile('readlink', ['/proc/self/ns/net']);
        const answer = [here.inode, stdout.trim() === 'net:[' + other.inode + ']', NetNs.current().inode];
        parentPort.postMessage(answer);
        other.close();
      });
    `;
    expect(await told(new NetNsWorker(ns, script, { eval: true }))).toEqual([
      ns.inode,
      true,
      ns.inode,
    ]);
  });

  test('terminate at any moment leaves nothing, inside run too', async () => {
    const library = new URL('../../dist/index.js', import.meta.url).href;
    const script = `
      import('${library}').then(async ({ NetNs }) => {
        const other = await NetNs.create();
        require('node:worker_threads').parentPort.postMessage('entering');
        other.run(() => { for (;;); });
      });
    `;
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    for (const delay of [0, 1, 5, 20, 60]) {
      const worker = new NetNsWorker(ns, script, { eval: true });
      await sleep(delay);
      await worker.terminate();
    }
    const inside = new NetNsWorker(ns, script, { eval: true });
    await once(inside, 'message');
    await sleep(10);
    expect(strayThreads().length).toBeGreaterThan(0);
    await inside.terminate();
    await expect.poll(threads).toBeLessThanOrEqual(before);
    expect(strayThreads()).toEqual([]);
  });

  test('process.exit inside run ends the worker', async () => {
    const library = new URL('../../dist/index.js', import.meta.url).href;
    const script = `import('${library}').then(({ NetNs }) => NetNs.createSync().run(() => process.exit(5)));`;
    const worker = new NetNsWorker(ns, script, { eval: true });
    expect(await once(worker, 'exit')).toEqual([5]);
    expect(strayThreads()).toEqual([]);
  });

  test('errors are those of Worker, and this thread stays where it is', async () => {
    const home = readlinkSync('/proc/thread-self/ns/net');
    // @ts-expect-error what is no namespace
    expect(() => new NetNsWorker({}, WHERE)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    // @ts-expect-error what is no file
    expect(() => new NetNsWorker(ns, 1)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    const missing = new NetNsWorker(ns, join(folder, 'missing.js'));
    const gone = new Promise((resolve) => missing.on('exit', resolve));
    await expect(once(missing, 'message')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(await gone).toBe(1);
    const closed = await NetNs.create();
    closed.close();
    expect(() => new NetNsWorker(closed, WHERE, { eval: true })).toThrow(
      expect.objectContaining({ code: 'ERR_NETNS_CLOSED' }),
    );
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(home);
  });
});
