import { link, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { inside } from '../support/ip.ts';
import { hasVlanFiltering } from '../support/probe.ts';

type Json = Record<string, unknown>;
type Ours = Awaited<ReturnType<NetNs['link']['get']>>;

const number = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);
/** '8000.020000000001' as iproute2 writes it: '8000.2:0:0:0:0:1'. */
const bridgeId = (value: unknown): string => {
  const [priority, mac] = String(value).split('.');
  const bytes = mac.match(/../g) ?? [];
  return `${priority}.${bytes.map((byte) => Number.parseInt(byte, 16).toString(16)).join(':')}`;
};
const hex = (value: unknown): string => `0x${Number(value).toString(16)}`;

/** Each key of `ip -j -d link`, from a link of ours. A key that is not here fails the test. */
const FIELDS: Record<string, (own: Ours, names: Map<number, string>) => unknown> = {
  ifindex: (own) => own.index,
  ifname: (own) => own.name,
  link: (own, names) => names.get(own.link ?? 0) ?? null,
  link_index: (own) => own.link,
  link_netnsid: (own) => own.linkNetnsId,
  flags: (own) => own.flags,
  mtu: (own) => own.mtu,
  qdisc: (own) => own.qdisc,
  operstate: (own) => String(own.operState).toUpperCase(),
  linkmode: (own) => String(own.linkMode).toUpperCase(),
  group: (own) => (own.group === 0 ? 'default' : String(own.group)),
  txqlen: (own) => own.txQueueLen,
  link_type: (own) => own.type,
  address: (own) => own.address,
  broadcast: (own) => own.broadcast,
  promiscuity: (own) => own.promiscuity,
  allmulti: (own) => own.allMultiCount,
  min_mtu: (own) => own.minMtu,
  max_mtu: (own) => own.maxMtu,
  inet6_addr_gen_mode: (own) => String(own.addrGenMode).replace('-', '_'),
  num_tx_queues: (own) => own.numTxQueues,
  num_rx_queues: (own) => own.numRxQueues,
  gso_max_size: (own) => own.gsoMaxSize,
  gso_max_segs: (own) => own.gsoMaxSegs,
  tso_max_size: (own) => own.tsoMaxSize,
  tso_max_segs: (own) => own.tsoMaxSegs,
  gro_max_size: (own) => own.groMaxSize,
  gso_ipv4_max_size: (own) => own.gsoIpv4MaxSize,
  gro_ipv4_max_size: (own) => own.groIpv4MaxSize,
  master: (own, names) => names.get(own.master ?? 0),
  ifalias: (own) => own.alias,
  altnames: (own) => own.altNames,
  proto_down: (own) => own.protoDown,
  permaddr: (own) => own.permanentAddress,
  inet6_token: (own) => own.token,
};

/** Keys of a kind's or port's own data whose name or form differs. */
const RENAMED: Record<string, string> = {
  group_addr: 'groupAddress',
  fastleave: 'fastLeave',
};
const FORMS: Record<string, (value: unknown) => unknown> = {
  bridge_id: bridgeId,
  root_id: bridgeId,
  id: hex,
  no: hex,
  group_fwd_mask: (value) => (value === 0 ? '0' : hex(value)),
  group_fwd_mask_str: hex,
};
/** Switches that are one attribute. */
const OPTIONS = new Set(['no_linklocal_learn', 'mcast_vlan_snooping', 'mst_enabled']);

const camel = (key: string): string => key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function compareData(theirs: Json, ours: Json, what: string): void {
  for (const [key, value] of Object.entries(theirs)) {
    const name = RENAMED[key] ?? camel(key.replace(/_str$/, ''));
    const holder = OPTIONS.has(key) ? (ours.options as Json) : ours;
    const own = holder[name];
    expect(own, `${what}.${key}: no ${name}`).toBeDefined();
    if (key.endsWith('_timer')) {
      // It runs between the two looks, and may begin anew: but a wrong unit is 100 times as much.
      expect(Math.abs(Number(own) / 100 - Number(value)), `${what}.${key}`).toBeLessThan(31);
      continue;
    }
    const form = FORMS[key] ?? (typeof value === 'number' ? number : (same: unknown) => same);
    expect(form(own), `${what}.${key}`).toEqual(value);
  }
}

function compare(theirs: Json, ours: Ours, names: Map<number, string>): void {
  for (const [key, value] of Object.entries(theirs)) {
    if (key === 'linkinfo') {
      const info = value as Json;
      expect(ours.kind).toBe(info.info_kind);
      if (info.info_data !== undefined)
        compareData(info.info_data as Json, ours.data as Json, `${ours.name}.data`);
      expect(ours.port?.kind).toBe(info.info_slave_kind);
      if (info.info_slave_data !== undefined)
        compareData(info.info_slave_data as Json, { ...ours.port }, `${ours.name}.port`);
      continue;
    }
    const field = FIELDS[key];
    expect(field, `'${key}' of ip has no counterpart here`).toBeDefined();
    // What iproute2 derives from the master's state is no flag of the link's own.
    const shown = key === 'flags' ? (value as string[]).filter((flag) => flag !== 'M-DOWN') : value;
    expect(field(ours, names), `${ours.name}.${key}`).toEqual(shown);
  }
}

/** Both look again when a carrier's way to the operational state fell between the two looks. */
async function compareAll(ns: NetNs): Promise<number> {
  for (let tries = 0; tries < 5; tries++) {
    const count = await compareOnce(ns).catch(() => undefined);
    if (count !== undefined) return count;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return compareOnce(ns);
}

async function compareOnce(ns: NetNs): Promise<number> {
  const theirs: Json[] = JSON.parse(inside(ns.path, 'ip', '-j', '-d', 'link', 'show'));
  const ours = await ns.link.list();
  const names = new Map(ours.map((each) => [each.index, each.name]));
  expect(ours.map((each) => each.index).sort()).toEqual(theirs.map((each) => each.ifindex).sort());
  for (const each of theirs) {
    const own = ours.find((candidate) => candidate.index === each.ifindex);
    if (own !== undefined) compare(each, own, names);
  }
  return theirs.length;
}

test('every field of links that we made, as ip shows them', async () => {
  using ns = await NetNs.create();
  using other = await NetNs.create();
  await ns.batch([
    link.add({
      kind: 'bridge',
      name: 'br0',
      up: true,
      address: '02:00:00:00:00:01',
      mtu: 1400,
      group: 7,
      alias: 'a bridge with everything',
      altNames: ['the-bridge', 'a-name-of-more-than-fifteen-bytes'],
      addrGenMode: 'none',
      forwardDelay: 400,
      helloTime: 300,
      maxAge: 800,
      ageingTime: 1234,
      stpState: true,
      priority: 4096,
      groupFwdMask: 0x8,
      groupAddress: '01:80:c2:00:00:05',
      mcastRouter: 2,
      mcastSnooping: true,
      mcastQueryUseIfaddr: true,
      mcastQuerier: true,
      mcastHashMax: 512,
      mcastLastMemberCnt: 3,
      mcastStartupQueryCnt: 4,
      mcastLastMemberIntvl: 200,
      mcastMembershipIntvl: 30000,
      mcastQuerierIntvl: 20000,
      mcastQueryIntvl: 13000,
      mcastQueryResponseIntvl: 900,
      mcastStartupQueryIntvl: 3000,
      mcastStatsEnabled: true,
      mcastIgmpVersion: 3,
      mcastMldVersion: 2,
      options: { noLinklocalLearn: true },
    }),
    link.add({
      kind: 'veth',
      name: 'v0',
      index: 100,
      up: true,
      master: 'br0',
      address: '02:00:00:00:00:02',
      txQueueLen: 77,
      promisc: true,
      numTxQueues: 2,
      numRxQueues: 3,
      gsoMaxSize: 30000,
      gsoMaxSegs: 100,
      addrGenMode: 'random',
      peer: {
        name: 'v1',
        index: 101,
        up: true,

        address: '02:00:00:00:00:03',
        mtu: 1300,
      },
      port: {
        cost: 42,
        priority: 12,
        hairpin: true,
        guard: true,
        rootBlock: true,
        fastLeave: true,
        learning: false,
        flood: false,
        mcastFlood: false,
        bcastFlood: false,
        mcastToUnicast: true,
        multicastRouter: 2,
        neighSuppress: true,
        isolated: true,
        groupFwdMask: 0x8,
      },
    }),
    link.add({ kind: 'veth', name: 'w0', arp: false, peer: { name: 'w1', netns: other } }),
    link.set('v1', { allMulticast: true, multicast: false, alias: 'peer', group: 9 }),
  ]);
  expect(await compareAll(ns)).toBe(5);
  await other.link.set('w1', { token: '::5' });
  expect(await compareAll(other)).toBe(2);
  expect((await other.link.get('w1')).token).toBe('::5');
  expect((await ns.link.get('w0')).arp).toBe(false);

  // Not only read alike, but set as told.
  const v0 = await ns.link.get('v0');
  expect(v0).toMatchObject({
    index: 100,
    txQueueLen: 77,
    numTxQueues: 2,
    numRxQueues: 3,
    gsoMaxSize: 30000,
    addrGenMode: 'random',
    promisc: true,
    up: true,
  });
  expect(v0.port).toMatchObject({
    kind: 'bridge',
    cost: 42,
    priority: 12,
    hairpin: true,
    isolated: true,
    neighSuppress: true,
  });
  expect(await ns.link.get('v1')).toMatchObject({
    index: 101,
    up: true,
    mtu: 1300,
    allMulticast: true,
    multicast: false,
    alias: 'peer',
    group: 9,
  });
  const br0 = await ns.link.get('a-name-of-more-than-fifteen-bytes');
  expect(br0.altNames).toEqual(['the-bridge', 'a-name-of-more-than-fifteen-bytes']);
  expect(br0).toMatchObject({
    kind: 'bridge',
    addrGenMode: 'none',
    alias: 'a bridge with everything',
    group: 7,
  });
  expect(br0.data).toMatchObject({
    ageingTime: 1234,
    stpState: true,
    priority: 4096,
    mcastIgmpVersion: 3,
    options: { noLinklocalLearn: true, mstEnabled: false },
  });
});

test('bridge attributes change in place, and ports too', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0' });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    up: true,
    master: 'br0',
    peer: { name: 'v1', up: true },
  });
  await ns.link.set('br0', {
    kind: 'bridge',
    ageingTime: 500,
    mcastSnooping: false,
    up: true,
    mtu: 1450,
  });
  await ns.link.set('v0', { port: { flood: false, backupPort: 0, learning: false } });
  await compareAll(ns);
  expect(await ns.link.get('br0')).toMatchObject({
    mtu: 1450,
    up: true,
    data: { ageingTime: 500, mcastSnooping: false },
  });
  expect((await ns.link.get('v0')).port).toMatchObject({ flood: false, learning: false });
  await ns.link.set('v0', { master: null });
  expect((await ns.link.get('v0')).master).toBeUndefined();
  await ns.link.set('v0', { master: 'br0', port: { isolated: true } });
  expect((await ns.link.get('v0')).port).toMatchObject({ isolated: true });
});

test('the state of a port: the kernel itself ends blocking where nothing runs a spanning tree', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0', up: true });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    up: true,
    master: 'br0',
    peer: { name: 'v1', up: true },
  });
  // Its carrier comes a little later, and takes it to forwarding by itself.
  await expect.poll(async () => (await ns.link.get('v0')).operState).toBe('up');
  await expect
    .poll(async () => (await ns.link.get('v0')).port)
    .toMatchObject({ state: 'forwarding' });
  const set = async (state: 'disabled' | 'listening' | 'blocking') => {
    await ns.link.set('v0', { port: { state } });
    return (await ns.link.get('v0')).port;
  };
  expect(await set('disabled')).toMatchObject({ state: 'disabled' });
  expect(await set('blocking')).toMatchObject({ state: 'forwarding' });
  inside(ns.path, 'bridge', 'link', 'set', 'dev', 'v0', 'state', 'blocking');
  expect((await ns.link.get('v0')).port).toMatchObject({ state: 'forwarding' });
  await ns.link.set('br0', { kind: 'bridge', stpState: true });
  await expect(set('disabled')).rejects.toMatchObject({ code: 'EBUSY' });
});

test('what ip made, field by field', async () => {
  using ns = await NetNs.create();
  const run = (...args: string[]) => inside(ns.path, 'ip', ...args);
  run(
    'link',
    'add',
    'br0',
    'type',
    'bridge',
    'ageing_time',
    '777',
    'priority',
    '8192',
    'stp_state',
    '1',
  );
  run('link', 'add', 'v0', 'txqueuelen', '55', 'type', 'veth', 'peer', 'name', 'v1', 'mtu', '1311');
  run('link', 'set', 'v0', 'master', 'br0', 'up', 'alias', 'from ip', 'group', '12');
  run('link', 'set', 'v0', 'type', 'bridge_slave', 'cost', '9', 'hairpin', 'on');
  run('link', 'property', 'add', 'dev', 'v1', 'altname', 'long-name-that-is-an-alternative');
  run('link', 'set', 'v1', 'addrgenmode', 'random');
  run('link', 'add', 'i0', 'type', 'ifb');
  expect(await compareAll(ns)).toBe(5);
});

test.skipIf(!hasVlanFiltering())('VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING)', async () => {
  using ns = await NetNs.create();
  await ns.link.add({
    kind: 'bridge',
    name: 'br0',
    vlanFiltering: true,
    vlanProtocol: '802.1ad',
    vlanDefaultPvid: 7,
    vlanStatsEnabled: true,
  });
  await compareAll(ns);
});

test('lists are filtered, and statistics come on request alone', async () => {
  using ns = await NetNs.create();
  await ns.batch([
    link.add({ kind: 'bridge', name: 'br0', up: true }),
    link.add({
      kind: 'veth',
      name: 'v0',
      master: 'br0',
      up: true,
      group: 5,
      peer: { name: 'v1', up: true },
    }),
    link.set('lo', { up: true }),
  ]);
  const names = async (filter: Parameters<NetNs['link']['list']>[0]) =>
    (await ns.link.list(filter)).map((each) => each.name).sort();
  expect(await names({ master: 'br0' })).toEqual(['v0']);
  expect(await names({ master: null })).toEqual(['br0', 'lo', 'v1']);
  expect(await names({ kind: 'veth' })).toEqual(['v0', 'v1']);
  expect(await names({ kind: 'nonsense' })).toEqual([]);
  expect(await names({ up: false })).toEqual([]);
  expect(await names({ group: 5 })).toEqual(['v0']);
  expect(await names({ kind: 'veth', up: true, group: 0 })).toEqual(['v1']);
  expect((await ns.link.get('v0')).statistics).toBeUndefined();
  inside(ns.path, 'ping', '-c', '1', '127.0.0.1');
  const [theirs] = JSON.parse(inside(ns.path, 'ip', '-j', '-s', 'link', 'show', 'lo'));
  const { statistics } = await ns.link.get('lo', { statistics: true });
  expect(statistics?.rxPackets).toBeGreaterThanOrEqual(2);
  expect(statistics).toMatchObject({
    rxPackets: theirs.stats64.rx.packets,
    txBytes: theirs.stats64.tx.bytes,
  });
  expect(
    (await ns.link.list({ statistics: true })).every((each) => each.statistics !== undefined),
  ).toBe(true);
});

test('groups go together; names come and go', async () => {
  using ns = await NetNs.create();
  await ns.batch([
    link.add({ kind: 'veth', name: 'a0', group: 42, peer: { name: 'a1' } }),
    link.add({ kind: 'veth', name: 'b0', group: 42, peer: { name: 'b1' } }),
    link.add({ kind: 'veth', name: 'c0', peer: { name: 'c1' } }),
  ]);
  await ns.link.deleteGroup(42);
  expect((await ns.link.list()).map((each) => each.name).sort()).toEqual(['c0', 'c1', 'lo']);
  await ns.link.addAltName('c0', 'one', 'two');
  await ns.link.deleteAltName('two', 'one');
  expect((await ns.link.get('two')).altNames).toEqual(['two']);
  await ns.link.set('two', { name: 'd0' });
  expect((await ns.link.get('d0')).name).toBe('d0');
});

test('what can not be is told before anything is sent', async () => {
  using ns = await NetNs.create();
  using other = await NetNs.create();
  const cases: [Parameters<NetNs['link']['add']>[0], RegExp][] = [
    [
      { kind: 'veth', name: 'x', peer: { name: 'y', netns: other, up: true } },
      /link\.peer\.up must be left out .* born in another namespace/,
    ],
    [
      { kind: 'veth', name: 'x', netns: other, alias: 'z', peer: { name: 'y' } },
      /link\.alias must be left out for a link born in another namespace/,
    ],
    [
      { kind: 'veth', name: 'x', netns: other, master: 'br0', peer: { name: 'y' } },
      /link\.master must be an ifindex/,
    ],
    [
      { kind: 'veth', alias: 'z', peer: { name: 'y' } },
      /link\.name must be a name, since link\.alias is set/,
    ],
    [
      { kind: 'bridge', name: 'x', bridgeId: '8000.020000000001' } as never,
      /link\.bridgeId must be left out: only the kernel sets it/,
    ],
    [
      { kind: 'bridge', name: 'x', port: { kind: 'team' } } as never,
      /link\.port\.kind must be one of/,
    ],
    [
      { kind: 'bridge', name: 'x', port: { costs: 1 } } as never,
      /link\.port\.costs is not an option; did you mean 'cost'/,
    ],
    [
      { kind: 'veth', name: 'x', peer: { name: 'y', netns: { nsid: 1 } } } as never,
      /link\.peer\.netns must be a NetNs/,
    ],
    [
      { kind: 'bridge', name: 'x', data: new Uint8Array(4), ageingTime: 1 } as never,
      /link\.data must be left out beside attributes of 'bridge'/,
    ],
    [{ kind: '', name: 'x' }, /link\.kind must be a kind of link/],
    [{ name: 'x' } as never, /link\.kind must be/],
  ];
  for (const [spec, message] of cases) {
    await expect(ns.link.add(spec), JSON.stringify(spec)).rejects.toThrow(message);
  }
  await expect(ns.link.set('lo', { mtu: 1, vlanFiltering: true } as never)).rejects.toThrow(
    /changes\.vlanFiltering is not an option/,
  );
  await expect(ns.link.set('lo', { netns: other, port: { cost: 1 } })).rejects.toThrow(
    /changes\.port must be left out/,
  );
  expect(await ns.link.list()).toHaveLength(1);
  expect(await other.link.list()).toHaveLength(1);
});

test('nothing half-made stays behind, and a link that was there is left as it was', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0', alias: 'first' });
  const bad = link.add({
    kind: 'veth',
    name: 'v0',
    port: { cost: 5 },
    alias: 'x',
    peer: { name: 'v1' },
  });
  const again = link.add({ kind: 'bridge', name: 'br0', alias: 'second', altNames: ['other'] });
  const peerBad = link.add({ kind: 'veth', name: 'w0', peer: { name: 'w1', master: 'lo' } });
  const state = async () =>
    (await ns.link.list()).map(({ name, alias, altNames }) => ({ name, alias, altNames }));
  const before = await state();
  expect(before).toHaveLength(2);

  // Alone, in a batch, together with others of the same tick, and at once: each in its own way.
  for (const request of [bad, again, peerBad]) {
    await expect(ns.batch([request])).rejects.toThrow(/EOPNOTSUPP|EEXIST/);
    expect(await state()).toEqual(before);
    expect(() => ns.sync.link.add(specOf(request))).toThrow(/EOPNOTSUPP|EEXIST/);
    expect(await state()).toEqual(before);
    const [one, two, three] = await Promise.allSettled([
      ns.link.get('lo'),
      ns.link.add(specOf(request)),
      ns.link.get('br0'),
    ]);
    expect([one.status, two.status, three.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await state()).toEqual(before);
  }
  // One that fails before it in a batch: what was begun behind it is taken back.
  await expect(
    ns.batch([
      link.set('none', { up: true }),
      link.add({ kind: 'bridge', name: 'br1', alias: 'x' }),
    ]),
  ).rejects.toThrow(/ENODEV/);
  expect(await state()).toEqual(before);
  // And what succeeds is not.
  await ns.link.add({ kind: 'bridge', name: 'br1', alias: 'x', altNames: ['y'] });
  expect(await ns.link.get('y')).toMatchObject({ name: 'br1', alias: 'x' });

  function specOf(request: unknown): Parameters<NetNs['link']['add']>[0] {
    if (request === bad)
      return { kind: 'veth', name: 'v0', port: { cost: 5 }, peer: { name: 'v1' } };
    if (request === again) return { kind: 'bridge', name: 'br0', alias: 'second' };
    return { kind: 'veth', name: 'w0', peer: { name: 'w1', master: 'lo' } };
  }
});
