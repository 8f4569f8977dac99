import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { capture, link, NetNs, type Packet, toPcapng } from 'node-netns';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';

let host: NetNs;
let web: NetNs;

beforeAll(async () => {
  host = await NetNs.create();
  web = await NetNs.create();
  for (const ns of [host, web]) {
    // Neighbour and multicast talk of IPv6 would come between.
    await ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1);
    await ns.link.set('lo', { up: true });
  }
  await host.link.add({
    kind: 'veth',
    name: 'veth0',
    address: '02:00:00:00:00:01',
    up: true,
    peer: { name: 'eth0', address: '02:00:00:00:00:02', netns: web },
  });
  await web.link.set('eth0', { up: true });
  await host.address.add({ dev: 'veth0', address: '10.1.0.1/24' });
  await web.address.add({ dev: 'eth0', address: '10.1.0.2/24' });
  while ((await host.link.get('veth0')).operState !== 'up') await sleep(5);
  // So that no ARP comes between: each knows the other.
  await host.neighbour.add({
    dev: 'veth0',
    dst: '10.1.0.2',
    lladdr: '02:00:00:00:00:02',
    state: 'permanent',
  });
  await web.neighbour.add({
    dev: 'eth0',
    dst: '10.1.0.1',
    lladdr: '02:00:00:00:00:01',
    state: 'permanent',
  });
});

afterAll(() => {
  host.close();
  web.close();
});

const isIcmp = ({ frame }: Packet) => frame.icmp !== undefined;
const withoutId = (text: string) => text.replace(/ id \d+,/, '');

/** Sends UDP datagrams to nobody, all at once. */
async function datagrams(count: number, size = 10): Promise<void> {
  const socket = host.createSocket('udp4');
  const data = Buffer.alloc(size);
  await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<void>((resolve, reject) => {
          socket.send(data, 9, '10.1.0.2', (error) => (error ? reject(error) : resolve()));
        }),
    ),
  );
  socket.close();
}

test('frames of one link, with time, direction and their headers', async () => {
  const before = BigInt(Date.now() - 5) * 1_000_000n;
  using frames = await capture(host, { dev: 'veth0', where: isIcmp });
  await host.ping('10.1.0.2', { size: 8 });
  const [request, reply] = [await frames.next(), await frames.next()].map(({ value }) => value);
  expect(withoutId(String(request))).toBe(
    'veth0 out IP 10.1.0.1 > 10.1.0.2: ICMP echo request, seq 1, length 16',
  );
  expect(withoutId(String(reply))).toBe(
    'veth0 in  IP 10.1.0.2 > 10.1.0.1: ICMP echo reply, seq 1, length 16',
  );
  expect(request).toMatchObject({
    dev: 'veth0',
    type: 'outgoing',
    direction: 'out',
    start: 'ethernet',
  });
  expect(reply).toMatchObject({ type: 'host', direction: 'in', originalLength: 50 });
  expect(reply.bytes.length).toBe(50);
  expect(reply.frame.ethernet.source).toBe('02:00:00:00:00:02');
  expect(request.time).toBeGreaterThan(before);
  expect(reply.time).toBeGreaterThanOrEqual(request.time);
  expect(reply.time).toBeLessThan(BigInt(Date.now() + 5) * 1_000_000n);
});

test('all links of a namespace, and nothing of others', async () => {
  using frames = await capture(web, { where: isIcmp });
  await web.ping('127.0.0.1');
  await host.ping('10.1.0.2');
  await host.ping('127.0.0.1');
  const devs = frames.drain().map(({ dev }) => dev);
  expect(devs).toEqual(['lo', 'lo', 'lo', 'lo', 'eth0', 'eth0']);
});

test('one direction alone', async () => {
  using incoming = await capture(host, { dev: 'veth0', direction: 'in', where: isIcmp });
  using outgoing = await capture(host, { dev: 'veth0', direction: 'out', where: isIcmp });
  await host.ping('10.1.0.2');
  expect(incoming.drain().map(({ frame }) => frame.icmp?.type)).toEqual([0]);
  expect(outgoing.drain().map(({ frame }) => frame.icmp?.type)).toEqual([8]);
  // What goes out is not even counted where the kernel leaves it away.
  expect(incoming.statistics().received).toBe(1);
});

test('a snap length cuts, and tells how long the packet was', async () => {
  using frames = await capture(host, { dev: 'veth0', snapLength: 42, where: isIcmp });
  await host.ping('10.1.0.2', { size: 500 });
  const [request] = frames.drain();
  expect(request.bytes.length).toBe(42);
  expect(request.originalLength).toBe(542);
  expect(request.frame.truncated).toBe(true);
  expect(withoutId(request.summary())).toBe(
    'IP 10.1.0.1 > 10.1.0.2: ICMP echo request, seq 1, length 508 [truncated]',
  );
});

test('a VLAN tag is in the bytes again, as it was on the wire', async () => {
  // The tag goes to an offload of the veth and comes without being in the data.
  using raw = await capture(web, { dev: 'eth0' });
  const tagged = Buffer.from(
    '020000000002 020000000001 8100 600a 0806 0001 0800 06 04 0001 020000000001 0a010001 000000000000 0a010002'.replaceAll(
      ' ',
      '',
    ),
    'hex',
  );
  sendRaw(host, 'veth0', tagged);
  const { value: packet } = await raw.next();
  expect(packet.summary({ link: true })).toBe(
    '02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q (0x8100), length 46: vlan 10, p 3, ethertype ARP (0x0806), Request who-has 10.1.0.2 tell 10.1.0.1, length 28',
  );
  expect(Buffer.from(packet.bytes).equals(tagged)).toBe(true);
  expect(packet.originalLength).toBe(tagged.length);
});

/** Sends a frame as it is, by a small program of the machine's Python. */
function sendRaw(ns: NetNs, dev: string, frame: Buffer): void {
  const program =
    'import socket,sys; s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW); ' +
    's.bind((sys.argv[1],0)); s.send(bytes.fromhex(sys.argv[2]))';
  ns.run(() => execFileSync('python3', ['-c', program, dev, frame.toString('hex')]));
}

test('what others have for others comes in promiscuous mode alone', async () => {
  const stray = Buffer.from(`0200000000990200000000010800${'00'.repeat(46)}`, 'hex');
  using ordinary = await capture(web, { dev: 'eth0' });
  sendRaw(host, 'veth0', stray);
  // A veth hands all up, and the kernel marks what is for others.
  expect((await ordinary.next()).value.type).toBe('otherHost');
  expect((await web.link.get('eth0')).promiscuity).toBe(0);
  using promiscuous = await capture(web, { dev: 'eth0', promiscuous: true });
  expect((await web.link.get('eth0')).promiscuity).toBe(1);
  promiscuous.close();
  expect((await web.link.get('eth0')).promiscuity).toBe(0);
});

test('a slow reader gets what the kernel kept, and is told what it did not', async () => {
  using frames = await capture(web, { dev: 'eth0', bufferSize: 65_536 });
  await datagrams(500, 1000);
  const { received, dropped } = frames.statistics();
  expect(received).toBeGreaterThanOrEqual(500);
  expect(dropped).toBeGreaterThan(0);
  expect(frames.drain().length).toBe(received - dropped);
  // Counting goes on, and does not begin anew.
  await datagrams(1);
  const later = frames.statistics();
  expect(later.received).toBeGreaterThan(received);
  expect(later.dropped).toBe(dropped);
});

test('2,000 frames in a loop, none lost', async () => {
  const frames = await capture(web, { dev: 'eth0', direction: 'in', bufferSize: 16 << 20 });
  const sending = datagrams(2000);
  let count = 0;
  for await (const { frame } of frames) {
    if (frame.udp?.destinationPort === 9 && ++count === 2000) break;
  }
  await sending;
  expect(count).toBe(2000);
  expect(frames.statistics().dropped).toBe(0);
  // Leaving the loop has closed it.
  expect(await frames.next()).toEqual({ done: true, value: undefined });
});

test('calls of next() that wait together are answered in order', async () => {
  using frames = await capture(host, { dev: 'veth0', where: isIcmp });
  const both = Promise.all([frames.next(), frames.next()]);
  await host.ping('10.1.0.2');
  const kinds = (await both).map(({ value }) => value.frame.icmp.type);
  expect(kinds).toEqual([8, 0]);
});

test('ends by its signal, with the signal’s reason', async () => {
  const controller = new AbortController();
  const frames = await capture(host, { dev: 'veth0', signal: controller.signal });
  const waiting = frames.next();
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await errorOf(() => waiting)).toBe(reason);
  expect(await frames.next()).toEqual({ done: true, value: undefined });
  expect(await errorOf(() => capture(host, { signal: controller.signal }))).toBe(reason);
});

test('ends by close(), also while somebody waits', async () => {
  const frames = await capture(host, { dev: 'veth0' });
  const waiting = frames.next();
  frames.close();
  frames.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(frames.statistics()).toEqual({ received: 0, dropped: 0 });
});

test('ends with the handle of the namespace', async () => {
  const ns = await NetNs.create();
  const frames = await capture(ns);
  const waiting = frames.next();
  ns.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('ends when the link goes away, but not when it goes down', async () => {
  using ns = await NetNs.create();
  await ns.batch([
    link.add({ kind: 'veth', name: 'a', up: true, peer: { name: 'b' } }),
    link.set('b', { up: true }),
  ]);
  const frames = await capture(ns, { dev: 'a' });
  const seen: Packet[] = [];
  const end = (async () => {
    for await (const packet of frames) seen.push(packet);
    return 'ended';
  })();
  await ns.link.set('a', { up: false });
  await sleep(20);
  await ns.link.set('a', { up: true });
  const count = seen.length;
  const deadline = Date.now() + 5000;
  // Coming up, it says so by IPv6.
  while (seen.length === count && Date.now() < deadline) await sleep(10);
  expect(seen.length).toBeGreaterThan(count);
  await ns.link.set('a', { up: false });
  await sleep(20);
  await ns.link.delete('a');
  expect(await end).toBe('ended');
});

test('a dropped capture is collected, and its descriptor closed', async () => {
  const collect = globalThis.gc;
  if (!collect) throw new Error('runs with --expose-gc');
  const before = NetNs.stats().descriptors;
  await (async () => {
    await capture(host, { dev: 'veth0', signal: new AbortController().signal });
  })();
  expect(NetNs.stats().descriptors).toBe(before + 1);
  const deadline = Date.now() + 5000;
  while (NetNs.stats().descriptors > before && Date.now() < deadline) {
    collect();
    await sleep(10);
  }
  expect(NetNs.stats().descriptors).toBe(before);
});

test('a pcapng file that tcpdump reads as we do', async ({ skip }) => {
  try {
    execFileSync('tcpdump', ['--version'], { stdio: 'pipe' });
  } catch {
    skip('no tcpdump here');
  }
  const dir = mkdtempSync(join(tmpdir(), 'capture-'));
  const path = join(dir, 'x.pcapng');
  try {
    const frames = await capture(host, { where: ({ dev }) => dev !== 'lo' });
    const lines: string[] = [];
    const tee = (async function* () {
      for await (const packet of frames) {
        lines.push(packet.summary({ link: true }));
        yield packet;
        if (lines.length === 8) return;
      }
    })();
    const written = pipeline(
      toPcapng(Object.assign(tee, { statistics: () => frames.statistics() })),
      createWriteStream(path),
    );
    await host.ping('10.1.0.2', { count: 2, interval: 1 });
    await datagrams(1);
    const failed = await errorOf(() => host.connect({ host: '10.1.0.2', port: 4321 }));
    expect(failed.code).toBe('ECONNREFUSED');
    // Where the neighbours knew each other already, fewer frames went to and fro.
    for (let i = 0; i < 20 && lines.length < 8; i++) await host.ping('10.1.0.2', { count: 1 });
    await written;
    const theirs = execFileSync('tcpdump', ['-r', path, '-nteS'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(lines).toHaveLength(8);
    expect(theirs.trim().split('\n')).toEqual(lines);
    expect(readFileSync(path).length).toBeGreaterThan(500);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a link that is not there is ENODEV', async () => {
  const error = await errorOf(() => capture(host, { dev: 'nothing' }));
  expect(error.code).toBe('ENODEV');
  expect(error.message).toContain("'nothing'");
});

test.each<[string, object, string]>([
  ['an unknown option', { device: 'eth0' }, 'options.device'],
  ['a link that is no name', { dev: 'a/b' }, 'options.dev'],
  ['a direction', { direction: 'up' }, 'options.direction'],
  ['a filter that is no function', { where: 'arp' }, 'options.where'],
  ['a snap length of 0', { snapLength: 0 }, 'options.snapLength'],
  ['a buffer too small', { bufferSize: 1000 }, 'options.bufferSize'],
  ['promiscuous without a link', { promiscuous: true }, 'options.promiscuous'],
  ['a signal that is none', { signal: {} }, 'options.signal'],
])('refuses %s', async (_, options, path) => {
  const error = await errorOf(() => capture(host, options));
  expect(error.message).toContain(path);
  expect(error.code).toMatch(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/);
});

test('refuses a closed namespace', async () => {
  const ns = await NetNs.create();
  ns.close();
  expect((await errorOf(() => capture(ns))).code).toBe('ERR_NETNS_CLOSED');
});
