import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../lib/index.ts';
import { BridgeNetwork, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { ask, makeWorld, pour, reach, serve } from './support/traffic.ts';

const KINDS = [
  ['bridge', BridgeNetwork],
  ['routed', RoutedNetwork],
] as const;

let host: NetNs;
let world: NetNs;

beforeAll(async () => {
  host = NetNs.current();
  world = await makeWorld(host);
});

afterAll(async () => {
  await host.link.delete('uplink');
  world.close();
  host.close();
});

describe.each(KINDS)('traffic of a %s network', (_kind, Network) => {
  let network: BridgeNetwork | RoutedNetwork;
  let web: Endpoint;
  let client: Endpoint;

  beforeAll(async () => {
    network = await Network.create({
      name: 'net0',
      subnet: ['10.88.0.0/16', 'fd00:88::/64'],
      masquerade: true,
    });
    web = await network.attach('web');
    client = await network.attach();
  });

  afterAll(async () => {
    await network.delete();
  });

  it('passes between endpoints with their own addresses', async () => {
    await using _server = await serve(web.netns, 80);
    expect(await ask(client.netns, web.address, 80)).toBe(client.ipv4);
    expect(await ask(client.netns, web.ipv6 ?? '', 80)).toBe(client.ipv6);
  });

  it('passes from the host to an endpoint, and back to the gateway', async () => {
    await using _server = await serve(web.netns, 80);
    expect(await ask(host, web.address, 80)).toBe('10.88.0.1');
    expect(await ask(host, web.ipv6 ?? '', 80)).toBe('fd00:88::1');
    await using _host = await serve(host, 81);
    expect(await ask(web.netns, '10.88.0.1', 81)).toBe(web.ipv4);
  });

  it('goes out with the address of the host', async () => {
    await using _server = await serve(world, 80);
    expect(await ask(client.netns, '192.0.2.2', 80)).toBe('192.0.2.1');
    expect(await ask(client.netns, '2001:db8::2', 80)).toBe('2001:db8::1');
  });

  it('comes in by a published port: from outside, the host, its loopback, another endpoint and itself', async () => {
    await using _server = await serve(web.netns, 80, 'web sees ');
    await web.publish({ hostPort: 8080, port: 80 });
    // From outside with the client's own address.
    expect(await ask(world, '192.0.2.1', 8080)).toBe('web sees 192.0.2.2');
    expect(await ask(world, '2001:db8::1', 8080)).toBe('web sees 2001:db8::2');
    expect(await ask(host, '192.0.2.1', 8080)).toMatch(/^web sees /);
    expect(await ask(host, '127.0.0.1', 8080)).toMatch(/^web sees (10\.88\.0\.1|192\.0\.2\.1)$/);
    expect(await ask(client.netns, '192.0.2.1', 8080)).toMatch(/^web sees /);
    expect(await ask(client.netns, '10.88.0.1', 8080)).toMatch(/^web sees /);
    expect(await ask(web.netns, '10.88.0.1', 8080)).toMatch(/^web sees /);
    expect(await ask(web.netns, '2001:db8::1', 8080)).toMatch(/^web sees /);
    await web.unpublish({ hostPort: 8080, port: 80 });
    expect(await reach(world, '192.0.2.1', 8080)).toBe('refused');
  });

  it('comes in to an endpoint that has not sent anything yet', async () => {
    const quiet = await network.attach({ publish: { hostPort: 8082, port: 80 } });
    await using _server = await serve(quiet.netns, 80, 'quiet sees ');
    expect(await ask(world, '2001:db8::1', 8082)).toBe('quiet sees 2001:db8::2');
    expect(await ask(world, '192.0.2.1', 8082)).toBe('quiet sees 192.0.2.2');
    await quiet.detach();
  });

  it('publishes a range, and one address of the host alone', async () => {
    await using _a = await serve(web.netns, 9000, 'a ');
    await using _b = await serve(web.netns, 9002, 'b ');
    await web.publish({ hostPort: '7000-7002', port: '9000-9002', hostAddress: '192.0.2.1' });
    expect(web.ports).toHaveLength(3);
    expect(await ask(world, '192.0.2.1', 7000)).toBe('a 192.0.2.2');
    expect(await ask(world, '192.0.2.1', 7002)).toBe('b 192.0.2.2');
    expect(await reach(world, '192.0.2.1', 7001)).toBe('refused');
    expect(await reach(host, '127.0.0.1', 7000)).toBe('refused');
    await web.unpublish({ hostPort: '7000-7002', port: '9000-9002', hostAddress: '192.0.2.1' });
    expect(web.ports).toEqual([]);
  });

  it('prefers the port of one address to that of all', async () => {
    await using _a = await serve(web.netns, 80, 'web ');
    await using _b = await serve(client.netns, 80, 'client ');
    await web.publish({ hostPort: 8080, port: 80 });
    await client.publish({ hostPort: 8080, port: 80, hostAddress: '192.0.2.1' });
    expect(await ask(world, '192.0.2.1', 8080)).toBe('client 192.0.2.2');
    expect(await ask(host, '127.0.0.1', 8080)).toMatch(/^web /);
    await client.unpublish({ hostPort: 8080, port: 80, hostAddress: '192.0.2.1' });
    await web.unpublish({ hostPort: 8080, port: 80 });
  });

  it('keeps the host’s 127.0.0.1 out of reach of endpoints', async () => {
    await using _server = await serve(host, 82);
    await web.publish({ hostPort: 8080, port: 80 });
    // Sent past the own loopback, towards the host.
    await web.netns.link.set('lo', { up: false });
    await web.netns.address.flush({ dev: 'lo' });
    const gateway = web.gateway;
    await web.netns.sysctl.set('net.ipv4.conf.all.route_localnet', 1);
    await web.netns.route.add({ dst: '127.0.0.1/32', via: gateway, dev: 'eth0', onlink: true });
    expect(await reach(web.netns, '127.0.0.1', 82)).not.toMatch(/\./);
    await web.netns.route.delete({ dst: '127.0.0.1/32' });
    await web.netns.link.set('lo', { up: true });
    await web.unpublish({ hostPort: 8080, port: 80 });
  });
});

describe.each(KINDS)('isolation of a %s network', (_kind, Network) => {
  it('drops between isolated networks but for published ports', async () => {
    const one = await Network.create({ name: 'one', subnet: '10.1.0.0/16', isolated: true });
    const two = await Network.create({ name: 'two', subnet: '10.2.0.0/16', isolated: true });
    const open = await Network.create({ name: 'open', subnet: '10.3.0.0/16' });
    try {
      const [a, b, c] = [await one.attach(), await two.attach(), await open.attach()];
      await using _a = await serve(a.netns, 80);
      await using _c = await serve(c.netns, 80);
      expect(await reach(b.netns, a.address, 80)).toBe('dropped');
      expect(await ask(host, a.address, 80)).toBe('10.1.0.1');
      expect(await ask(c.netns, a.address, 80)).toBe(c.address);
      expect(await ask(a.netns, c.address, 80)).toBe(a.address);
      await a.publish({ hostPort: 8080, port: 80 });
      expect(await ask(b.netns, '10.2.0.1', 8080)).toBe(b.address);
    } finally {
      await Promise.all([one.delete(), two.delete(), open.delete()]);
    }
  });

  it('lets nothing in but answers and published ports when inbound is denied', async () => {
    const network = await Network.create({
      name: 'deny',
      subnet: '10.1.0.0/16',
      inbound: 'deny',
      masquerade: true,
    });
    try {
      const a = await network.attach();
      await using _a = await serve(a.netns, 80);
      await using _world = await serve(world, 80);
      await world.route.add({ dst: '10.1.0.0/16', via: '192.0.2.1' });
      expect(await reach(world, a.address, 80)).toBe('dropped');
      expect(await ask(a.netns, '192.0.2.2', 80)).toBe('192.0.2.1');
      await a.publish({ hostPort: 8080, port: 80 });
      expect(await ask(world, '192.0.2.1', 8080)).toBe('192.0.2.2');
    } finally {
      await network.delete();
      await world.route.delete({ dst: '10.1.0.0/16' });
    }
  });

  it('keeps endpoints apart when asked', async () => {
    const network = await Network.create({
      name: 'apart',
      subnet: '10.1.0.0/16',
      isolatePorts: true,
    });
    try {
      const [a, b] = [await network.attach(), await network.attach()];
      await using _a = await serve(a.netns, 80);
      expect(await reach(b.netns, a.address, 80)).not.toMatch(/\./);
      expect(await ask(host, a.address, 80)).toBe('10.1.0.1');
    } finally {
      await network.delete();
    }
  });
});

it('shapes what passes to and from an endpoint', async () => {
  const network = await BridgeNetwork.create({ name: 'slow', subnet: '10.1.0.0/16' });
  try {
    const slow = await network.attach({ limit: { in: '8mbit', out: '4mbit' } });
    const fast = await network.attach();
    const kinds = async (ns: NetNs, dev: string): Promise<(string | undefined)[]> =>
      (await ns.qdisc.list({ dev })).map(({ kind }) => kind);
    expect(await kinds(host, slow.hostLink)).toContain('tbf');
    expect(await kinds(slow.netns, 'eth0')).toContain('tbf');
    expect(await kinds(host, fast.hostLink)).not.toContain('tbf');
    // 400 kB less the 64 kB that pass at once: 0.34 s at 8 Mbit/s, 0.67 s at 4.
    await using _slow = await pour(slow.netns, 80, 400_000);
    await using _fast = await pour(fast.netns, 80, 400_000);
    expect(await secondsToFetch(fast.netns, slow.address, 80)).toBeGreaterThan(0.6);
    expect(await secondsToFetch(slow.netns, fast.address, 80)).toBeGreaterThan(0.3);
    await expect(network.attach({ limit: { in: 'fast' } })).rejects.toThrow(/limit\.in must be/);
  } finally {
    await network.delete();
  }
});

async function secondsToFetch(ns: NetNs, address: string, port: number): Promise<number> {
  const from = performance.now();
  expect(await ask(ns, address, port, 10_000)).toHaveLength(400_000);
  return (performance.now() - from) / 1000;
}
