import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  BridgeNetwork,
  type Endpoint,
  MacvlanNetwork,
  NetNs,
  RoutedNetwork,
} from '../../lib/index.ts';
import { ask, serve } from './support/traffic.ts';

type Network = BridgeNetwork | RoutedNetwork | MacvlanNetwork;

let host: NetNs;
beforeAll(async () => {
  host = NetNs.current();
  await host.link.add({ kind: 'veth', name: 'up0', peer: { name: 'up1' } });
  await host.link.set('up0', { up: true });
  await host.link.set('up1', { up: true });
});
afterAll(async () => {
  await host.link.delete('up0');
  host.close();
});

const has = (code: string) => expect.objectContaining({ code });
const settled = async (condition: () => boolean): Promise<void> => {
  const until = Date.now() + 5_000;
  while (!condition() && Date.now() < until) await new Promise((done) => setTimeout(done, 5));
  expect(condition()).toBe(true);
};
const kept = (low: number, high: number) => ({ low, high, addressed: false });

const MAKE = {
  bridge: (more = {}) =>
    BridgeNetwork.create({ name: 'net0', subnet: '10.88.0.0/24', pool: kept(2, 4), ...more }),
  routed: (more = {}) =>
    RoutedNetwork.create({ name: 'net0', subnet: '10.88.0.0/24', pool: kept(2, 4), ...more }),
  macvlan: (more = {}) =>
    MacvlanNetwork.create({
      name: 'net0',
      parent: 'up0',
      subnet: '10.88.0.0/24',
      hostAddress: '10.88.0.250',
      pool: kept(2, 4),
      ...more,
    }),
};

describe.each(['bridge', 'routed', 'macvlan'] as const)('a %s network with a pool', (kind) => {
  let network: Network | undefined;

  const make = async (more = {}): Promise<Network> => {
    network = await MAKE[kind](more);
    return network;
  };

  afterEach(async () => {
    if (network !== undefined && !network.closed) await network.delete();
    network = undefined;
    expect((await host.link.list()).map(({ name }) => name).sort()).toEqual(['lo', 'up0', 'up1']);
  });

  it('gives the address when an endpoint is taken: any, or the one that is wanted', async () => {
    const net0 = await make();
    await settled(() => net0.stats().pool.ready === 4);
    expect(net0.stats().addresses.used).toBe(0);
    const any = await net0.attach();
    const wanted = await net0.attach({ address: '10.88.0.77', routes: [{ dst: '172.16.0.0/12' }] });
    expect(net0.stats().pool).toMatchObject({ taken: 2, missed: 0, failed: 0 });
    expect([any.address, wanted.address]).toEqual(['10.88.0.2', '10.88.0.77']);
    const inside = await wanted.netns.link.get('eth0');
    expect(inside).toMatchObject({ address: wanted.mac, up: true });
    const addresses = await wanted.netns.address.list({ dev: 'eth0', family: 'inet' });
    expect(addresses.map(({ local }) => local)).toEqual(['10.88.0.77']);
    const routes = (await wanted.netns.route.list()).map(({ dst }) => dst);
    expect(routes).toEqual(expect.arrayContaining(['172.16.0.0/12']));
    await using _server = await serve(wanted.netns, 80);
    expect(await ask(any.netns, wanted.address, 80)).toBe(any.address);
    await Promise.all([any.detach(), wanted.detach()]);
    expect(net0.stats().addresses.used).toBe(0);
  });

  it('gives both families, names and hardware addresses', async () => {
    const net0 = await make({ subnet: ['10.88.0.0/24', 'fd00:88::/64'] });
    await settled(() => net0.stats().pool.ready === 4);
    const web = await net0.attach({ name: 'web', address: 'fd00:88::1:2:3:4' });
    const mine = await net0.attach({ mac: '02:00:00:00:00:99' });
    expect(web).toMatchObject({ name: 'web', ipv4: '10.88.0.2', ipv6: 'fd00:88::1:2:3:4' });
    expect((await mine.netns.link.get('eth0')).address).toBe('02:00:00:00:00:99');
    expect(net0.stats().pool.taken).toBe(kind === 'routed' ? 1 : 2);
    await using _server = await serve(web.netns, 80);
    expect(await ask(mine.netns, web.ipv6 ?? '', 80)).toBe(mine.ipv6);
    await Promise.all([web.detach(), mine.detach()]);
    expect(await NetNs.list()).toEqual([]);
  });

  it('refuses what can’t be, and makes itself what it can’t give', async () => {
    const net0 = await make();
    await settled(() => net0.stats().pool.ready === 4);
    const web = await net0.attach({ name: 'web', address: '10.88.0.9' });
    await expect(net0.attach({ address: '10.88.0.9' })).rejects.toThrow(has('ERR_ADDRESS_IN_USE'));
    await expect(net0.attach({ address: '10.99.0.1' })).rejects.toThrow(
      has('ERR_INVALID_ARG_VALUE'),
    );
    await expect(net0.attach('web')).rejects.toThrow(has('EEXIST'));
    const other = await net0.attach({ ifname: 'wan' });
    expect(other.ifname).toBe('wan');
    expect((await other.netns.link.list()).map(({ name }) => name).sort()).toEqual(['lo', 'wan']);
    // Those that could not be given wait for the next.
    expect(net0.stats()).toMatchObject({
      endpoints: 2,
      addresses: { used: 2 },
      pool: { ready: 3, taken: 1 },
    });
    await Promise.all([web.detach(), other.detach()]);
  });

  it('takes many at once, the rest from scratch, no two with the same link', async () => {
    const net0 = await make();
    await net0.prewarm(20);
    const many = await Promise.all(Array.from({ length: 40 }, () => net0.attach()));
    expect(new Set(many.map(({ address }) => address)).size).toBe(40);
    if (kind !== 'macvlan') expect(new Set(many.map(({ hostLink }) => hostLink)).size).toBe(40);
    for (const { netns, address } of many) {
      const found = await netns.address.list({ dev: 'eth0', family: 'inet' });
      expect(found.map(({ local }) => local)).toEqual([address]);
    }
    await Promise.all(many.map((endpoint) => endpoint.detach()));
    expect(net0.stats()).toMatchObject({ endpoints: 0, addresses: { used: 0 }, unfreed: 0 });
  });

  it('is emptied when the network is let go, and what was taken is found again', async () => {
    const net0 = await make();
    await settled(() => net0.stats().pool.ready === 4);
    const web = await net0.attach({ name: 'web', address: '10.88.0.42' });
    const { mac, hostLink } = web;
    await net0.close();
    const open = { bridge: BridgeNetwork, routed: RoutedNetwork, macvlan: MacvlanNetwork }[kind];
    const again = await open.open('net0', { pool: kept(1, 2) });
    network = again;
    await settled(() => again.stats().pool.ready === 2);
    const [found]: Endpoint[] = again.endpoints();
    expect(found).toMatchObject({ name: 'web', address: '10.88.0.42', mac, hostLink });
    const more = await again.attach({ address: '10.88.0.43' });
    expect(more.hostIndex === 0 || more.hostLink !== hostLink).toBe(true);
    await Promise.all([found.detach(), more.detach()]);
    expect(await NetNs.list()).toEqual([]);
  });
});

describe('the options of a pool', () => {
  it('are checked, with what they mean for the name', async () => {
    const create = (more: object) =>
      RoutedNetwork.create({ name: 'net0', subnet: '10.88.0.0/16', ...more });
    const bad = { low: 0, high: 4, addressed: 'no' };
    await expect(create({ pool: bad })).rejects.toThrow(has('ERR_INVALID_ARG_TYPE'));
    await expect(create({ pool: { low: 5, high: 4 } })).rejects.toThrow(has('ERR_OUT_OF_RANGE'));
    const long = create({ name: 'network012', pool: kept(1, 2) });
    await expect(long).rejects.toThrow(/name .*at most 9 bytes/s);
    expect((await host.link.list()).map(({ name }) => name)).not.toContain('network012');
  });
});

describe('a pool that can’t be filled', () => {
  it('tells who would have got the endpoint, once, and tries again', async () => {
    await using net0 = await RoutedNetwork.create({
      name: 'net0',
      subnet: '10.88.0.0/24',
      pool: kept(1, 1),
      mtu: 1500,
    });
    await settled(() => net0.stats().pool.ready === 1);
    const first = await net0.attach();
    await settled(() => net0.stats().pool.ready === 1);
    // A link that is not the network's takes the next one's name.
    const next = [257, 258, 259].map((place) => `net0-${place.toString(16)}`);
    for (const name of next) await host.link.add({ kind: 'bridge', name }).catch(() => undefined);
    const second = await net0.attach();
    await settled(() => net0.stats().pool.failed === 1);
    await expect(net0.attach()).rejects.toThrow(has('EEXIST'));
    // It has tried again by then, and failed again.
    await settled(() => net0.stats().pool.failed === 2);
    for (const name of next) {
      const found = await host.link.get(name).catch(() => undefined);
      if (found?.kind === 'bridge') await host.link.delete(name);
    }
    await expect(net0.attach()).rejects.toThrow(has('EEXIST'));
    await settled(() => net0.stats().pool.ready === 1);
    const third = await net0.attach();
    expect(net0.stats().pool).toMatchObject({ failed: 2, taken: 3 });
    await Promise.all([first, second, third].map((endpoint) => endpoint.detach()));
    await net0.delete();
  });
});
