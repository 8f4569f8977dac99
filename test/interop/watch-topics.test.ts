import { fdb, NetNs, type TopicName, type WatchEvent } from 'node-netns';
import { expect, test } from 'vitest';
import { hasKind, hasNexthops, hasQdisc, hasVlanFiltering } from '../support/probe.ts';

/** What is told of a topic, until one is told that is the last. */
async function told<N extends TopicName>(
  ns: NetNs,
  topic: N,
  work: () => Promise<unknown>,
  isLast: (event: Extract<WatchEvent, { topic: N }>) => boolean,
): Promise<Extract<WatchEvent, { topic: N }>[]> {
  const watch = await ns.watch([topic]).ready();
  await work();
  const events: Extract<WatchEvent, { topic: N }>[] = [];
  for await (const event of watch) {
    expect(event.type).not.toBe('overrun');
    const ours = event as Extract<WatchEvent, { topic: N }>;
    expect(ours.topic).toBe(topic);
    events.push(ours);
    if (isLast(ours)) break;
  }
  return events;
}

async function bridged(spec: object = {}): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0', up: true, ...spec });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    master: 'br0',
    up: true,
    peer: { name: 'v1', up: true },
  });
  return ns;
}

test('route: of every table', async () => {
  using ns = await NetNs.create();
  const events = await told(
    ns,
    'route',
    async () => {
      await ns.route.add({ dst: '10.1.0.0/16', type: 'blackhole' });
      await ns.route.add({ dst: '10.2.0.0/16', type: 'blackhole', table: 7777 });
      await ns.route.delete({ dst: '10.2.0.0/16', table: 7777 });
    },
    (event) => event.type === 'delete',
  );
  expect(events.map(({ type, route }) => [type, route.dst, route.table])).toEqual([
    ['new', '10.1.0.0/16', 'main'],
    ['new', '10.2.0.0/16', 7777],
    ['delete', '10.2.0.0/16', 7777],
  ]);
});

test('fdb: entries of bridges, and none of neighbours', async () => {
  using ns = await bridged();
  const key = { dev: 'v0', mac: '02:00:00:00:00:01', master: true } as const;
  const events = await told(
    ns,
    'fdb',
    async () => {
      await ns.neighbour.add({ dst: '10.0.0.1', dev: 'v1', lladdr: '02:00:00:00:00:09' });
      await ns.fdb.add({ ...key, state: 'static' });
      await ns.fdb.delete(key);
    },
    (event) => event.type === 'delete' && event.fdb.mac === key.mac,
  );
  const { index } = await ns.link.get('v0');
  const ours = events.filter((event) => event.fdb.mac === key.mac);
  expect(ours[0]).toMatchObject({ type: 'new', fdb: { dev: index, state: 'static' } });
  expect(events.some((event) => event.fdb.mac === '02:00:00:00:00:09')).toBe(false);
});

test('mdb: groups that ports have joined', async () => {
  using ns = await bridged();
  const key = { dev: 'br0', port: 'v0', group: '239.1.1.1' } as const;
  const events = await told(
    ns,
    'mdb',
    async () => {
      await ns.mdb.add({ ...key, state: 'permanent' });
      await ns.mdb.delete(key);
    },
    (event) => event.type === 'delete' && event.mdb.group === key.group,
  );
  const { index } = await ns.link.get('v0');
  expect(events.find((event) => event.mdb.group === key.group)).toMatchObject({
    type: 'new',
    mdb: { port: index, state: 'permanent' },
  });
});

test.skipIf(!hasVlanFiltering())('vlan: of ports, ranges at once', async () => {
  using ns = await bridged({ vlanFiltering: true });
  const { index } = await ns.link.get('v0');
  const events = await told(
    ns,
    'vlan',
    async () => {
      await ns.vlan.add({ dev: 'v0', vid: 10, vidEnd: 20 });
      await ns.vlan.delete({ dev: 'v0', vid: 12 });
    },
    (event) => event.type === 'delete' && event.vlan.vid === 12,
  );
  expect(events[0]).toMatchObject({ type: 'new', vlan: { dev: index, vid: 10, vidEnd: 20 } });
});

test.skipIf(!hasNexthops())('nexthop: by id', async () => {
  using ns = await NetNs.create();
  await ns.link.set('lo', { up: true });
  const events = await told(
    ns,
    'nexthop',
    async () => {
      await ns.nexthop.add({ id: 7, dev: 'lo' });
      await ns.nexthop.delete(7);
    },
    (event) => event.type === 'delete',
  );
  expect(events.map((event) => [event.type, event.nexthop.id])).toEqual([
    ['new', 7],
    ['delete', 7],
  ]);
});

test.skipIf(!hasQdisc('htb'))('qdisc, trafficClass, filter: of traffic control', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', up: true, peer: { name: 'a1', up: true } });
  const { index } = await ns.link.get('a0');
  const watch = await ns.watch(['qdisc', 'trafficClass', 'filter']).ready();
  await ns.qdisc.add({ dev: 'a0', kind: 'htb', handle: '1:' });
  await ns.trafficClass.add({
    dev: 'a0',
    parent: '1:',
    classId: '1:5',
    kind: 'htb',
    rate: '5mbit',
  });
  const place = { dev: 'a0', parent: '1:', protocol: 'ip', priority: 5 } as const;
  await ns.filter.add({ ...place, kind: 'u32', match: [{ ip: { dport: 80 } }], classId: '1:5' });
  await ns.filter.flush({ dev: 'a0', parent: '1:' });
  await ns.qdisc.delete({ dev: 'a0' });
  const seen: string[] = [];
  for await (const event of watch) {
    if (event.type === 'overrun') throw new Error('overrun');
    if (event.topic === 'qdisc') {
      expect(event.qdisc.dev).toBe(index);
      seen.push(`${event.type} ${event.qdisc.kind} ${event.qdisc.handle}`);
      if (event.type === 'delete' && event.qdisc.kind === 'htb') break;
    } else if (event.topic === 'trafficClass') {
      expect(event.trafficClass).toMatchObject({ classId: '1:5', rate: 5e6 });
      seen.push(`${event.type} class`);
    } else if (event.topic === 'filter') {
      expect(event.filter).toMatchObject({ kind: 'u32', priority: 5, protocol: 'ip' });
      seen.push(`${event.type} filter`);
    }
  }
  const order = ['new htb 1:', 'new class', 'new filter', 'delete filter', 'delete htb 1:'];
  expect(order.map((one) => seen.indexOf(one))).toEqual(
    order.map((one) => seen.indexOf(one)).toSorted((a, b) => a - b),
  );
  expect(seen).toEqual(expect.arrayContaining(order));
});

test('netconf: how links handle addresses', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', peer: { name: 'a1' } });
  const { index } = await ns.link.get('a0');
  const events = await told(
    ns,
    'netconf',
    async () => {
      await ns.sysctl.set('net.ipv4.conf.a0.forwarding', 1);
      await ns.sysctl.set('net.ipv6.conf.a0.proxy_ndp', 1);
      await ns.link.delete('a0');
    },
    (event) => event.type === 'delete' && event.netconf.dev === index,
  );
  const ours = events.filter((event) => event.netconf.dev === index && event.type === 'new');
  expect(ours.map(({ netconf }) => netconf)).toEqual([
    { family: 'inet', dev: index, forwarding: true },
    { family: 'inet6', dev: index, proxyNeigh: true },
  ]);
});

test('after an overrun, how things stand is told of these topics too', async () => {
  using ns = await bridged();
  await ns.qdisc.add({ dev: 'v0', kind: 'clsact' });
  await ns.filter.add({
    dev: 'v0',
    parent: 'egress',
    protocol: 'ip',
    priority: 9,
    kind: 'u32',
    match: [{ ip: { dport: 80 } }],
    classId: '1:5',
  });
  const htb = hasQdisc('htb');
  if (htb) {
    await ns.qdisc.add({ dev: 'v1', kind: 'htb', handle: '1:' });
    const child = { dev: 'v1', parent: '1:', classId: '1:5', kind: 'htb', rate: '5mbit' } as const;
    await ns.trafficClass.add(child);
  }
  const topics = ['fdb', 'mdb', 'vlan', 'nexthop', 'qdisc', 'trafficClass', 'filter'] as const;
  const watch = await ns.watch([...topics, 'netconf']).ready();
  const key = { dev: 'v0', mac: '02:00:00:00:00:01', master: true } as const;
  // The kernel drops nothing until its buffer is full: 8 MB of events.
  const fill = Array.from({ length: 2_000 }, (_, i) =>
    fdb.replace({
      ...key,
      mac: `02:00:00:01:00:${(i % 200).toString(16).padStart(2, '0')}`,
      state: i % 2 ? 'static' : 'dynamic',
    }),
  );
  for (let i = 0; i < 40; i++) await ns.batch(fill);
  const state: Exclude<WatchEvent, { type: 'overrun' }>[] = [];
  let over = false;
  for await (const event of watch) {
    if (event.type === 'overrun') over = true;
    else if (over) state.push(event);
    // The settings are told last: those of new links, of IPv6, are the end of them.
    if (over && event.type !== 'overrun' && event.topic === 'netconf') {
      if (event.netconf.family === 'inet6' && event.netconf.dev === 'default') break;
    }
  }
  expect(state.every((event) => event.state === true)).toBe(true);
  const topicsSeen = new Set(state.map((event) => event.topic));
  for (const topic of ['fdb', 'qdisc', 'filter', 'netconf'] as const) {
    expect(topicsSeen, topic).toContain(topic);
  }
  expect(topicsSeen.has('trafficClass')).toBe(htb);
  const filters = state.flatMap((event) => (event.topic === 'filter' ? [event.filter] : []));
  expect(filters.at(-1)).toMatchObject({ parent: 'egress', kind: 'u32', classId: '1:5' });
  const keys = filters.map(({ handle, priority }) => `${priority} ${handle}`);
  expect(new Set(keys).size).toBe(keys.length);
}, 60_000);

test.skipIf(!hasKind('dummy'))('all topics at once', async () => {
  using ns = await NetNs.create();
  const watch = await ns.watch().ready();
  await ns.link.add({ kind: 'dummy', name: 'd0' });
  const seen = new Set<string>();
  for await (const event of watch) {
    if (event.type !== 'overrun') seen.add(event.topic);
    if (seen.has('link') && seen.has('netconf')) break;
  }
  expect(seen).toContain('netconf');
});
