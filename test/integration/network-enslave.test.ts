import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Address,
  address,
  BridgeNetwork,
  link,
  NetNs,
  type Route,
  route,
} from '../../lib/index.ts';

const has = (code: string) => expect.objectContaining({ code });

let host: NetNs;
beforeAll(async () => {
  host = NetNs.current();
  await host.link.set('lo', { up: true });
});
afterAll(() => host.close());

const answers = async (ns: NetNs, to: string): Promise<boolean> => {
  const [reply] = await ns.ping(to, { count: 1, timeout: 2_000 });
  return reply.ms !== undefined;
};

/**
 * All addresses and routes of the host, but for what changes by itself. The kernel makes its routes
 * of type 'local' for an IPv6 address a moment after it: to be polled.
 */
async function state(): Promise<unknown> {
  const links = await host.link.list();
  const name = new Map(links.map((each) => [each.index, each.name]));
  const addresses: unknown[] = (await host.address.list()).map(
    ({ dev, created: _created, updated: _updated, ...rest }: Address) => ({
      ...rest,
      dev: name.get(dev),
      // Seconds run on.
      validLifetime: typeof rest.validLifetime,
      preferredLifetime: typeof rest.preferredLifetime,
    }),
  );
  // The ends of endpoints come up by themselves.
  const ours = (dev = 0) => !name.get(dev)?.startsWith('net0-');
  const found = await host.route.list({ table: 'all' });
  const routes: unknown[] = found
    .filter(({ dev }) => ours(dev))
    .map(({ dev, expires: _expires, ...rest }: Route) => ({
      ...rest,
      dev: name.get(dev ?? 0),
      // The bridge has no carrier without a port; that is told a moment later.
      flags: rest.flags.filter((flag) => flag !== 'linkdown'),
    }));
  const sorted = (all: unknown[]) => all.map((each) => JSON.stringify(each)).sort();
  return {
    // In the order of the kernel: the first of a subnet is the one that is sent from.
    addresses,
    routes: sorted(routes),
    links: links.map(({ name, master, up, promisc }) => ({ name, master, up, promisc })),
  };
}

describe('a network card of the host on the bridge', () => {
  let isp: NetNs;
  let net0: BridgeNetwork;

  beforeEach(async () => {
    isp = await NetNs.create();
    await host.batch([
      link.add({ kind: 'veth', name: 'eth0', peer: { name: 'lan', netns: isp } }),
      // Its link-local address at once, without a second of detection of duplicates.
      link.set('eth0', { addrGenMode: 'none' }),
      link.set('eth0', { up: true }),
      address.add({ dev: 'eth0', address: 'fe80::2/64', noDad: true }),
      address.add({ dev: 'eth0', address: '192.0.2.2/24', broadcast: 'auto', label: 'eth0:main' }),
      address.add({ dev: 'eth0', address: '192.0.2.3/24' }),
      address.add({ dev: 'eth0', address: '203.0.113.7/32', noPrefixRoute: true, metric: 7 }),
      address.add({ dev: 'eth0', address: '2001:db8::2/64', noDad: true }),
      address.add({
        dev: 'eth0',
        address: '2001:db8::3/64',
        noDad: true,
        validLifetime: 3600,
        preferredLifetime: 1800,
      }),
    ]);
    // As if detection of duplicates had found none.
    await host.address.replace({ dev: 'eth0', address: '2001:db8::2/64' });
    await isp.batch([
      link.set('lo', { up: true }),
      link.set('lan', { up: true }),
      address.add({ dev: 'lan', address: '192.0.2.1/24' }),
      address.add({ dev: 'lan', address: '2001:db8::1/64', noDad: true }),
      // The world outside, behind the router.
      address.add({ dev: 'lo', address: '198.51.100.1/32' }),
      address.add({ dev: 'lo', address: '2001:db8:ffff::1/128', noDad: true }),
    ]);
    await expect.poll(async () => (await host.link.get('eth0')).operState).toBe('up');
    await host.batch([
      route.add({
        dst: 'default',
        via: '192.0.2.1',
        metric: 100,
        src: '192.0.2.3',
        protocol: 'dhcp',
        mtu: 1400,
      }),
      route.add({ dst: '::/0', via: '2001:db8::1', metric: 200, src: '2001:db8::2' }),
      // The router of the second is reached by the first.
      route.add({ dst: '172.16.0.1', dev: 'eth0' }),
      route.add({ dst: '172.16.0.0/12', via: '172.16.0.1' }),
      route.add({ dst: 'default', via: '192.0.2.1', table: 77 }),
      route.add({ dst: '10.1.0.0/16', via: '10.9.9.9', dev: 'eth0', onlink: true, table: 1077 }),
      route.add({
        dst: '172.31.0.0/16',
        nexthops: [
          { via: '192.0.2.1', weight: 3 },
          { via: '192.0.2.9', weight: 1 },
        ],
      }),
    ]);
    net0 = await BridgeNetwork.create({ name: 'net0', subnet: ['10.88.0.0/24', 'fd00:88::/64'] });
    // A router, which the host is by now, has anycast addresses as well.
    await expect
      .poll(async () => {
        const routes = await host.route.list({ table: 'local', family: 'inet6', dev: 'eth0' });
        return routes.filter(({ type }) => type === 'local' || type === 'anycast').length;
      })
      .toBe(5);
  });

  afterEach(async () => {
    if (net0?.closed === false) await net0.delete();
    for (const name of ['eth0', 'other']) await host.link.delete(name).catch(() => {});
    isp.close();
    expect((await host.link.list()).map(({ name }) => name)).toEqual(['lo']);
  });

  const outside = async (): Promise<boolean[]> => [
    await answers(host, '198.51.100.1'),
    await answers(host, '2001:db8:ffff::1'),
  ];

  it('takes its addresses and routes along, and gives them back', async () => {
    const web = await net0.attach();
    // A port without carrier so far is one no more.
    await expect.poll(async () => (await host.link.get('net0')).operState).toBe('up');
    expect(await outside()).toEqual([true, true]);
    const before = await state();
    const port = await net0.enslave('eth0');
    expect(port.dev).toBe('eth0');
    expect(port.addresses.map(({ address }) => address).sort()).toEqual([
      '192.0.2.2/24',
      '192.0.2.3/24',
      '2001:db8::2/64',
      '2001:db8::3/64',
      '203.0.113.7/32',
    ]);
    expect(port.routes).toHaveLength(7);
    const bridge = await host.link.get('net0');
    expect(await host.link.get('eth0')).toMatchObject({ master: bridge.index, up: true });
    expect((await host.address.list({ dev: 'eth0' })).map(({ scope }) => scope)).toEqual(['link']);
    const held = await host.address.list({ dev: 'net0' });
    expect(held.map(({ address, label }) => [address, label])).toEqual([
      ['10.88.0.1/24', 'net0'],
      ['192.0.2.2/24', 'net0'],
      ['203.0.113.7/32', 'net0'],
      ['192.0.2.3/24', 'net0'],
      // The kernel puts IPv6 addresses before earlier ones.
      ['2001:db8::3/64', undefined],
      ['2001:db8::2/64', undefined],
      ['fd00:88::1/64', undefined],
      // By which the kernel looks for neighbours.
      ['fe80::44e:aff:fe58:1/64', undefined],
    ]);
    expect(held.find(({ local }) => local === '2001:db8::3')?.validLifetime).toBeGreaterThan(3500);
    expect(held.filter(({ flags }) => flags.includes('tentative'))).toEqual([]);
    expect(await host.route.list({ table: 'all', dev: 'eth0', protocol: 'static' })).toEqual([]);
    expect(await host.route.list({ dst: 'default' })).toEqual([
      expect.objectContaining({
        family: 'inet',
        dev: bridge.index,
        via: '192.0.2.1',
        metric: 100,
        src: '192.0.2.3',
        protocol: 'dhcp',
        metrics: { mtu: 1400 },
      }),
      expect.objectContaining({
        family: 'inet6',
        dev: bridge.index,
        via: '2001:db8::1',
        metric: 200,
        src: '2001:db8::2',
      }),
    ]);
    expect(await outside()).toEqual([true, true]);
    expect([await answers(web.netns, '10.88.0.1'), await answers(host, web.address)]).toEqual([
      true,
      true,
    ]);
    // The far side of the card reaches the host at the addresses it knows.
    expect(await answers(isp, '192.0.2.2')).toBe(true);
    await port.release();
    await port.release();
    await expect.poll(state).toEqual(before);
    expect(await outside()).toEqual([true, true]);
    expect(await answers(web.netns, '10.88.0.1')).toBe(true);
    // And once more, as a resource, by its index.
    {
      await using _again = await net0.enslave((await host.link.get('eth0')).index, {
        promisc: true,
      });
      expect((await host.link.get('eth0')).promisc).toBe(true);
    }
    await expect.poll(state).toEqual(before);
  });

  it('is given back with the network', async () => {
    await net0.enslave('eth0');
    await net0.delete();
    expect(await outside()).toEqual([true, true]);
    const eth0 = await host.link.get('eth0');
    expect(eth0.master).toBeUndefined();
    expect((await host.route.list({ dst: 'default' })).map(({ dev }) => dev)).toEqual([
      eth0.index,
      eth0.index,
    ]);
  });

  it('puts all back where the kernel refuses a part', async () => {
    await net0.attach();
    await expect.poll(async () => (await host.link.get('net0')).operState).toBe('up');
    // IPv4 moves, IPv6 can't.
    await host.sysctl.set('net.ipv6.conf.net0.disable_ipv6', 1);
    const before = await state();
    await expect(net0.enslave('eth0')).rejects.toThrow(
      expect.objectContaining({ code: 'EACCES', syscall: 'RTM_NEWADDR' }),
    );
    await expect.poll(state).toEqual(before);
    expect(await outside()).toEqual([true, true]);
    await host.sysctl.set('net.ipv6.conf.net0.disable_ipv6', 0);
    // An address that the bridge has already stays the bridge's.
    await host.address.add({ dev: 'net0', address: '192.0.2.3/24', noPrefixRoute: true });
    const with3 = await state();
    await expect(net0.enslave('eth0')).rejects.toThrow(has('EEXIST'));
    await expect.poll(state).toEqual(with3);
    expect(await outside()).toEqual([true, true]);
  });

  it('puts all back where a route can’t be made anew', async () => {
    // The bridge has the very route.
    await host.route.add({ dst: '2001:db8:7::/48', dev: 'net0', metric: 5 });
    await host.route.append({ dst: '2001:db8:7::/48', dev: 'eth0', metric: 5 });
    const before = await state();
    await expect(net0.enslave('eth0')).rejects.toThrow(
      expect.objectContaining({ code: 'EEXIST', syscall: 'RTM_NEWROUTE' }),
    );
    await expect.poll(state).toEqual(before);
    expect(await outside()).toEqual([true, true]);
  });

  it('refuses what can’t be a port, and changes nothing', async () => {
    const web = await net0.attach();
    await expect.poll(async () => (await host.link.get('net0')).operState).toBe('up');
    await host.link.add({ kind: 'bridge', name: 'other' });
    await host.nexthop.add({ id: 5, via: '192.0.2.1', dev: 'eth0' });
    const before = await state();
    await expect(net0.enslave('nope')).rejects.toThrow(/the host has no link 'nope'/);
    await expect(net0.enslave('net0')).rejects.toThrow(/the bridge 'net0' itself/);
    await expect(net0.enslave('lo')).rejects.toThrow(has('ERR_INVALID_ARG_VALUE'));
    await expect(net0.enslave('other')).rejects.toThrow(has('ERR_INVALID_ARG_VALUE'));
    await expect(net0.enslave(web.hostLink)).rejects.toThrow(has('EBUSY'));
    await expect(net0.enslave('')).rejects.toThrow(has('ERR_INVALID_ARG_VALUE'));
    await expect(net0.enslave(null as never)).rejects.toThrow(has('ERR_INVALID_ARG_TYPE'));
    await expect(net0.enslave('eth0', { promsic: true } as never)).rejects.toThrow(
      /did you mean 'promisc'/,
    );
    await expect(net0.enslave('eth0', { promisc: 1 } as never)).rejects.toThrow(
      /options\.promisc must be/,
    );
    await host.route.add({ dst: '10.77.0.0/16', nhid: 5 });
    await expect(net0.enslave('eth0')).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_IMMOVABLE_ROUTE',
        message: expect.stringContaining('10.77.0.0/16'),
      }),
    );
    await host.route.delete({ dst: '10.77.0.0/16' });
    await expect.poll(state).toEqual(before);
    // Two at a time: the second is told so.
    const [first, second] = await Promise.allSettled([net0.enslave('eth0'), net0.enslave('eth0')]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'EBUSY' } });
    await net0.delete();
    await expect(net0.enslave('eth0')).rejects.toThrow(has('ERR_NETWORK_CLOSED'));
  });

  it('may go while it is a port', async () => {
    const port = await net0.enslave('eth0');
    await host.link.delete('eth0');
    await port.release();
    const left = await host.address.list({ dev: 'net0' });
    expect(left.map(({ address }) => address)).toEqual([
      '10.88.0.1/24',
      'fd00:88::1/64',
      'fe80::44e:aff:fe58:1/64',
    ]);
    expect(await host.route.list({ dst: 'default' })).toEqual([]);
  });

  it('stays a port of what others have made it a port of', async () => {
    const port = await net0.enslave('eth0');
    await host.link.add({ kind: 'bridge', name: 'other' });
    await host.link.set('eth0', { master: null });
    await host.link.set('eth0', { master: 'other' });
    await port.release();
    const { index } = await host.link.get('other');
    expect((await host.link.get('eth0')).master).toBe(index);
    expect(
      (await host.address.list({ dev: 'eth0', family: 'inet' })).map(({ local }) => local),
    ).toEqual(['192.0.2.2', '203.0.113.7', '192.0.2.3']);
  });

  it('stays usable when its process lets go of the network, and is found again', async () => {
    await net0.attach('web');
    await expect.poll(async () => (await host.link.get('net0')).operState).toBe('up');
    // The one thing that is not kept: a label.
    const unlabelled = async (): Promise<string> =>
      JSON.stringify(await state()).replaceAll('eth0:main', 'eth0');
    const before = await unlabelled();
    await net0.enslave('eth0', { promisc: true });
    await net0.close();
    expect(await outside()).toEqual([true, true]);
    net0 = await BridgeNetwork.open('net0');
    expect(await net0.sweep()).toEqual({ links: [], ports: [], names: [], cards: [] });
    expect(await outside()).toEqual([true, true]);
    const [card, ...others] = net0.enslaved();
    expect([card.dev, card.addresses.length, others]).toEqual(['eth0', 5, []]);
    await card.release();
    expect(net0.enslaved()).toEqual([]);
    await expect.poll(unlabelled).toEqual(before);
    expect(await outside()).toEqual([true, true]);
  });

  it('is found again with more than its record has room for, and with an alias of its own', async () => {
    const alias = 'the way outside, of the provider in the cellar';
    await host.link.set('eth0', { alias });
    await host.batch(
      Array.from({ length: 60 }, (_, i) =>
        address.add({ dev: 'eth0', address: `203.0.113.${i + 20}/32` }),
      ),
    );
    await net0.enslave('eth0');
    expect((await host.link.get('eth0')).alias).toMatch(/^node-netns .*"card":"net0"/);
    await net0.close();
    net0 = await BridgeNetwork.open('net0');
    expect(net0.enslaved().map(({ addresses }) => addresses.length)).toEqual([65]);
    await net0.delete();
    expect((await host.link.get('eth0')).alias).toBe(alias);
    expect(await host.address.list({ dev: 'eth0', family: 'inet' })).toHaveLength(63);
    expect(await outside()).toEqual([true, true]);
  });
});

describe.skipIf(!existsSync('/dev/net/tun'))('a tap on the bridge', () => {
  it('is a port, and goes', async () => {
    const net0 = await BridgeNetwork.create({ name: 'net0', subnet: '10.88.0.0/24', mtu: 1400 });
    try {
      const tap = await net0.addTap({ name: 'vm1', persist: true, mac: '02:00:00:00:00:77' });
      expect(tap.fds).toHaveLength(1);
      const { index } = await host.link.get('net0');
      expect(await host.link.get('vm1')).toMatchObject({
        kind: 'tun',
        master: index,
        up: true,
        mtu: 1400,
        address: '02:00:00:00:00:77',
      });
      await expect(net0.addTap({ name: 'vm1' })).rejects.toThrow(has('EBUSY'));
      await expect(net0.addTap({ name: 'net0-2' })).rejects.toThrow(has('ERR_INVALID_ARG_VALUE'));
      await expect(net0.addTap({ nmae: 'vm2' } as never)).rejects.toThrow(/tap\.nmae/);
      // Refused by the kernel once the tap is there.
      await expect(net0.addTap({ name: 'vm2', mac: '01:00:00:00:00:01' })).rejects.toThrow(
        has('EADDRNOTAVAIL'),
      );
      tap.close();
      expect((await host.link.get('vm1')).master).toBe(index);
      await tap.delete();
      await tap.delete();
      {
        await using short = await net0.addTap();
        expect(short.name).toMatch(/^tap\d+$/);
      }
      expect((await host.link.list()).map(({ name }) => name)).toEqual(['lo', 'net0']);
    } finally {
      await net0.delete();
    }
  });
});
