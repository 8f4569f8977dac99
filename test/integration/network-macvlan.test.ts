import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { MacvlanNetwork, NetNs } from '../../lib/index.ts';
import { ask, makeWorld, reach, serve } from './support/traffic.ts';

let host: NetNs;
let world: NetNs;
let network: MacvlanNetwork | undefined;

beforeAll(async () => {
  host = NetNs.current();
  world = await makeWorld(host);
});
afterEach(async () => {
  if (network !== undefined && !network.closed) await network.delete();
  network = undefined;
  expect((await host.link.list()).map(({ name }) => name)).toEqual(['lo', 'uplink']);
});
afterAll(async () => {
  await host.link.delete('uplink');
  world.close();
  host.close();
});

const make = async (
  more: Partial<Parameters<typeof MacvlanNetwork.create>[0]> = {},
): Promise<MacvlanNetwork> => {
  const options = {
    name: 'lan0',
    parent: 'uplink',
    subnet: '192.0.2.0/24',
    gateway: '192.0.2.2',
    exclude: ['192.0.2.1'],
  };
  network = await MacvlanNetwork.create({ ...options, ...more });
  return network;
};

it('makes endpoints neighbours of the world, of each other, and of the host where asked', async () => {
  const lan = await make({ hostAddress: '192.0.2.200' });
  const [a, b] = [await lan.attach('web'), await lan.attach()];
  expect(a).toMatchObject({
    address: '192.0.2.3',
    gateway: '192.0.2.2',
    hostLink: 'uplink',
    ifname: 'eth0',
  });
  await using _a = await serve(a.netns, 80);
  await using _world = await serve(world, 80);
  expect(await ask(b.netns, a.address, 80)).toBe(b.address);
  expect(await ask(world, a.address, 80)).toBe('192.0.2.2');
  expect(await ask(b.netns, '192.0.2.2', 80)).toBe(b.address);
  expect(await ask(host, a.address, 80)).toBe('192.0.2.200');
  await Promise.all([a.detach(), b.detach()]);
  expect(lan.stats()).toMatchObject({ endpoints: 0, unfreed: 0, addresses: { used: 0 } });
  // The same addresses answer again at once.
  const again = await lan.attach({ address: a.address });
  await using _again = await serve(again.netns, 80);
  expect(await ask(host, again.address, 80)).toBe('192.0.2.200');
});

it('keeps endpoints apart in private mode', async () => {
  const lan = await make({ mode: 'private' });
  const [a, b] = [await lan.attach(), await lan.attach()];
  await using _a = await serve(a.netns, 80);
  expect(await reach(b.netns, a.address, 80)).not.toMatch(/\./);
  expect(await ask(world, a.address, 80)).toBe('192.0.2.2');
});

it('is found again, and leaves namespaces that were there', async () => {
  const lan = await make();
  const old = await NetNs.create('old');
  await lan.attach('web');
  await lan.attach({ netns: 'old', ifname: 'lan' });
  const shown = (net: MacvlanNetwork) =>
    net
      .endpoints()
      .map(({ name, address, ifname, foreign, mac }) => ({ name, address, ifname, foreign, mac }))
      .sort((x, y) => x.address.localeCompare(y.address));
  const before = shown(lan);
  await lan.close();
  network = await MacvlanNetwork.open('lan0');
  expect(shown(network)).toEqual(before);
  // Half made: a link of ours without its record.
  await host.link.add({
    kind: 'macvlan',
    link: 'uplink',
    name: 'half',
    mode: 'bridge',
    netns: old,
    group: 0x6e6e,
  });
  await network.close();
  await old.link.set('lan', { alias: 'node-netns leaving' });
  network = await MacvlanNetwork.open('lan0');
  expect(network.endpoints().map(({ name }) => name)).toEqual(['web']);
  expect((await network.sweep()).links).toHaveLength(1);
  await network.delete();
  expect((await NetNs.list()).map(({ name }) => name)).toEqual(['old']);
  for (const { name } of await old.link.list()) if (name !== 'lo') await old.link.delete(name);
  await old.delete();
});

it('refuses what means nothing to it', async () => {
  await expect(
    MacvlanNetwork.create({ name: 'lan0', parent: 'nolink', subnet: '192.0.2.0/24' }),
  ).rejects.toThrow(expect.objectContaining({ code: 'ENODEV' }));
  await expect(make({ masquerade: true } as never)).rejects.toThrow(/masquerade is not an option/);
  await expect(make({ hostAddress: '10.0.0.1' })).rejects.toThrow(/hostAddress must be/);
  const lan = await make();
  await expect(lan.attach({ publish: { hostPort: 80 } })).rejects.toThrow(
    /publish must be left out/,
  );
  await expect(lan.attach({ limit: { in: '1mbit' } })).rejects.toThrow(
    /limit\.in must be left out/,
  );
});
