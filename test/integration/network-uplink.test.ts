import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  address,
  BridgeNetwork,
  link,
  NetNs,
  type NetworkOptions,
  route,
} from '../../lib/index.ts';
import { ask, reach, serve } from './support/traffic.ts';

// The way outside is a network card on the network's own bridge.

let host: NetNs;
beforeAll(() => {
  host = NetNs.current();
});
afterAll(() => host.close());

describe('with the way outside on the bridge itself', () => {
  let isp: NetNs;
  let networks: BridgeNetwork[];

  beforeEach(async () => {
    networks = [];
    isp = await NetNs.create();
    await host.batch([
      link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'lan', netns: isp } }),
      address.add({ dev: 'eth0', address: '192.0.2.2/24' }),
      address.add({ dev: 'eth0', address: '2001:db8::2/64', noDad: true }),
    ]);
    await isp.batch([
      link.set('lo', { up: true }),
      link.set('lan', { up: true }),
      address.add({ dev: 'lan', address: '192.0.2.1/24' }),
      address.add({ dev: 'lan', address: '2001:db8::1/64', noDad: true }),
      address.add({ dev: 'lo', address: '198.51.100.1/32' }),
      address.add({ dev: 'lo', address: '2001:db8:ffff::1/128', noDad: true }),
    ]);
    await host.batch([
      route.add({ dst: 'default', via: '192.0.2.1' }),
      route.add({ dst: '::/0', via: '2001:db8::1' }),
    ]);
  });

  afterEach(async () => {
    for (const network of networks) await network.delete();
    await host.link.delete('eth0');
    isp.close();
    expect(execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })).toBe('');
  });

  async function make(name: string, net: string, more: Partial<NetworkOptions>) {
    const subnet = [`10.${net}.0.0/24`, `10.${net}.1.0/24`, `fd00:${net}::/64`];
    const network = await BridgeNetwork.create({ name, subnet, ...more });
    networks.push(network);
    return network;
  }

  it('masquerades what leaves by it, and nothing of its own', async () => {
    const net0 = await make('net0', '88', { masquerade: true });
    await net0.enslave('eth0');
    const [web, other] = [await net0.attach(), await net0.attach({ address: '10.88.1.9' })];
    await using _isp = await serve(isp, 80);
    await using _web = await serve(web.netns, 80, 'web ');
    // Once and again: the first answer may tell an endpoint of a shorter way, which it must not take.
    for (let i = 0; i < 3; i++) {
      expect(await ask(web.netns, '198.51.100.1', 80)).toBe('192.0.2.2');
      expect(await ask(web.netns, '192.0.2.1', 80)).toBe('192.0.2.2');
      expect(await ask(web.netns, '2001:db8:ffff::1', 80)).toBe('2001:db8::2');
    }
    expect(await ask(other.netns, web.address, 80)).toBe('web 10.88.1.9');
    expect(await ask(host, web.address, 80)).toBe('web 10.88.0.1');
    await web.publish({ hostPort: 8080, port: 80 });
    expect(await ask(isp, '192.0.2.2', 8080)).toBe('web 192.0.2.1');
    expect(await ask(isp, '2001:db8::2', 8080)).toBe('web 2001:db8::1');
    expect(await ask(web.netns, '192.0.2.2', 8080)).toMatch(/^web /);
  });

  it('denies what comes in by it but answers and published ports', async () => {
    const net0 = await make('net0', '88', { inbound: 'deny', masquerade: true });
    await net0.enslave('eth0');
    const [web, other] = [await net0.attach(), await net0.attach({ address: '10.88.1.9' })];
    await isp.route.add({ dst: '10.88.0.0/16', via: '192.0.2.2' });
    await isp.route.add({ dst: 'fd00:88::/64', via: '2001:db8::2' });
    await using _isp = await serve(isp, 80);
    await using _web = await serve(web.netns, 80, 'web ');
    expect(await reach(isp, web.address, 80)).toBe('dropped');
    expect(await reach(isp, web.ipv6 ?? '', 80)).toBe('dropped');
    expect(await ask(web.netns, '198.51.100.1', 80)).toBe('192.0.2.2');
    expect(await ask(other.netns, web.address, 80)).toBe('web 10.88.1.9');
    await web.publish({ hostPort: 8080, port: 80 });
    expect(await ask(isp, '192.0.2.2', 8080)).toBe('web 192.0.2.1');
  });

  it('keeps isolated networks apart, and none of them from the world', async () => {
    const net0 = await make('net0', '88', { isolated: true, masquerade: true });
    const net1 = await make('net1', '89', { isolated: true, masquerade: true, inbound: 'deny' });
    await net0.enslave('eth0');
    const [web, db] = [await net0.attach(), await net1.attach()];
    await using _isp = await serve(isp, 80);
    await using _web = await serve(web.netns, 80, 'web ');
    await using _db = await serve(db.netns, 80, 'db ');
    expect(await ask(db.netns, '198.51.100.1', 80)).toBe('192.0.2.2');
    expect(await ask(db.netns, '2001:db8:ffff::1', 80)).toBe('2001:db8::2');
    expect(await reach(db.netns, web.address, 80)).toBe('dropped');
    expect(await reach(db.netns, web.ipv6 ?? '', 80)).toBe('dropped');
    expect(await reach(web.netns, db.address, 80)).toBe('dropped');
    await isp.route.add({ dst: '10.89.0.0/16', via: '192.0.2.2' });
    expect(await reach(isp, db.address, 80)).toBe('dropped');
  });
});
