import { once } from 'node:events';
import { mkdirSync, readlinkSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  address,
  BridgeNetwork,
  inspect,
  link,
  NetNs,
  NetNsWorker,
  route,
  type Topology,
} from 'node-netns';
import { afterEach, expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside, ip, ipJson } from '../support/ip.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function namespace(name?: string): Promise<NetNs> {
  const ns = await NetNs.create(name);
  ends.push(async () => {
    if (name !== undefined) await NetNs.delete(name).catch(() => {});
    ns.close();
  });
  return ns;
}

/** Where a link's reference leads: the namespace's inode and the link's name. */
function farEnd(
  topology: Topology,
  ns: NetNs,
  dev: string,
  which: 'peer' | 'lower' | 'master' = 'peer',
): [inode: number, name: string] | undefined {
  const ref = topology.link(ns.inode, dev)?.[which];
  const found = ref && topology.follow(ref);
  if (ref && found) expect(ref.name).toBe(found.link.name);
  return found && [found.namespace.inode, found.link.name];
}

test('names, handles and the caller’s own namespace, each once', async () => {
  const named = await namespace('t-seen');
  const anonymous = await namespace();
  const second = NetNs.open({ fd: anonymous.fd });
  const here = NetNs.current();
  ends.push(
    () => second.close(),
    () => here.close(),
  );
  const topology = await inspect();
  const inodes = topology.namespaces.map(({ inode }) => inode);
  expect(new Set(inodes).size).toBe(inodes.length);
  expect(topology.namespaces[0]).toMatchObject({ current: true, inode: here.inode, handles: 1 });
  expect(topology.namespace('t-seen')).toMatchObject({
    inode: named.inode,
    id: readlinkSync(named.path.replace(/.*/, `/proc/self/fd/${named.fd}`)),
    names: ['t-seen'],
    handles: 1,
    current: false,
  });
  expect(topology.namespace(anonymous.inode)).toMatchObject({ names: [], handles: 2 });
  expect(topology.namespaces.every(({ error }) => error === undefined)).toBe(true);
});

test('processes, and a single thread of one', async () => {
  const busy = await namespace();
  const child = busy.spawn('sleep', ['100'], { stdio: 'ignore' });
  ends.push(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  const threaded = await namespace();
  const worker = new NetNsWorker(threaded, 'setInterval(() => {}, 1000)', { eval: true });
  ends.push(() => worker.terminate());
  await once(worker, 'online');
  const topology = await inspect();
  const sleeper = topology.namespace(busy.inode);
  expect(sleeper?.processes).toEqual([{ pid: child.pid, command: 'sleep' }]);
  expect(topology.current?.processes.some(({ pid }) => pid === process.pid)).toBe(true);
  const [resident, ...others] = topology.namespace(threaded.inode)?.processes ?? [];
  expect(others).toEqual([]);
  expect(resident.pid).toBe(process.pid);
  expect(resident.threads).toHaveLength(1);
  expect(readlinkSync(`/proc/self/task/${resident.threads?.[0]}/ns/net`)).toBe(
    `net:[${threaded.inode}]`,
  );
});

test('a namespace that only a process leads to, as the machine’s others', async () => {
  const ns = await NetNs.create();
  const child = ns.spawn('sleep', ['100'], { stdio: 'ignore' });
  await ns.link.add({ kind: 'bridge', name: 'inside0' });
  const { inode } = ns;
  ns.close();
  const topology = await inspect();
  expect(topology.link(inode, 'inside0')?.kind).toBe('bridge');
  expect(topology.namespace(inode)?.handles).toBe(0);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
});

test('a namespace that is mounted elsewhere, without a name', async () => {
  const dir = '/run/t-elsewhere';
  mkdirSync(dir);
  const ns = await namespace('t-moved');
  const file = `${dir}/a b`;
  inside('/proc/self/ns/net', 'touch', file);
  inside('/proc/self/ns/net', 'mount', '--bind', '/run/netns/t-moved', file);
  const { inode } = ns;
  await NetNs.delete('t-moved');
  ns.close();
  const found = (await inspect()).namespace(inode);
  inside('/proc/self/ns/net', 'umount', file);
  inside('/proc/self/ns/net', 'rm', file);
  rmdirSync(dir);
  expect(found).toMatchObject({ names: [], mounts: [file], handles: 0 });
  expect(found?.links.map(({ name }) => name)).toContain('lo');
});

test('links, addresses and routes, as ip shows them', async () => {
  const ns = await namespace('t-inside');
  await ns.batch([
    link.set('lo', { up: true }),
    link.add({ kind: 'bridge', name: 'br0', up: true, alias: 'the bridge' }),
    link.add({ kind: 'veth', name: 'p0', master: 'br0', mtu: 1400, peer: { name: 'p1' } }),
    link.addAltName('p0', 'port-number-zero-of-the-bridge'),
    address.add({ dev: 'br0', address: '10.5.0.1/24' }),
    address.add({ dev: 'br0', address: 'fd00:5::1/64', noDad: true }),
    route.add({ dst: '10.6.0.0/16', via: '10.5.0.9', metric: 7 }),
    route.add({ dst: '10.7.0.0/16', type: 'blackhole', table: 100 }),
    route.add({ dst: 'default', via: 'fd00:5::9' }),
  ]);
  const topology = await inspect();
  interface IpLink {
    ifname: string;
    ifindex: number;
    mtu: number;
    operstate: string;
    address: string;
    flags: string[];
    addr_info: { local: string; prefixlen: number }[];
  }
  for (const theirs of ipJson<IpLink>('-n', 't-inside', 'address')) {
    const ours = topology.link('t-inside', theirs.ifname);
    expect(ours).toMatchObject({
      index: theirs.ifindex,
      mtu: theirs.mtu,
      mac: theirs.address,
      operState: theirs.operstate.toLowerCase(),
      up: theirs.flags.includes('UP'),
      loopback: theirs.ifname === 'lo',
    });
    expect(ours?.addresses.map((each) => each.address).sort()).toEqual(
      theirs.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort(),
    );
  }
  expect(topology.link('t-inside', 'br0')).toMatchObject({ kind: 'bridge', alias: 'the bridge' });
  expect(topology.link('t-inside', 'port-number-zero-of-the-bridge')?.name).toBe('p0');
  expect(farEnd(topology, ns, 'p0')).toEqual([ns.inode, 'p1']);
  expect(farEnd(topology, ns, 'p1')).toEqual([ns.inode, 'p0']);
  expect(farEnd(topology, ns, 'p0', 'master')).toEqual([ns.inode, 'br0']);
  const routes = topology.namespace('t-inside')?.routes ?? [];
  expect(routes).toHaveLength(5);
  expect(routes).toEqual(
    expect.arrayContaining([
      { family: 4, dst: '10.5.0.0/24', dev: 'br0', source: '10.5.0.1' },
      { family: 4, dst: '10.6.0.0/16', via: '10.5.0.9', dev: 'br0', metric: 7 },
      { family: 4, dst: '10.7.0.0/16', type: 'blackhole', table: 100 },
      { family: 6, dst: 'fd00:5::/64', dev: 'br0', metric: 256 },
      { family: 6, dst: 'default', via: 'fd00:5::9', dev: 'br0', metric: 1024 },
    ]),
  );
});

test('peers are found by what the kernel says, though all are called and numbered alike', async () => {
  // Two hosts, three containers; every index and every name on both sides is the same.
  const hosts = [await namespace(), await namespace()];
  const containers = [await namespace(), await namespace(), await namespace()];
  const joins: [host: number, container: number][] = [
    [0, 2],
    [1, 0],
  ];
  for (const [host, container] of joins) {
    await hosts[host].link.add({
      kind: 'veth',
      name: 'veth0',
      index: 50,
      peer: { name: 'eth0', index: 50, netns: containers[container] },
    });
  }
  // The third container has the same link, but its other end is nobody's.
  const lost = await NetNs.create();
  await lost.link.add({
    kind: 'veth',
    name: 'veth0',
    index: 50,
    peer: { name: 'eth0', index: 50, netns: containers[1] },
  });
  // Held by a socket alone: no name, no handle and no process leads there.
  const socket = lost.createSocket('udp4').bind();
  await once(socket, 'listening');
  ends.push(() => once(socket.close(), 'close'));
  lost.close();

  const topology = await inspect();
  for (const [host, container] of joins) {
    expect(farEnd(topology, hosts[host], 'veth0')).toEqual([containers[container].inode, 'eth0']);
    expect(farEnd(topology, containers[container], 'eth0')).toEqual([hosts[host].inode, 'veth0']);
  }
  const alone = topology.link(containers[1].inode, 'eth0');
  expect(alone?.peer).toBeUndefined();
  expect(alone?.far?.index).toBe(50);
  expect(alone?.far?.nsid).toBe((await containers[1].link.get('eth0')).linkNetnsId);
});

test('a macvlan’s lower link in another namespace', async () => {
  const [host, container, other] = [await namespace(), await namespace(), await namespace()];
  await host.link.add({ kind: 'bridge', name: 'under', index: 9 });
  await other.link.add({ kind: 'bridge', name: 'wrong', index: 9 });
  await host.link.add({ kind: 'macvlan', name: 'mac0', link: 'under', netns: container });
  const topology = await inspect();
  expect(farEnd(topology, container, 'mac0', 'lower')).toEqual([host.inode, 'under']);
  expect(topology.link(container.inode, 'mac0')?.peer).toBeUndefined();
});

test('published ports of a network, and whom they lead to', async ({ skip }) => {
  const host = await namespace();
  await host.link.set('lo', { up: true });
  const network = await BridgeNetwork.create({ name: 'pub0', subnet: '10.77.0.0/24', netns: host });
  ends.push(() => network.delete());
  const web = await network.attach();
  try {
    await web.publish(
      { hostPort: '8000-8002', port: '80-82' },
      { hostPort: 53, protocol: 'udp', hostAddress: '127.0.0.1' },
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_NO_NFTABLES') {
      skip('no nf_tables in this kernel');
    }
    throw error;
  }
  const topology = await inspect();
  const target = `net:[${web.netns.inode}]`;
  expect(topology.namespace(host.inode)?.published).toEqual([
    { protocol: 'tcp', hostPort: 8000, count: 3, address: web.address, port: 80, target },
    {
      protocol: 'udp',
      hostAddress: '127.0.0.1',
      hostPort: 53,
      count: 1,
      address: web.address,
      port: 53,
      target,
    },
  ]);
  expect(topology.toString()).toContain(`publish tcp *:8000-8002 → ${web.address}:80-82`);
});

test('names that ip would print to the terminal as they are', async () => {
  const ns = await namespace('t-\u001b[31m"<&');
  await ns.link.add({ kind: 'bridge', name: '\u001b[2J"]<x>&' });
  const topology = await inspect();
  const text = topology.toString();
  expect(text).toContain('t-\\x1b[31m"<&');
  expect(text).toContain('\\x1b[2J"]<x>&');
  for (const picture of [text, topology.toMermaid(), topology.toDot(), topology.toSVG()]) {
    expect(picture).not.toContain('\u001b');
  }
  expect(topology.toSVG()).not.toContain('<x>');
});

test('holds nothing afterwards', async () => {
  await namespace('t-a');
  const ns = await namespace();
  await ns.link.add({ kind: 'veth', name: 'v', peer: { name: 'w', netns: 't-a' } });
  const before = NetNs.stats();
  await inspect();
  const after = NetNs.stats();
  expect(after.descriptors).toBe(before.descriptors);
  expect(after.handles).toBe(before.handles);
  expect(after.sockets).toBe(before.sockets);
});

test('namespaces that come and go meanwhile do no harm', async () => {
  let stop = false;
  const churn = (async () => {
    while (!stop) {
      await using ns = await NetNs.create();
      await ns.link.add({ kind: 'veth', name: 'a', peer: { name: 'b' } });
    }
  })();
  for (let i = 0; i < 15; i++) {
    const topology = await inspect();
    expect(topology.current?.error).toBeUndefined();
    expect(topology.toString()).toContain('here');
    await sleep(1);
  }
  stop = true;
  await churn;
});

test('1,000 namespaces with a link to each, in less than two seconds', async () => {
  const count = 1000;
  const host = await namespace();
  const all: NetNs[] = [];
  ends.push(() => {
    for (const ns of all) ns.close();
  });
  for (let i = 0; i < count; i++) {
    const ns = await NetNs.create();
    all.push(ns);
    await host.link.add({
      kind: 'veth',
      name: `v${i}`,
      group: 9,
      peer: { name: 'eth0', netns: ns },
    });
  }
  const before = process.cpuUsage();
  const topology = await inspect();
  const { system, user } = process.cpuUsage(before);
  const peers = all.map((ns) => farEnd(topology, ns, 'eth0'));
  expect(peers).toEqual(all.map((_, i) => [host.inode, `v${i}`]));
  expect(topology.namespace(host.inode)?.links.every((each) => each.loopback || each.peer)).toBe(
    true,
  );
  // Of the processor, by all threads: the clock also counts who else is at work on the machine,
  // so of that the best of a few counts.
  expect((system + user) / 1e6).toBeLessThan(2);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const from = performance.now();
    await inspect();
    best = Math.min(best, performance.now() - from);
  }
  expect(best).toBeLessThan(2_000);
}, 120_000);

test('gives up by its signal, and knows its options', async () => {
  const reason = new Error('enough');
  expect(await errorOf(() => inspect({ signal: AbortSignal.abort(reason) }))).toBe(reason);
  // @ts-expect-error: no such option
  const error = await errorOf(() => inspect({ sginal: undefined }));
  expect(error.message).toContain("options.sginal is not an option; did you mean 'signal'?");
});

test('some of the namespaces alone', async () => {
  const a = await namespace('t-a');
  await namespace('t-b');
  const topology = await inspect();
  expect(topology.only(['t-a']).namespaces.map(({ names }) => names)).toEqual([['t-a']]);
  expect(topology.only([a.inode, String(a.inode)]).namespaces).toHaveLength(1);
  expect((await errorOf(() => topology.only(['t-c']))).code).toBe('ENOENT');
  expect(ip('netns', 'list')).toContain('t-a');
});
