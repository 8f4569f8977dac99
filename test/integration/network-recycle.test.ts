import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BridgeNetwork, type Endpoint, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { ask, serve } from './support/traffic.ts';

let host: NetNs;
beforeAll(() => {
  host = NetNs.current();
});
afterAll(() => host.close());

const NETWORKS = { bridge: BridgeNetwork, routed: RoutedNetwork };

let network: BridgeNetwork | RoutedNetwork | undefined;

const make = async (
  kind: 'bridge' | 'routed',
  recycle: 'watched' | 'verified',
  more: object = {},
): Promise<BridgeNetwork | RoutedNetwork> => {
  network = await NETWORKS[kind].create({
    name: 'net0',
    subnet: ['10.88.0.0/24', 'fd00:88::/64'],
    pool: { low: 0, high: 4, addressed: false, recycle },
    ...more,
  });
  return network;
};

afterEach(async () => {
  if (network !== undefined && !network.closed) await network.delete();
  network = undefined;
});

/** A command inside, as a tenant with all capabilities runs it; it has ended when this returns. */
const inside = (endpoint: Endpoint, script: string): string =>
  execFileSync(
    'nsenter',
    [`--net=/proc/${process.pid}/fd/${endpoint.netns.fd}`, 'sh', '-ec', script],
    { encoding: 'utf8' },
  );

/** What a tenant with CAP_NET_ADMIN may leave behind, each undone as far as `ip` shows. */
const CHANGES: Record<string, string> = {
  'a link': 'ip link add v0 type veth peer name v1',
  'a link that has gone again': 'ip link add v0 type veth peer name v1; ip link delete v0',
  'a link that is down': 'ip link set eth0 down',
  'a link that was down': 'ip link set eth0 down; ip link set eth0 up',
  'an MTU': 'ip link set eth0 mtu 1400',
  'an alternative name': 'ip link property add dev eth0 altname other0',
  'a group': 'ip link set eth0 group 7',
  'an alias of lo': 'ip link set lo alias hello',
  'a queue length': 'ip link set eth0 txqueuelen 7',
  'a name': 'ip link set eth0 down; ip link set eth0 name eth1; ip link set eth1 up',
  'an address': 'ip address add 192.0.2.1/24 dev eth0',
  'an address of lo': 'ip address add 127.0.0.9/8 dev lo',
  'an IPv6 address': 'ip address add 2001:db8::1/64 dev eth0 nodad',
  'an address that has gone again':
    'ip address add 192.0.2.1/24 dev eth0; ip address delete 192.0.2.1/24 dev eth0',
  'its own address taken away': 'ip -4 address flush dev eth0',
  'a route': 'ip route add 192.0.2.0/24 dev eth0',
  'a route of another table': 'ip route add blackhole 192.0.2.0/24 table 99',
  'an IPv6 route': 'ip route add 2001:db8::/32 dev lo',
  'a rule': 'ip rule add from 192.0.2.0/24 table 99',
  'an IPv6 rule': 'ip -6 rule add from 2001:db8::/32 table 99',
  'a neighbour of lo': 'ip neighbour add 127.0.0.2 lladdr 02:00:00:00:00:01 dev lo',
  'a proxied neighbour of lo': 'ip neighbour add proxy 10.88.0.201 dev lo',
  'a nexthop': 'ip nexthop add id 1 blackhole',
  'a qdisc': 'tc qdisc add dev eth0 root pfifo',
  'a hook of tc': 'tc qdisc add dev eth0 clsact',
  'a table of nf_tables': 'nft add table inet mine',
  'a table that has gone again': 'nft add table inet mine; nft delete table inet mine',
  'a policy of xfrm':
    'ip xfrm policy add src 192.0.2.0/24 dst 198.51.100.0/24 dir out action block',
  'a multicast hardware address': 'ip maddress add 33:33:00:00:00:99 dev eth0',
  'a label': 'ip addrlabel add prefix 2001:db8::/32 label 99',
  forwarding: 'sysctl -qw net.ipv4.conf.all.forwarding=1',
  'a setting of the link': 'sysctl -qw net.ipv4.conf.eth0.accept_local=1',
  'a setting of neighbours': 'sysctl -qw net.ipv4.neigh.eth0.gc_stale_time=7',
  'a setting of neighbours to come': 'sysctl -qw net.ipv4.neigh.default.gc_stale_time=7',
};

/** Whether the kernel has what a script wants, tried in a namespace of its own. */
const works = (script: string): boolean => {
  const before =
    'ip link add eth0 type veth peer name eth9; ip link set eth0 up; ip link set lo up';
  const more = 'ip address add 10.88.0.2/24 dev eth0';
  const whole = `${before}; ${more}; ${script}`;
  return spawnSync('unshare', ['--net', 'sh', '-ec', whole], { stdio: 'ignore' }).status === 0;
};

describe('a tenant that changes the network', () => {
  for (const [what, script] of Object.entries(CHANGES)) {
    it.skipIf(!works(script))(`is found to have left ${what}`, async () => {
      const net0 = await make('routed', 'verified');
      await net0.prewarm(1);
      const endpoint = await net0.attach();
      inside(endpoint, script);
      const { recycled, because } = await endpoint.recycle();
      expect({ recycled, because }).toMatchObject({ recycled: false });
      expect(because).toMatch(/changed|not what it was/);
      expect(net0.stats()).toMatchObject({ endpoints: 0, addresses: { used: 0 }, unfreed: 0 });
    });
  }
});

describe.each([
  ['bridge', 'watched'],
  ['bridge', 'verified'],
  ['routed', 'watched'],
  ['routed', 'verified'],
] as const)('a tenant of a %s network, %s', (kind, recycle) => {
  it('is given back where it has done nothing, again and again, with all that it was given', async () => {
    const net0 = await make(kind, recycle);
    const inodes = new Set<number>();
    for (let turn = 0; turn < 12; turn++) {
      const endpoint = await net0.attach(
        [
          {},
          { name: 'web', publish: { hostPort: 8080, port: 80 } },
          { address: '10.88.0.99', routes: [{ dst: '172.16.0.0/12' }, { dst: '2001:db8::/32' }] },
        ][turn % 3],
      );
      inodes.add(endpoint.netns.inode);
      expect(await endpoint.recycle()).toEqual({ recycled: true });
      expect(endpoint.detached).toBe(true);
      expect(() => endpoint.netns.fd).toThrow(/has been closed/);
    }
    expect(net0.stats()).toMatchObject({ endpoints: 0, addresses: { used: 0 } });
    expect(net0.stats().pool.recycled).toBe(12);
    expect(inodes.size).toBeLessThanOrEqual(5);
    expect(await NetNs.list()).toEqual([]);
  });

  it('is given back where it used sockets, and the next one knows nothing of it', async () => {
    const net0 = await make(kind, recycle);
    const server = await net0.attach();
    await using _server = await serve(server.netns, 80);
    const client = await net0.attach({ address: '10.88.0.50' });
    expect(await ask(client.netns, server.address, 80)).toBe('10.88.0.50');
    expect(await ask(client.netns, server.ipv6 ?? '', 80)).toBe(client.ipv6);
    inside(client, `ping -c1 -W1 ${client.gateway} > /dev/null; ip neighbour; ss -tan`);
    await client.netns.link.list();
    client.netns.sync.address.list();
    expect(await client.recycle()).toEqual({ recycled: true });
    const next = await net0.attach({ address: '10.88.0.50' });
    const neighbours = await next.netns.neighbour.list({ dev: 'eth0' });
    expect(neighbours).toEqual([]);
    expect(inside(next, 'ss -Htan')).toBe('');
    expect(await ask(next.netns, server.address, 80)).toBe('10.88.0.50');
    expect(await next.recycle()).toEqual({ recycled: true });
  });

  it('is given back without what was set on the link that has its addresses', async () => {
    const net0 = await make(kind, recycle);
    const one = await net0.attach();
    inside(
      one,
      'ip neighbour add 10.88.0.200 lladdr 02:00:00:00:00:01 dev eth0; ip neighbour add proxy 10.88.0.201 dev eth0',
    );
    expect(await one.recycle()).toEqual({ recycled: true });
    const next = await net0.attach();
    expect(inside(next, 'ip neighbour; ip neighbour show proxy')).toBe('');
    expect(await next.recycle()).toEqual({ recycled: true });
  });

  it('is destroyed where a socket or a process is left', async () => {
    const net0 = await make(kind, recycle);
    const one = await net0.attach();
    {
      await using _server = await serve(one.netns, 80);
      expect(await one.recycle()).toEqual({
        recycled: false,
        because: '1 sockets are open in it',
      });
    }
    const two = await net0.attach();
    const where = `--net=/proc/${process.pid}/fd/${two.netns.fd}`;
    const child = spawn('nsenter', [where, 'sh', '-c', 'echo in; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    expect(await two.recycle()).toEqual({ recycled: false, because: 'a process is in it' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(net0.stats()).toMatchObject({ endpoints: 0, addresses: { used: 0 }, unfreed: 0 });
  });
});

describe('giving back', () => {
  it('destroys what the pool does not take, or has not made', async () => {
    const net0 = await make('routed', 'watched', {
      pool: { low: 0, high: 1, addressed: false, recycle: 'watched' },
    });
    const one = await net0.attach();
    const own = await net0.attach({ ifname: 'wan' });
    expect(await own.recycle()).toMatchObject({ recycled: false, because: /options of its own/ });
    expect(await one.recycle({ processesGone: true })).toEqual({ recycled: true });
    const [two, three] = [await net0.attach(), await net0.attach()];
    expect(await two.recycle()).toEqual({ recycled: true });
    expect(await three.recycle()).toEqual({ recycled: false, because: 'the pool is full' });
    await expect(three.recycle()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_DETACHED' }),
    );
    const closed = await net0.attach();
    closed.netns.close();
    expect(await closed.recycle()).toMatchObject({ because: 'its handle has been closed' });
  });

  it('checks its options', async () => {
    const bad = { pool: { low: 0, high: 1, recycle: 'watched' } } as const;
    await expect(
      RoutedNetwork.create({ name: 'n', subnet: '10.0.0.0/24', ...bad }),
    ).rejects.toThrow(/pool.recycle/);
    const net0 = await make('routed', 'watched');
    const endpoint = await net0.attach();
    await expect(endpoint.recycle({ processesGone: 1 } as never)).rejects.toThrow(/processesGone/);
    expect(endpoint.detached).toBe(false);
  });

  it('leaves no connection waiting (TIME_WAIT), nor a metric of it', async () => {
    const net0 = await make('routed', 'watched');
    const endpoint = await net0.attach();
    const read = (name: string) => endpoint.netns.sysctl.get(`net.ipv4.${name}`);
    expect(['tcp_max_tw_buckets', 'tcp_no_metrics_save', 'tcp_fastopen'].map(read)).toEqual([
      '0',
      '1',
      '0',
    ]);
    await using _server = await serve(endpoint.netns, 80);
    for (let i = 0; i < 3; i++) await ask(endpoint.netns, '127.0.0.1', 80);
    expect(inside(endpoint, 'grep ^TCP: /proc/net/sockstat')).toMatch(/ tw 0 /);
  });
});
