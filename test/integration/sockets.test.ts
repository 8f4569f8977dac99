import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NetNs } from '../../lib/index.ts';
import { hasOpenssl, makeCertificate } from './support/certificate.ts';
import { strayThreads } from './support/threads.ts';

const NAME = 'sockets-test';
let ns: NetNs;

beforeAll(async () => {
  mkdirSync(`/etc/netns/${NAME}`, { recursive: true });
  writeFileSync(`/etc/netns/${NAME}/hosts`, '127.0.0.9 inside.test\n::1 six.test\n');
  ns = await NetNs.create(NAME);
  await ns.execFile('ip', ['link', 'set', 'lo', 'up']);
});

afterAll(async () => {
  await ns.delete();
  rmSync(`/etc/netns/${NAME}`, { recursive: true });
});

afterEach(() => {
  expect(strayThreads()).toEqual([]);
});

const close = (server: net.Server | http2.Http2Server | dgram.Socket) =>
  new Promise<void>((resolve) => server.close(() => resolve()));
const portOf = (server: net.Server) => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};
/** Nothing of it is to be seen from outside. */
const refusedOutside = (port: number, host: string) =>
  expect(once(net.connect(port, host), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

describe('TCP', () => {
  for (const [host, family] of [
    ['127.0.0.1', 'IPv4'],
    ['::1', 'IPv6'],
  ] as const) {
    test(`${family}: ordinary sockets at both ends`, async () => {
      const server = net.createServer((socket) => socket.pipe(socket));
      expect(await ns.listen(server, { port: 0, host })).toBe(server);
      const port = portOf(server);
      expect(server.address()).toEqual({ address: host, family, port });
      const socket = await ns.connect({ port, host });
      expect(socket).toBeInstanceOf(net.Socket);
      expect(socket).toMatchObject({
        remoteAddress: host,
        remotePort: port,
        remoteFamily: family,
        connecting: false,
      });
      expect(socket.localAddress).toBe(host);
      socket.end('through and back');
      expect(await text(socket)).toBe('through and back');
      await refusedOutside(port, host);
      await close(server);
    });
  }

  test('listens on all addresses of both families unless told otherwise', async () => {
    const server = await ns.listen(
      net.createServer((socket) => socket.end('hi')),
      4000,
    );
    expect(server.address()).toEqual({ address: '::', family: 'IPv6', port: 4000 });
    for (const host of ['127.0.0.1', '::1'])
      expect(await text(await ns.connect({ port: 4000, host }))).toBe('hi');
    await close(server);
    const six = await ns.listen(net.createServer(), { port: 4000, host: '::', ipv6Only: true });
    await expect(ns.connect({ port: 4000, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await close(six);
  });

  test('without IPv6 it is all addresses of IPv4', async () => {
    using bare = await NetNs.create();
    const withoutIpv6 =
      'ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6';
    await bare.exec(withoutIpv6);
    const server = await bare.listen(
      net.createServer((socket) => socket.end('four')),
      0,
    );
    expect(await text(await bare.connect({ port: portOf(server), host: '127.0.0.1' }))).toBe(
      'four',
    );
    await close(server);
  });

  test('errors are those of Node', async () => {
    await expect(ns.connect({ port: 4001, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '127.0.0.1',
      port: 4001,
      message: 'connect ECONNREFUSED 127.0.0.1:4001',
    });
    await expect(ns.connect({ port: 80, host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'ENETUNREACH',
    });
    const server = await ns.listen(net.createServer(), { port: 4002, host: '127.0.0.1' });
    await expect(
      ns.listen(net.createServer(), { port: 4002, host: '127.0.0.1' }),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'listen',
      address: '127.0.0.1',
      port: 4002,
      message: 'listen EADDRINUSE: address already in use 127.0.0.1:4002',
    });
    await expect(ns.listen(net.createServer(), { host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
    await expect(ns.listen(server, 0)).rejects.toMatchObject({ code: 'ERR_SERVER_ALREADY_LISTEN' });
    await close(server);
    await expect(ns.connect({ port: 65_536 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    // @ts-expect-error what is no server
    await expect(ns.listen({})).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const closed = await NetNs.create();
    closed.close();
    await expect(closed.connect({ port: 1 })).rejects.toMatchObject({ code: 'ERR_NETNS_CLOSED' });
    await expect(closed.listen(net.createServer())).rejects.toMatchObject({
      code: 'ERR_NETNS_CLOSED',
    });
  });

  test('a connection that is given up leaves nothing', async () => {
    const address =
      'ip address add 10.66.0.1/24 dev lo; ip route add blackhole 10.67.0.0/24; ip link add d0 type bridge; ip address add 10.68.0.1/24 dev d0; ip link set d0 up';
    await ns.exec(address);
    const target = { port: 80, host: '10.68.0.9' };
    const before = readdirSync('/proc/self/fd').length;
    await expect(ns.connect(target, { timeout: 50 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const controller = new AbortController();
    const pending = ns.connect(target, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(pending).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await expect(ns.connect(target, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  test('options of net.connect: a local address and port, half-open, no delay', async () => {
    const server = await ns.listen(
      net.createServer({ allowHalfOpen: true }, (socket) => {
        socket.resume().on('end', () => socket.end(`${socket.remoteAddress} ${socket.remotePort}`));
      }),
      { host: '127.0.0.1' },
    );
    const port = portOf(server);
    const socket = await ns.connect({
      port,
      host: '127.0.0.1',
      localAddress: '127.0.0.5',
      localPort: 4055,
      noDelay: true,
      allowHalfOpen: true,
    });
    socket.end();
    expect(await text(socket)).toBe('127.0.0.5 4055');
    await close(server);
  });

  test('an address of one link, with the link as the namespace names it', async () => {
    await ns.exec(
      'ip link add ll0 type veth peer name ll1; ip link set ll0 up; ip link set ll1 up; ip address add fe80::77/64 dev ll0 nodad; ip address add fe80::78/64 dev ll1 nodad',
    );
    const server = await ns.listen(
      net.createServer((socket) => socket.end('linked')),
      { port: 4003, host: 'fe80::78%ll1' },
    );
    expect(await text(await ns.connect({ port: 4003, host: 'fe80::78%ll1' }))).toBe('linked');
    await close(server);
    await ns.exec('ip link delete ll0');
  });

  test('hosts of the namespace', async () => {
    const server = await ns.listen(
      net.createServer((socket) => socket.end('named')),
      { port: 4004, host: 'inside.test' },
    );
    expect(server.address()).toMatchObject({ address: '127.0.0.9' });
    expect(await text(await ns.connect({ port: 4004, host: 'inside.test' }))).toBe('named');
    expect(await ns.lookup('inside.test')).toEqual({ address: '127.0.0.9', family: 4 });
    expect(await ns.lookup('six.test', { all: true })).toEqual([{ address: '::1', family: 6 }]);
    expect(await ns.lookup('localhost', { all: true })).toEqual([
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
    await close(server);
  });

  test('a name with several addresses: the one that answers', async () => {
    const server = await ns.listen(
      net.createServer((socket) => socket.end('six')),
      { port: 4005, host: '::1' },
    );
    expect(await text(await ns.connect({ port: 4005 }))).toBe('six'); // localhost
    await close(server);
    const error: unknown = await ns.connect({ port: 4005 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      code: 'ECONNREFUSED',
      errors: [{ address: '127.0.0.1' }, { address: '::1' }],
    });
  });
});

describe('Unix', () => {
  test('abstract sockets are the namespace’s own', async () => {
    using other = await NetNs.create();
    const path = '\0netns-sockets-test';
    const server = await ns.listen(
      net.createServer((socket) => socket.end('abstract')),
      { path },
    );
    expect(await text(await ns.connect({ path }))).toBe('abstract');
    await expect(other.connect({ path })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: path,
    });
    await expect(ns.listen(net.createServer(), { path })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    const second = await other.listen(net.createServer(), { path });
    await close(second);
    await close(server);
  });

  test('paths', async () => {
    const path = '/run/sockets-test.sock';
    const server = await ns.listen(
      net.createServer((socket) => socket.end('path')),
      { path },
    );
    expect(await text(await ns.connect({ path }))).toBe('path');
    await close(server);
    rmSync(path, { force: true });
    await expect(ns.connect({ path })).rejects.toMatchObject({ code: 'ENOENT', address: path });
    await expect(ns.connect({ path: 'x'.repeat(108) })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });
});

describe('UDP', () => {
  test('ordinary dgram sockets', async () => {
    for (const [type, host] of [
      ['udp4', '127.0.0.1'],
      ['udp6', '::1'],
    ] as const) {
      const server = ns.createSocket(type);
      const client = ns.createSocket({ type });
      expect(client).toBeInstanceOf(dgram.Socket);
      server.on('message', (message, from) => server.send(`${message}!`, from.port, from.address));
      server.bind(0, host);
      await once(server, 'listening');
      expect(server.address()).toMatchObject({ address: host });
      client.send('datagram', server.address().port, host);
      const [answer, from] = await once(client, 'message');
      expect(String(answer)).toBe('datagram!');
      expect(from).toMatchObject({ address: host, port: server.address().port });
      await Promise.all([close(server), close(client)]);
    }
  });

  test('connected, by name, and not to be reached from outside', async () => {
    const server = ns.createSocket('udp4', (message) => server.emit('got', String(message)));
    server.bind(4100, '127.0.0.9');
    await once(server, 'listening');
    const client = ns.createSocket('udp4');
    client.connect(4100, 'inside.test');
    await once(client, 'connect');
    expect(client.remoteAddress()).toMatchObject({ address: '127.0.0.9', port: 4100 });
    client.send('by name');
    expect(await once(server, 'got')).toEqual(['by name']);
    const outside = dgram.createSocket('udp4');
    outside.connect(4100, '127.0.0.9');
    await once(outside, 'connect');
    outside.send('nobody there');
    expect((await once(outside, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
    await Promise.all([close(server), close(client), close(outside)]);
  });

  test('errors are those of Node: an address in use, one that is not there', async () => {
    const first = ns.createSocket('udp4');
    first.bind(4101, '127.0.0.1');
    await once(first, 'listening');
    const second = ns.createSocket('udp4');
    second.bind(4101, '127.0.0.1');
    expect((await once(second, 'error'))[0]).toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'bind',
      address: '127.0.0.1',
      port: 4101,
    });
    second.bind(4101, '192.0.2.1');
    expect((await once(second, 'error'))[0]).toMatchObject({ code: 'EADDRNOTAVAIL' });
    const sharing = [0, 1].map(() => ns.createSocket({ type: 'udp4', reuseAddr: true }));
    for (const socket of sharing) {
      socket.bind(4102, '127.0.0.1');
      await once(socket, 'listening');
    }
    await Promise.all([first, second, ...sharing].map(close));
  });

  test('options that make libuv open a socket find ours', async () => {
    const socket = ns.createSocket({ type: 'udp4', reuseAddr: true });
    socket.addMembership('239.1.2.3', '127.0.0.1');
    const { stdout } = await ns.execFile('ip', ['maddress', 'show', 'dev', 'lo']);
    expect(stdout).toContain('239.1.2.3');
    await close(socket);
  });
});

describe('http, https, http2, fetch', () => {
  test('an http server, and agents that keep connections', async () => {
    const server = await ns.listen(
      http.createServer((request, response) => response.end(`${request.method} ${request.url}`)),
      { port: 4200 },
    );
    const agent = ns.agent({ keepAlive: true });
    const get = async (): Promise<[string, boolean]> => {
      const request = http.get({ host: '127.0.0.1', port: 4200, path: '/a', agent });
      const [response] = await once(request, 'response');
      return [await text(response), request.reusedSocket];
    };
    expect(await get()).toEqual(['GET /a', false]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await get()).toEqual(['GET /a', true]);
    agent.destroy();
    const refused = http.get({ host: '127.0.0.1', port: 4201, agent: ns.agent() });
    expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED', port: 4201 });
    await close(server);
  });

  test.skipIf(!hasOpenssl)(
    'https: the certificate is checked against the name (openssl)',
    async () => {
      const { key, cert } = makeCertificate('inside.test');
      const server = await ns.listen(
        https.createServer({ key, cert }, (_, response) => response.end('secret')),
        { port: 4202, host: '127.0.0.9' },
      );
      const agent = ns.httpsAgent({ ca: cert });
      const request = https.get('https://inside.test:4202/', { agent });
      const [response] = await once(request, 'response');
      expect(await text(response)).toBe('secret');
      const untrusted = https.get('https://inside.test:4202/', { agent: ns.httpsAgent() });
      expect((await once(untrusted, 'error'))[0]).toMatchObject({
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      });
      const dispatcher = ns.dispatcher({ tls: { ca: cert } });
      expect(await (await fetch('https://inside.test:4202/', { dispatcher })).text()).toBe(
        'secret',
      );
      await dispatcher.destroy();
      agent.destroy();
      await close(server);
    },
  );

  test('fetch by a dispatcher, its own and that of undici', async () => {
    const undici = await import('undici');
    const server = await ns.listen(
      http.createServer((_, response) => response.end('fetched')),
      { port: 4203 },
    );
    for (const url of ['http://127.0.0.1:4203/', 'http://[::1]:4203/', 'http://localhost:4203/']) {
      const dispatcher = ns.dispatcher();
      expect(await (await fetch(url, { dispatcher })).text()).toBe('fetched');
      await dispatcher.close();
    }
    const theirs = ns.dispatcher({ Agent: undici.Agent });
    const { body } = await undici.request('http://127.0.0.1:4203/', { dispatcher: theirs });
    expect(await body.text()).toBe('fetched');
    await theirs.close();
    const refused = ns.dispatcher();
    await expect(fetch('http://127.0.0.1:4204/', { dispatcher: refused })).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    await refused.close();
    await close(server);
  });

  test('http2', async () => {
    const server = http2.createServer((_, response) => response.end('two'));
    await ns.listen(server, { port: 4205 });
    const socket = await ns.connect({ port: 4205, host: '127.0.0.1' });
    const session = http2.connect('http://127.0.0.1:4205', { createConnection: () => socket });
    expect(await text(session.request({ ':path': '/' }))).toBe('two');
    await new Promise<void>((resolve) => session.close(resolve));
    await close(server);
  });
});

describe('checkPort', () => {
  test('open, closed and filtered', async () => {
    const server = await ns.listen(net.createServer(), { port: 4300, host: '127.0.0.1' });
    expect(await ns.checkPort({ host: '127.0.0.1', port: 4300 })).toEqual({
      state: 'open',
      ms: expect.any(Number),
    });
    await close(server);
    expect(await ns.checkPort({ host: '127.0.0.1', port: 4300 })).toMatchObject({
      state: 'closed',
      code: 'ECONNREFUSED',
    });
    expect(await ns.checkPort({ host: '192.0.2.1', port: 80 })).toMatchObject({
      state: 'filtered',
      code: 'ENETUNREACH',
    });
    expect(await ns.checkPort({ host: '10.68.0.9', port: 80, timeout: 30 })).toMatchObject({
      state: 'filtered',
      code: 'ETIMEDOUT',
    });
  });
});
