import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BridgeNetwork, type Endpoint, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { ask, serve } from './support/traffic.ts';

const KINDS = [
  ['bridge', BridgeNetwork],
  ['routed', RoutedNetwork],
] as const;

let host: NetNs;
beforeAll(() => {
  host = NetNs.current();
});
afterAll(() => host.close());

const hostLinks = async (): Promise<string[]> =>
  (await host.link.list()).map(({ name }) => name).sort();
const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });
const names = async (): Promise<string[]> => (await NetNs.list()).map(({ name }) => name);
const has = (code: string) => expect.objectContaining({ code });

describe.each(KINDS)('a %s network', (_kind, Network) => {
  let network: BridgeNetwork | RoutedNetwork | undefined;

  const make = async (
    more: Partial<Parameters<typeof BridgeNetwork.create>[0]> = {},
  ): Promise<BridgeNetwork | RoutedNetwork> => {
    network = await Network.create({ name: 'net0', subnet: '10.88.0.0/24', ...more });
    return network;
  };

  // Whatever a test leaves is taken away with its network.
  afterEach(async () => {
    if (network !== undefined && !network.closed) await network.delete();
    network = undefined;
    expect(await hostLinks()).toEqual(['lo']);
    expect(nft('list', 'ruleset')).toBe('');
  });

  it('attaches a new namespace with a name, and without', async () => {
    const net0 = await make();
    const web = await net0.attach('web');
    const other = await net0.attach();
    expect(web).toMatchObject({
      name: 'web',
      address: '10.88.0.2',
      ifname: 'eth0',
      mac: '02:4e:0a:58:00:02',
    });
    expect(web.netns.name).toBe('web');
    expect(other).toMatchObject({ name: undefined, address: '10.88.0.3', foreign: false });
    expect(await names()).toEqual(['web']);
    expect(await hostLinks()).toEqual(['lo', 'net0', web.hostLink, other.hostLink].sort());
    const inside = await web.netns.link.get('eth0');
    expect(inside).toMatchObject({ address: web.mac, mtu: 1500, up: true });
    expect((await web.netns.link.get('lo')).up).toBe(true);
    expect(await web.netns.address.list({ dev: 'eth0' })).toHaveLength(1);
    const routes = await web.netns.route.list();
    expect(
      routes.some(({ dst, via }) => /default|0\.0\.0\.0\/0/.test(dst) && via === web.gateway),
    ).toBe(true);
    await Promise.all([web.detach(), other.detach()]);
    expect(await names()).toEqual([]);
    expect(await hostLinks()).toEqual(['lo', 'net0']);
    expect(net0.stats()).toMatchObject({ endpoints: 0, addresses: { used: 0 }, unfreed: 0 });
  });

  it('attaches a namespace that exists: a handle, a name, a process; and leaves it behind', async () => {
    const net0 = await make();
    await using byHandle = await NetNs.create();
    const byName = await NetNs.create('old');
    const child = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    const endpoints = [
      await net0.attach({ netns: byHandle }),
      await net0.attach({ netns: 'old', ifname: 'net1' }),
      await net0.attach({ netns: { pid: child.pid ?? 0 } }),
    ];
    expect(endpoints[0].netns.equals(byHandle)).toBe(true);
    expect((await byName.link.get('net1')).up).toBe(true);
    await using _server = await serve(endpoints[2].netns, 80);
    expect(await ask(byName, endpoints[2].address, 80)).toBe(endpoints[1].address);
    await endpoints[1].detach();
    expect((await byName.link.list()).map(({ name }) => name)).toEqual(['lo']);
    expect(await names()).toEqual(['old']);
    // The process dies, and its namespace with it: detaching still frees the address.
    endpoints[2].netns.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await endpoints[2].detach();
    await endpoints[0].detach();
    expect(net0.stats().addresses.used).toBe(0);
    await byName.delete();
  });

  it('takes an address, a hardware address, an MTU, a name and routes as told', async () => {
    const net0 = await make({
      subnet: ['10.88.0.0/24', 'fd00:88::/64'],
      mtu: 1400,
      reserve: ['10.88.0.99'],
    });
    const endpoint = await net0.attach({
      address: ['10.88.0.99', 'fd00:88::abcd:1'],
      mac: '02:00:00:00:00:99',
      ifname: 'wan',
      mtu: 1300,
      routes: [{ dst: '172.16.0.0/12' }],
    });
    expect(endpoint).toMatchObject({
      ipv4: '10.88.0.99',
      ipv6: 'fd00:88::abcd:1',
      mac: '02:00:00:00:00:99',
    });
    expect(await endpoint.netns.link.get('wan')).toMatchObject({
      mtu: 1300,
      address: '02:00:00:00:00:99',
    });
    expect((await endpoint.netns.route.list()).some(({ dst }) => dst === '172.16.0.0/12')).toBe(
      true,
    );
    expect(
      (await endpoint.netns.address.list({ dev: 'wan' })).map(({ local }) => local).sort(),
    ).toEqual(['10.88.0.99', 'fd00:88::abcd:1']);
    const far = await net0.attach({ address: 'fd00:88::1:0:0:2' });
    const far2 = await net0.attach({ address: 'fd00:88::1:0:0:3' });
    expect(new Set([endpoint.hostLink, far.hostLink, far2.hostLink]).size).toBe(3);
  });

  it('refuses what can’t be, and stays as it was', async () => {
    const net0 = await make();
    const web = await net0.attach('web');
    const before = [await hostLinks(), net0.stats(), await names()];
    await expect(net0.attach('web')).rejects.toThrow(has('EEXIST'));
    await expect(net0.attach({ address: web.address })).rejects.toThrow(has('ERR_ADDRESS_IN_USE'));
    await expect(net0.attach({ address: '10.99.0.1' })).rejects.toThrow(
      has('ERR_INVALID_ARG_VALUE'),
    );
    await expect(net0.attach({ adress: '10.88.0.9' } as never)).rejects.toThrow(
      /did you mean 'address'/,
    );
    await expect(net0.attach({ netns: 'nowhere' })).rejects.toThrow(has('ENOENT'));
    await expect(net0.attach({ netns: web.netns })).rejects.toThrow(has('EEXIST'));
    await expect(net0.attach({ netns: web.netns, ifname: 'eth1' })).rejects.toThrow(
      /defaultRoute: false/,
    );
    await expect(net0.attach({ publish: { hostPort: 0 } })).rejects.toThrow(
      has('ERR_OUT_OF_RANGE'),
    );
    await expect(Network.create({ name: 'net0', subnet: '10.77.0.0/24' })).rejects.toThrow(
      has('ERR_NETWORK_OWNED'),
    );
    await expect(Network.create({ name: 'net1', subnet: '10.88.0.128/25' })).rejects.toThrow(
      has('ERR_SUBNET_OVERLAP'),
    );
    await expect(Network.create({ name: 'lo', subnet: '10.77.0.0/24' })).rejects.toThrow(
      has('EEXIST'),
    );
    await expect(Network.open('lo')).rejects.toThrow(has('ERR_NO_NETWORK'));
    await expect(Network.open('nonet')).rejects.toThrow(has('ERR_NO_NETWORK'));
    expect([await hostLinks(), net0.stats(), await names()]).toEqual(before);
  });

  it('undoes an attach that fails late', async () => {
    const net0 = await make();
    const first = await net0.attach({ publish: { hostPort: 8080 } });
    const before = [await hostLinks(), net0.stats(), nft('list', 'ruleset')];
    // The port is found to be taken after both ends of the pair are there.
    await expect(
      net0.attach({ name: 'late', publish: [{ hostPort: 8081 }, { hostPort: 8080 }] }),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_PORT_IN_USE',
        message: expect.stringContaining('tcp 0.0.0.0:8080'),
      }),
    );
    expect([await hostLinks(), net0.stats(), nft('list', 'ruleset')]).toEqual(before);
    expect(await names()).toEqual([]);
    const second = await net0.attach({ publish: { hostPort: 8081 } });
    expect(second.address).not.toBe(first.address);
  });

  it('refuses ports of listening processes, of other endpoints, and of foreign addresses', async () => {
    const net0 = await make();
    const a = await net0.attach();
    const b = await net0.attach();
    const server = net.createServer().listen(8080);
    await once(server, 'listening');
    await expect(a.publish({ hostPort: 8080 })).rejects.toThrow(
      /a process listens at tcp 0\.0\.0\.0:8080/,
    );
    await expect(a.publish({ hostPort: '8070-8090' })).rejects.toThrow(/tcp 0\.0\.0\.0:8080/);
    server.close();
    await once(server, 'close');
    await a.publish({ hostPort: 8080 });
    await expect(b.publish({ hostPort: 8080, port: 9 })).rejects.toThrow(has('ERR_PORT_IN_USE'));
    await expect(b.publish({ hostPort: 8080, hostAddress: '192.0.2.77' })).rejects.toThrow(
      /no address of this host/,
    );
    await b.publish({ hostPort: 8080, protocol: 'udp' });
    await expect(b.unpublish({ hostPort: 8080 })).rejects.toThrow(has('ERR_NOT_PUBLISHED'));
    expect(b.ports).toEqual([
      { protocol: 'udp', hostAddress: undefined, hostPort: 8080, address: b.address, port: 8080 },
    ]);
    await a.detach();
    await b.publish({ hostPort: 8080 });
    await expect(a.publish({ hostPort: 1 })).rejects.toThrow(has('ERR_DETACHED'));
  });

  it('says when its addresses are used up, and gives freed ones again', async () => {
    const net0 = await make({ subnet: '10.88.0.0/29' });
    const all = await Promise.all([1, 2, 3, 4, 5].map(() => net0.attach()));
    await expect(net0.attach()).rejects.toThrow(has('ERR_ADDRESSES_EXHAUSTED'));
    await all[1].detach();
    expect((await net0.attach()).address).toBe(all[1].address);
  });

  it('is found again with its endpoints and ports', async () => {
    const net0 = await make({ masquerade: true, inbound: 'deny' });
    const old = await NetNs.create('old');
    const web = await net0.attach({ name: 'web', publish: { hostPort: 8080, port: 80 } });
    const foreign = await net0.attach({ netns: 'old', ifname: 'net1', mac: '02:00:00:00:00:07' });
    const shown = (endpoints: Endpoint[]) =>
      endpoints
        .map(({ name, address, gateway, mac, hostLink, ifname, foreign, ports }) => ({
          name,
          address,
          gateway,
          mac,
          hostLink,
          ifname,
          foreign,
          ports,
        }))
        .sort((a, b) => a.address.localeCompare(b.address));
    const before = shown(net0.endpoints());
    const ruleset = nft('list', 'ruleset');
    await net0.close();
    await expect(net0.attach()).rejects.toThrow(has('ERR_NETWORK_CLOSED'));
    const again = await Network.open('net0');
    network = again;
    expect(shown(again.endpoints())).toEqual(before);
    expect(nft('list', 'ruleset')).toBe(ruleset);
    expect(await again.sweep()).toEqual({ links: [], ports: [], names: [], cards: [] });
    const found = again.endpoints().find(({ name }) => name === 'web');
    await using _server = await serve(found?.netns as NetNs, 80);
    expect(await ask(host, '127.0.0.1', 8080)).toMatch(/^10\.88/);
    expect(
      again
        .endpoints()
        .find(({ foreign }) => foreign)
        ?.netns.equals(old),
    ).toBe(true);
    // New ones keep clear of what was found.
    const next = await again.attach();
    expect([web.address, foreign.address]).not.toContain(next.address);
    web.netns.close();
    foreign.netns.close();
    await again.delete();
    expect(await names()).toEqual(['old']);
    expect((await old.link.list()).map(({ name }) => name)).toEqual(['lo']);
    await old.delete();
  });

  it('belongs to one process at a time', async () => {
    const net0 = await make();
    await expect(Network.open('net0')).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_NETWORK_OWNED',
        message: expect.stringContaining(String(process.pid)),
      }),
    );
    await net0.close();
    network = await Network.open('net0');
  });

  it('makes endpoints ahead', async () => {
    const net0 = await make();
    await net0.prewarm(5);
    expect(net0.stats()).toMatchObject({
      endpoints: 0,
      pool: { ready: 5 },
      addresses: { used: 5 },
    });
    const plans = NetNs.stats();
    const [a, named] = [
      await net0.attach(),
      await net0.attach({ name: 'web', publish: { hostPort: 8080, port: 80 } }),
    ];
    expect(plans.busyLanes).toBe(0);
    expect(net0.stats()).toMatchObject({ endpoints: 2, pool: { ready: 3, taken: 2 } });
    expect(named.netns.name).toBe('web');
    expect(await names()).toEqual(['web']);
    await using _server = await serve(named.netns, 80);
    expect(await ask(a.netns, named.address, 80)).toBe(a.address);
    expect(await ask(host, '127.0.0.1', 8080)).toMatch(/^10\.88/);
    // One with wishes of its own is made for it.
    const own = await net0.attach({ address: '10.88.0.200' });
    expect(own.address).toBe('10.88.0.200');
    expect(net0.stats().pool.ready).toBe(3);
    await net0.close();
    network = await Network.open('net0');
    await network.sweep();
    expect(network.endpoints().map(({ name }) => name)).toContain('web');
  });

  it('keeps a standing pool between its marks, and tells what fails in it', async () => {
    const net0 = await make({ subnet: '10.88.0.0/29', pool: { low: 1, high: 3 } });
    await expect.poll(() => net0.stats().pool.ready).toBe(3);
    await net0.attach();
    await net0.attach();
    await net0.attach();
    // Five addresses: the pool can make two more.
    await expect.poll(() => net0.stats().pool.ready).toBe(2);
    await net0.attach();
    await net0.attach();
    await expect(net0.attach()).rejects.toThrow(has('ERR_ADDRESSES_EXHAUSTED'));
  });

  it('holds attaches back while too many namespaces are not freed', async () => {
    const net0 = await make({ maxUnfreed: 4 });
    let most = 0;
    for (let i = 0; i < 24; i++) {
      const endpoint = await net0.attach();
      void endpoint.detach();
      most = Math.max(most, net0.stats().unfreed);
    }
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
    await expect.poll(() => net0.stats().unfreed).toBe(0);
    expect(net0.stats().freed).toBe(24);
  });

  it('takes the link of an endpoint whose namespace lives on', async () => {
    const net0 = await make();
    const web = await net0.attach('web');
    await using held = NetNs.open('web');
    await web.detach();
    expect(await hostLinks()).toEqual(['lo', 'net0']);
    expect((await held.link.list()).map(({ name }) => name)).toEqual(['lo']);
  });

  it('leaves other networks and foreign tables alone', async () => {
    nft('add', 'table', 'inet', 'theirs');
    nft(
      'add',
      'chain',
      'inet',
      'theirs',
      'forward',
      '{ type filter hook forward priority 10; policy accept; }',
    );
    const theirs = nft('list', 'table', 'inet', 'theirs');
    const net0 = await make({ masquerade: true, isolated: true });
    const other = await Network.create({
      name: 'net1',
      subnet: '10.77.0.0/24',
      masquerade: true,
      isolated: true,
    });
    const a = await other.attach({ publish: { hostPort: 8080 } });
    await net0.delete();
    const ruleset = nft('list', 'table', 'inet', 'node-netns');
    expect(ruleset).toContain('comment "net1"');
    expect(ruleset).not.toContain('net0');
    expect(ruleset).toContain(`${a.address} . 8080`);
    await other.delete();
    expect(nft('list', 'ruleset').trim()).toBe(theirs.trim());
    nft('delete', 'table', 'inet', 'theirs');
  });

  it('warns of foreign chains that drop what is forwarded', async () => {
    nft('add', 'table', 'ip', 'theirs');
    nft(
      'add',
      'chain',
      'ip',
      'theirs',
      'FORWARD',
      '{ type filter hook forward priority 0; policy drop; }',
    );
    const warned = once(process, 'warning');
    await make({ masquerade: true });
    const [warning] = await warned;
    expect(warning).toMatchObject({
      code: 'ERR_FORWARDING_BLOCKED',
      message: expect.stringContaining("'FORWARD' of table 'ip theirs'"),
    });
    nft('delete', 'table', 'ip', 'theirs');
  });
});

it('a full bridge says so before the kernel does', async () => {
  const net0 = await BridgeNetwork.create({ name: 'net0', subnet: '10.88.0.0/16' });
  try {
    const full = Array.from({ length: 1024 }, () => net0.attach());
    const results = await Promise.allSettled(full);
    const failed = results.filter((each) => each.status === 'rejected');
    expect(failed.map(({ reason }) => reason.code)).toEqual(['ERR_NETWORK_FULL']);
    await Promise.all(net0.endpoints().map((endpoint) => endpoint.detach()));
  } finally {
    await net0.delete();
  }
}, 60_000);

it('a network that is closed waits for what is on its way out', async () => {
  const net0 = await BridgeNetwork.create({ name: 'net0', subnet: '10.88.0.0/16' });
  const detached = (await net0.attach()).detach();
  await net0.close();
  expect(net0.stats().unfreed).toBe(0);
  await detached;
  const again = await BridgeNetwork.open('net0');
  expect(again.endpoints()).toEqual([]);
  await again.delete();
}, 10_000);
