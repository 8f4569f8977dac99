import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { NetNs } from '../../lib/index.ts';

const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;

const NOBODY = { uid: 65534, gid: 65534, cwd: '/' };

/** Runs a script as nobody, an ordinary user; what it returns comes back. */
async function asUser(body: string): Promise<unknown> {
  const script = `
    const n = await import('${LIBRARY}');
    const { NetNs } = n;
    const code = async (f) => { try { await f(); return 'fine'; } catch (error) { return error.code; } };
    const answer = await (async () => { ${body} })();
    console.log(JSON.stringify(answer));
  `;
  const args = ['--input-type=module', '-e', script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    ...NOBODY,
    timeout: 20_000,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const HOLDERS = `
  const { readFileSync } = await import('node:fs');
  const holders = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim().split(' ')
    .filter(Boolean).filter((pid) => readFileSync('/proc/' + pid + '/comm', 'utf8') === 'netns-holder\\n');
`;

describe('as an ordinary user', () => {
  beforeAll(() => {
    expect(process.getuid?.()).toBe(0);
  });

  test('namespaces with links, addresses and routes', async () => {
    const seen = await asUser(`
      const ns = await NetNs.createRootless();
      await ns.batch([n.link.set('lo', { up: true }), n.link.add({ kind: 'bridge', name: 'br0', up: true })]);
      await ns.address.add({ dev: 'br0', address: '10.81.0.1/24' });
      await ns.route.add({ dst: '10.82.0.0/16', via: '10.81.0.2' });
      ns.sync.link.set('br0', { mtu: 1400 });
      const links = await ns.link.list();
      const routes = (await ns.route.list()).map((route) => route.dst);
      const duplicate = await code(() => ns.link.add({ kind: 'bridge', name: 'br0' }));
      await ns.sysctl.set('net.ipv4.ip_forward', 1);
      const forward = await ns.sysctl.get('net.ipv4.ip_forward');
      const other = NetNs.current().inode !== ns.inode;
      ns.close();
      return [links.map(({ name, mtu, up }) => [name, mtu, up]), routes.includes('10.82.0.0/16'), duplicate, String(forward), other];
    `);
    expect(seen).toEqual([
      [
        ['lo', 65536, true],
        ['br0', 1400, true],
      ],
      true,
      'EEXIST',
      '1',
      true,
    ]);
  });

  test('a veth joins two of them, in one message, and they talk', async () => {
    const seen = await asUser(`
      const [a, b] = [await NetNs.createRootless(), await NetNs.createRootless()];
      await a.link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'eth0', netns: b } });
      await a.address.add({ dev: 'eth0', address: '10.83.0.1/24' });
      await b.batch([n.link.set('eth0', { up: true }), n.address.add({ dev: 'eth0', address: '10.83.0.2/24' })]);
      const [reply] = await a.ping('10.83.0.2', { timeout: 5000 });
      const http = await import('node:http');
      const server = await b.listen(http.createServer((_, response) => response.end('hello')), 80);
      const dispatcher = a.dispatcher();
      const body = await (await fetch('http://10.83.0.2/', { dispatcher })).text();
      await dispatcher.close();
      const port = await a.checkPort({ host: '10.83.0.2', port: 81 });
      const udp = b.createSocket('udp4');
      const got = new Promise((resolve) => udp.on('message', (message, from) => resolve([String(message), from.address])));
      await new Promise((resolve) => udp.bind(53, resolve));
      const sender = a.createSocket('udp4');
      sender.send('datagram', 53, '10.83.0.2');
      const datagram = await got;
      await new Promise((resolve) => server.close(resolve));
      udp.close(); sender.close(); a.close(); b.close();
      return [reply.error, reply.from, body, port.state, datagram];
    `);
    expect(seen).toEqual([null, '10.83.0.2', 'hello', 'closed', ['datagram', '10.83.0.1']]);
  });

  test('networks inside', async () => {
    const seen = await asUser(`
      const http = await import('node:http');
      const { text } = await import('node:stream/consumers');
      const host = await NetNs.createRootless();
      await host.link.set('lo', { up: true });
      const told = [];
      for (const Network of [n.BridgeNetwork, n.RoutedNetwork]) {
        const network = await Network.create({ name: 'n0', subnet: '10.88.0.0/16', netns: host });
        const [a, b] = [await network.attach(), await network.attach()];
        const server = http.createServer((_, response) => response.end('published'));
        await b.netns.listen(server, 80);
        await b.publish({ hostPort: 8080, port: 80 });
        const [reply] = await a.netns.ping(b.address, { timeout: 5000 });
        const dispatcher = a.netns.dispatcher();
        const body = await (await fetch('http://' + a.gateway + ':8080/', { dispatcher })).text().catch((error) => error.cause.code);
        await dispatcher.close();
        told.push([reply.error ?? 'answered', body, (await network.endpoints()).length]);
        await new Promise((resolve) => server.close(resolve));
        await a.detach(); await b.detach();
        await network.delete();
      }
      host.close();
      return told;
    `);
    expect(seen).toEqual([
      ['answered', 'published', 2],
      ['answered', 'published', 2],
    ]);
  });

  test('spawn: children are inside, as root of the user namespace', async () => {
    const seen = await asUser(`
      const ns = await NetNs.createRootless();
      const { stdout } = await ns.execFile('sh', ['-c', 'readlink /proc/self/ns/net; id -u; ip link set lo up && echo up; ls /proc/self/fd | wc -l; readlink /proc/self/ns/mnt']);
      const { readlinkSync } = await import('node:fs');
      const lines = stdout.trim().split('\\n');
      const viewed = await ns.exec('ls /sys/class/net', { view: true });
      const hostname = await ns.exec('hostname', { unshare: { hostname: 'box' } });
      const missing = await code(() => ns.execFile('/no/such/command'));
      const pids = await code(() => ns.execFile('true', [], { unshare: { pid: true } }));
      const answer = [lines[0] === 'net:[' + ns.inode + ']', ...lines.slice(1, 3), lines[4] === readlinkSync('/proc/self/ns/mnt'), viewed.stdout, hostname.stdout, missing, pids];
      ns.close();
      return answer;
    `);
    expect(seen).toEqual([true, '0', 'up', true, 'lo\n', 'box\n', 'ENOENT', 'EPERM']);
  });

  test('what can’t be had without root is an error that says so', async () => {
    const seen = await asUser(`
      const ns = await NetNs.createRootless();
      const told = [];
      const attempt = async (f) => { try { await f(); told.push('fine'); } catch (error) { told.push([error.code, /createRootless|root/.test(error.message)]); } };
      await attempt(() => ns.run(() => 1));
      await attempt(() => new n.NetNsWorker(ns, '1', { eval: true }));
      await attempt(() => ns.persist('mine'));
      await attempt(() => NetNs.create());
      ns.close();
      return told;
    `);
    expect(seen).toEqual([
      ['EPERM', true],
      ['EPERM', true],
      ['EACCES', true], // it may not even make /run/netns
      ['EPERM', true],
    ]);
  });

  test('one holder serves all, and ends with the last; the next has a new one', async () => {
    const seen = await asUser(`
      ${HOLDERS}
      const before = holders().length;
      const many = await Promise.all(Array.from({ length: 20 }, () => NetNs.createRootless()));
      const [during] = [holders()];
      const inodes = new Set(many.map((ns) => ns.inode)).size;
      await Promise.all(many.map((ns) => ns.link.set('lo', { up: true })));
      for (const ns of many) ns.close();
      const after = holders().length;
      const next = await NetNs.createRootless();
      const again = holders();
      next.close();
      return [before, during.length, inodes, after, again.length, again[0] !== during[0], holders().length, NetNs.stats().descriptors];
    `);
    expect(seen).toEqual([0, 1, 20, 0, 1, true, 0, 0]);
  });

  test('is told when it is freed', async () => {
    const seen = await asUser(`
      ${HOLDERS}
      const [a, b] = [await NetNs.createRootless(), await NetNs.createRootless()];
      await a.delete({ wait: true });
      await b.exec('true');
      const child = b.spawn('sleep', ['60']);
      const held = await code(() => b.delete({ wait: true, timeout: 200 }));
      child.kill();
      await new Promise((resolve) => child.on('exit', resolve));
      return [a.closed, held, holders().length, NetNs.stats().descriptors];
    `);
    expect(seen).toEqual([true, 'ETIMEDOUT', 0, 0]);
  });

  test('a holder that is killed: errors say so, the next namespace gets a new one', async () => {
    const seen = await asUser(`
      ${HOLDERS}
      const ns = await NetNs.createRootless();
      process.kill(Number(holders()[0]), 'SIGKILL');
      const told = [];
      // Before this process has noticed, and after.
      told.push(await code(() => ns.connect({ port: 1, host: '127.0.0.1' })));
      await new Promise((resolve) => setTimeout(resolve, 50));
      told.push(await code(() => ns.link.list()), await code(() => ns.spawn('true')), holders().length);
      const next = await NetNs.createRootless();
      told.push((await next.link.list()).length);
      ns.close(); next.close();
      told.push(holders().length);
      return told;
    `);
    const [first, ...rest] = seen as unknown[];
    // The kernel's word, by how far the plan had got when the holder died.
    expect(['EPIPE', 'ECONNRESET', 'ERR_NETNS_HOLDER_ENDED']).toContain(first);
    expect(rest).toEqual(['ERR_NETNS_HOLDER_ENDED', 'ERR_NETNS_HOLDER_ENDED', 0, 1, 0]);
  });

  test('ends with its process, whichever way that ends', async () => {
    const script = `
      const { NetNs } = await import('${LIBRARY}');
      const ns = await NetNs.createRootless();
      const { readFileSync } = await import('node:fs');
      console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim().split(' ').join());
      setInterval(() => ns, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      ...NOBODY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    const pids = String(line).trim().split(',');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect
      .poll(() => pids.some((pid) => existsSync(`/proc/${pid}`)), { timeout: 3000 })
      .toBe(false);
  });
});

test('as root too: its namespaces are in a user namespace of their own', async () => {
  const ns = await NetNs.createRootless();
  await ns.link.add({ kind: 'bridge', name: 'br0' });
  expect((await ns.link.list()).map(({ name }) => name)).toEqual(['lo', 'br0']);
  const { stdout } = await ns.execFile('cat', ['/proc/self/uid_map']);
  expect(stdout.trim().split(/\s+/)).toEqual(['0', '0', '1']);
  ns.close();
});
