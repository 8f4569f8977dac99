import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { address, BridgeNetwork, link, NetNs, route } from '../../lib/index.ts';
import { traceable, Victim } from './support/kill.ts';

describe.skipIf(!traceable)('a card of the host, after kill -9 (needs strace)', () => {
  let host: NetNs;
  let isp: NetNs;
  let victim: Victim;

  beforeAll(() => {
    host = NetNs.current();
    victim = new Victim('card-victim');
  });
  afterAll(() => {
    victim[Symbol.dispose]();
    host.close();
  });

  beforeEach(async () => {
    isp = await NetNs.create();
    await host.batch([
      link.add({ kind: 'veth', name: 'eth0', peer: { name: 'lan', netns: isp } }),
      link.set('eth0', { addrGenMode: 'none', alias: 'uplink' }),
      link.set('eth0', { up: true }),
      address.add({ dev: 'eth0', address: '192.0.2.2/24' }),
      address.add({ dev: 'eth0', address: '192.0.2.3/24' }),
      address.add({ dev: 'eth0', address: '2001:db8::2/64', noDad: true }),
    ]);
    await isp.batch([
      link.set('lo', { up: true }),
      link.set('lan', { up: true }),
      address.add({ dev: 'lan', address: '192.0.2.1/24' }),
      address.add({ dev: 'lo', address: '198.51.100.1/32' }),
    ]);
    await host.batch([
      route.add({ dst: 'default', via: '192.0.2.1', metric: 100, protocol: 'dhcp' }),
      route.add({ dst: '::/0', via: '2001:db8::1' }),
      route.add({ dst: '172.31.0.0/16', nexthops: [{ via: '192.0.2.1' }, { via: '192.0.2.9' }] }),
      route.add({ dst: '172.30.0.0/16', dev: 'eth0', table: 77 }),
    ]);
  });

  afterEach(() => {
    isp.close();
    const script = 'ip link delete eth0; ip link delete net0; ip netns delete web; true';
    execFileSync('sh', ['-c', script], { stdio: 'ignore' });
  });

  /** What the card is and has, in the words of ip(8). */
  function state(): unknown {
    const ip = (...args: string[]) =>
      execFileSync('ip', args, { encoding: 'utf8' })
        .replaceAll(/^\d+: /gm, '')
        .replaceAll(/if\d+|qlen \d+|_lft \w+|link-netnsid \d+| linkdown| dead/g, '')
        .split('\n')
        .map((line) => line.trim());
    return [
      ip('-d', 'address', 'show', 'dev', 'eth0').filter((line) => !line.startsWith('veth')),
      ip('route', 'show', 'table', 'all', 'dev', 'eth0').sort(),
      ip('route', 'show', '172.31.0.0/16'),
      ip('-6', 'route', 'show', 'default'),
    ];
  }

  async function outside(): Promise<boolean> {
    const [reply] = await host.ping('198.51.100.1', { count: 1, timeout: 3_000 });
    return reply.ms !== undefined;
  }

  it('on the way into any sendto, it is on the bridge with all it has, or as it was', async () => {
    const before = state();
    const met = { untouched: 0, whole: 0, half: 0 };
    for (let nth = 1; !(await victim.kill([], 'sendto', nth)); nth++) {
      try {
        met[await recover()]++;
        await expect.poll(state, { timeout: 3_000 }).toEqual(before);
        expect(await outside()).toBe(true);
      } catch (error) {
        throw new Error(`killed on the way into sendto number ${nth}`, { cause: error });
      }
    }
    expect(met.untouched).toBeGreaterThan(0);
    expect(met.whole).toBeGreaterThan(0);
    expect(met.half).toBeGreaterThan(0);
    expect(state()).toEqual(before);
  }, 240_000);

  async function recover(): Promise<'untouched' | 'whole' | 'half'> {
    if (!(await host.link.list()).some(({ name }) => name === 'net0')) return 'untouched';
    const network = await BridgeNetwork.open('net0');
    const { master } = await host.link.get('eth0');
    const { cards } = await network.sweep();
    const [card] = network.enslaved();
    if (card !== undefined) {
      expect(card.addresses.map(({ address }) => address).sort()).toEqual([
        '192.0.2.2/24',
        '192.0.2.3/24',
        '2001:db8::2/64',
      ]);
      expect(card.routes).toHaveLength(4);
      expect(await outside()).toBe(true);
    } else expect((await host.link.get('eth0')).master).toBeUndefined();
    await network.delete();
    if (card !== undefined) return 'whole';
    expect(cards).toEqual(master === undefined ? [] : ['eth0']);
    return cards.length > 0 ? 'half' : 'untouched';
  }
});
