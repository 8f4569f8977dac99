import type { Socket } from 'node:dgram';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NetNs, NetNsWorker } from '../../lib/index.ts';
import { answerTo, type Zone } from './support/name-server.ts';

const NAME = 'lookup-test';
let ns: NetNs;
let udp: Socket;
let tcp: net.Server;
const asked: string[] = [];

const zone: Zone = {
  'web.test': { A: ['10.0.0.7', '10.0.0.8'], AAAA: ['fd00::7'] },
  'alias.test': { CNAME: 'web.test' },
  'four.test': { A: ['10.0.0.4'] },
  'short.search.test': { A: ['10.0.0.5'] },
  'large.test': { A: ['10.0.0.6'], truncated: true },
  'broken.test': { status: 2 },
};

beforeAll(async () => {
  mkdirSync(`/etc/netns/${NAME}`, { recursive: true });
  const conf = 'nameserver 127.0.0.53\noptions timeout:1 attempts:1\nsearch search.test\n';
  writeFileSync(`/etc/netns/${NAME}/resolv.conf`, conf);
  ns = await NetNs.create(NAME);
  await ns.execFile('ip', ['link', 'set', 'lo', 'up']);
  udp = ns.createSocket('udp4', (query, from) => {
    const { bytes, question } = answerTo(query, zone, true);
    asked.push(question);
    udp.send(bytes, from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(53, '127.0.0.53', resolve));
  tcp = await ns.listen(
    net.createServer((socket) => {
      socket.on('data', (data) => {
        const { bytes, question } = answerTo(data.subarray(2), zone, false);
        asked.push(`tcp ${question}`);
        const length = Buffer.from([bytes.length >> 8, bytes.length & 255]);
        // In two pieces: a stream has no borders.
        socket.write(Buffer.concat([length, bytes.subarray(0, 5)]));
        setTimeout(() => socket.end(bytes.subarray(5)), 5);
      });
    }),
    { host: '127.0.0.53', port: 53 },
  );
});

afterAll(async () => {
  await new Promise<void>((resolve) => udp.close(resolve));
  await new Promise((resolve) => tcp.close(resolve));
  await ns.delete();
  rmSync(`/etc/netns/${NAME}`, { recursive: true });
});

const all = (name: string, family = 0) => ns.lookup(name, { all: true, family });

describe('lookup asks the namespace’s own servers', () => {
  test('addresses of both families, IPv4 first', async () => {
    expect(await all('web.test')).toEqual([
      { address: '10.0.0.7', family: 4 },
      { address: '10.0.0.8', family: 4 },
      { address: 'fd00::7', family: 6 },
    ]);
    expect(await ns.lookup('WEB.test')).toEqual({ address: '10.0.0.7', family: 4 });
    expect(await all('web.test', 6)).toEqual([{ address: 'fd00::7', family: 6 }]);
  });

  test('aliases, the search list, and a name that is complete', async () => {
    expect(await all('alias.test', 4)).toEqual([
      { address: '10.0.0.7', family: 4 },
      { address: '10.0.0.8', family: 4 },
    ]);
    asked.length = 0;
    expect(await all('short', 4)).toEqual([{ address: '10.0.0.5', family: 4 }]);
    expect(asked).toEqual(['short.search.test A']);
    await expect(all('short.', 4)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('what does not fit comes over TCP', async () => {
    asked.length = 0;
    expect(await all('large.test', 4)).toEqual([{ address: '10.0.0.6', family: 4 }]);
    expect(asked).toEqual(['large.test A', 'tcp large.test A']);
  });

  test('errors are those of dns.lookup', async () => {
    await expect(all('nothing.test')).rejects.toMatchObject({
      code: 'ENOTFOUND',
      errno: -3008,
      syscall: 'getaddrinfo',
      hostname: 'nothing.test',
      message: 'getaddrinfo ENOTFOUND nothing.test',
    });
    await expect(all('four.test', 6)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(all('broken.test')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
    await expect(all(`${'a'.repeat(64)}.test`)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    // @ts-expect-error what is no name
    await expect(ns.lookup(1)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    using other = await NetNs.create();
    const began = Date.now();
    await expect(other.lookup('web.test')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
    expect(Date.now() - began).toBeLessThan(4000);
  });

  test('connections by name, and a worker', async () => {
    zone['here.test'] = { A: ['127.0.0.53'] };
    const socket = await ns.connect({ host: 'here.test', port: 53 });
    expect(socket.remoteAddress).toBe('127.0.0.53');
    socket.destroy();
    const script = `
      const dns = require('node:dns').promises;
      Promise.all([dns.lookup('web.test'), dns.resolve4('four.test')]).then((found) =>
        require('node:worker_threads').parentPort.postMessage(found));
    `;
    const worker = new NetNsWorker(ns, script, { eval: true });
    const found = await new Promise((resolve, reject) =>
      worker.on('message', resolve).on('error', reject),
    );
    expect(found).toEqual([{ address: '10.0.0.7', family: 4 }, ['10.0.0.4']]);
    await worker.terminate();
  });
});
