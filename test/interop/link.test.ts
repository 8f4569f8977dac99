import { type Link, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { inside } from '../support/ip.ts';

type Json = Record<string, unknown>;

const show = (ns: NetNs, ...args: string[]): Json[] =>
  JSON.parse(inside(ns.path, 'ip', '-j', '-d', ...args));

/** The names of links by index, which ip shows instead of the index. */
let names = new Map<number, string>();
const nameOf = (index: number | undefined): string | undefined =>
  index === undefined ? undefined : names.get(index);
const number = (value: unknown): number => Number(value);

/** '8000.0200c0a80001' as brctl(8) writes it, in the words of ip(8): '8000.2:0:c0:a8:0:1'. */
function bridgeId(value: unknown): string {
  const [priority, address] = String(value).split('.');
  const bytes = (address.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16).toString(16));
  return `${priority}.${bytes.join(':')}`;
}

/** ip shows a mask as '0', or in hexadecimal with its prefix. */
const mask = (value: unknown): string => (value === 0 ? '0' : `0x${number(value).toString(16)}`);

const bridge: Words<Json> = {
  forward_delay: (b) => b.forwardDelay,
  hello_time: (b) => b.helloTime,
  max_age: (b) => b.maxAge,
  ageing_time: (b) => b.ageingTime,
  stp_state: (b) => number(b.stpState),
  priority: (b) => b.priority,
  vlan_filtering: (b) => number(b.vlanFiltering),
  vlan_protocol: (b) => b.vlanProtocol,
  vlan_default_pvid: (b) => b.vlanDefaultPvid,
  vlan_stats_enabled: (b) => number(b.vlanStatsEnabled),
  vlan_stats_per_port: (b) => number(b.vlanStatsPerPort),
  bridge_id: (b) => bridgeId(b.bridgeId),
  root_id: (b) => bridgeId(b.rootId),
  root_port: (b) => b.rootPort,
  root_path_cost: (b) => b.rootPathCost,
  topology_change: (b) => number(b.topologyChange),
  topology_change_detected: (b) => number(b.topologyChangeDetected),
  hello_timer: () => expect.any(Number),
  tcn_timer: () => expect.any(Number),
  topology_change_timer: () => expect.any(Number),
  gc_timer: () => expect.any(Number),
  group_fwd_mask: (b) => mask(b.groupFwdMask),
  group_addr: (b) => b.groupAddress,
  mcast_snooping: (b) => number(b.mcastSnooping),
  no_linklocal_learn: (b) => number((b.options as Json).noLinklocalLearn),
  mcast_vlan_snooping: (b) => number((b.options as Json).mcastVlanSnooping),
  mst_enabled: (b) => number((b.options as Json).mstEnabled),
  mcast_router: (b) => b.mcastRouter,
  mcast_query_use_ifaddr: (b) => number(b.mcastQueryUseIfaddr),
  mcast_querier: (b) => number(b.mcastQuerier),
  mcast_hash_elasticity: (b) => b.mcastHashElasticity,
  mcast_hash_max: (b) => b.mcastHashMax,
  mcast_last_member_cnt: (b) => b.mcastLastMemberCnt,
  mcast_startup_query_cnt: (b) => b.mcastStartupQueryCnt,
  mcast_last_member_intvl: (b) => b.mcastLastMemberIntvl,
  mcast_membership_intvl: (b) => b.mcastMembershipIntvl,
  mcast_querier_intvl: (b) => b.mcastQuerierIntvl,
  mcast_query_intvl: (b) => b.mcastQueryIntvl,
  mcast_query_response_intvl: (b) => b.mcastQueryResponseIntvl,
  mcast_startup_query_intvl: (b) => b.mcastStartupQueryIntvl,
  mcast_stats_enabled: (b) => number(b.mcastStatsEnabled),
  mcast_igmp_version: (b) => b.mcastIgmpVersion,
  mcast_mld_version: (b) => b.mcastMldVersion,
  nf_call_iptables: (b) => number(b.nfCallIptables),
  nf_call_ip6tables: (b) => number(b.nfCallIp6tables),
  nf_call_arptables: (b) => number(b.nfCallArptables),
};

const link: Words<Link> = {
  ifindex: (l) => l.index,
  ifname: (l) => l.name,
  link: (l) => nameOf(l.link) ?? null,
  link_index: (l) => l.link,
  link_netnsid: (l) => l.linkNetnsId,
  flags: (l) => l.flags,
  mtu: (l) => l.mtu,
  qdisc: (l) => l.qdisc,
  master: (l) => nameOf(l.master),
  operstate: (l) => String(l.operState).toUpperCase(),
  linkmode: (l) => String(l.linkMode).toUpperCase(),
  group: (l) => (l.group === 0 ? 'default' : String(l.group)),
  txqlen: (l) => l.txQueueLen,
  link_type: (l) => l.type,
  address: (l) => l.address,
  broadcast: (l) => l.broadcast,
  promiscuity: (l) => l.promiscuity,
  allmulti: (l) => l.allMultiCount,
  min_mtu: (l) => l.minMtu,
  max_mtu: (l) => l.maxMtu,
  inet6_addr_gen_mode: (l) => l.addrGenMode,
  num_tx_queues: (l) => l.numTxQueues,
  num_rx_queues: (l) => l.numRxQueues,
  gso_max_size: (l) => l.gsoMaxSize,
  gso_max_segs: (l) => l.gsoMaxSegs,
  tso_max_size: (l) => l.tsoMaxSize,
  tso_max_segs: (l) => l.tsoMaxSegs,
  gro_max_size: (l) => l.groMaxSize,
  ifalias: (l) => l.alias,
  altnames: (l) => l.altNames,
};

/** All that `ip -d` shows of a link is what we read of it. */
async function same(ns: NetNs, dev: string, ports: Words<Json>): Promise<void> {
  const ours = await ns.link.list();
  names = new Map(ours.map((each) => [each.index, each.name]));
  const [theirs] = show(ns, 'link', 'show', dev);
  const mine = await ns.link.get(dev);
  const { linkinfo, ...plain } = theirs;
  // Of the link below, not of this one: ip looks there.
  plain.flags = (plain.flags as string[]).filter((flag) => flag !== 'M-DOWN');
  expectSame(plain, mine, link);
  const info = (linkinfo ?? {}) as Json;
  expect(mine.kind).toBe(info.info_kind);
  if (info.info_data !== undefined)
    expectSame(info.info_data as Json, mine.data as unknown as Json, bridge, 'data.');
  if (info.info_slave_kind === undefined) return;
  expect(mine.port?.kind).toBe(info.info_slave_kind);
  expectSame(info.info_slave_data as Json, mine.port as unknown as Json, ports, 'port.');
}

const port: Words<Json> = {
  state: (p) => p.state,
  priority: (p) => p.priority,
  cost: (p) => p.cost,
  hairpin: (p) => p.hairpin,
  guard: (p) => p.guard,
  root_block: (p) => p.rootBlock,
  fastleave: (p) => p.fastLeave,
  learning: (p) => p.learning,
  flood: (p) => p.flood,
  id: (p) => `0x${number(p.id).toString(16)}`,
  no: (p) => `0x${number(p.no).toString(16)}`,
  designated_port: (p) => p.designatedPort,
  designated_cost: (p) => p.designatedCost,
  bridge_id: (p) => bridgeId(p.bridgeId),
  root_id: (p) => bridgeId(p.rootId),
  hold_timer: () => expect.any(Number),
  message_age_timer: () => expect.any(Number),
  forward_delay_timer: () => expect.any(Number),
  topology_change_ack: (p) => number(p.topologyChangeAck),
  config_pending: (p) => number(p.configPending),
  proxy_arp: (p) => p.proxyArp,
  proxy_arp_wifi: (p) => p.proxyArpWifi,
  multicast_router: (p) => p.multicastRouter,
  mcast_flood: (p) => p.mcastFlood,
  bcast_flood: (p) => p.bcastFlood,
  mcast_to_unicast: (p) => p.mcastToUnicast,
  neigh_suppress: (p) => p.neighSuppress,
  group_fwd_mask: (p) => mask(p.groupFwdMask),
  group_fwd_mask_str: (p) => `0x${number(p.groupFwdMask).toString(16)}`,
  vlan_tunnel: (p) => p.vlanTunnel,
  isolated: (p) => p.isolated,
  locked: (p) => p.locked,
};

test('what we made, ip shows as we read it', async () => {
  using ns = await NetNs.create();
  await ns.link.add({
    kind: 'bridge',
    name: 'br0',
    address: '02:00:00:00:00:01',
    mtu: 1400,
    up: true,
    ageingTime: 6000,
    forwardDelay: 400,
    stpState: true,
    priority: 4096,
    mcastSnooping: false,
  });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    master: 'br0',
    mtu: 1400,
    up: true,
    alias: 'a b',
    group: 7,
    txQueueLen: 500,
    altNames: ['a-long-name-of-this-link'],
    peer: { name: 'v1' },
    port: { hairpin: true, isolated: true, cost: 50, guard: true, learning: false },
  });
  for (const dev of ['lo', 'br0', 'v0', 'v1']) await same(ns, dev, port);
  const [v0] = show(ns, 'link', 'show', 'v0');
  expect(v0).toMatchObject({ mtu: 1400, ifalias: 'a b', master: 'br0', group: '7', txqlen: 500 });
  const info = (v0.linkinfo as Json).info_slave_data;
  expect(info).toMatchObject({
    hairpin: true,
    isolated: true,
    cost: 50,
    guard: true,
    learning: false,
  });
  const [br0] = show(ns, 'link', 'show', 'br0');
  expect((br0.linkinfo as Json).info_data).toMatchObject({
    ageing_time: 6000,
    forward_delay: 400,
    stp_state: 1,
    priority: 4096,
    mcast_snooping: 0,
  });
});

test('what ip made, we read as it shows it', async () => {
  using ns = await NetNs.create();
  using other = await NetNs.create('t-other');
  const ip = (...args: string[]) => inside(ns.path, 'ip', ...args);
  ip(
    'link',
    'add',
    'br0',
    'type',
    'bridge',
    'ageing_time',
    '9000',
    'mcast_querier',
    '1',
    'group_fwd_mask',
    '8',
  );
  ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
  ip('link', 'set', 'v0', 'master', 'br0', 'up', 'alias', 'hello');
  ip('link', 'set', 'v0', 'type', 'bridge_slave', 'hairpin', 'on', 'isolated', 'on');
  ip('link', 'property', 'add', 'dev', 'v0', 'altname', 'one', 'altname', 'two');
  ip('link', 'set', 'br0', 'promisc', 'on', 'arp', 'off', 'allmulticast', 'on');
  ip('link', 'set', 'v1', 'netns', 't-other');
  for (const dev of ['lo', 'br0', 'v0']) await same(ns, dev, port);
  expect((await ns.link.get('one')).name).toBe('v0');
  await same(other, 'v1', port);
  expect(await ns.link.get('br0')).toMatchObject({ promisc: true, arp: false, allMulticast: true });
  await other.delete();
});

test('statistics on request are those that ip -s shows', async () => {
  using ns = await NetNs.create();
  await ns.link.set('lo', { up: true });
  inside(ns.path, 'ping', '-c', '2', '-i', '0.01', '127.0.0.1');
  const [theirs] = JSON.parse(inside(ns.path, 'ip', '-j', '-s', 'link', 'show', 'lo')) as {
    stats64: Record<string, Json>;
  }[];
  const { statistics } = await ns.link.get('lo', { statistics: true });
  expect(statistics).toMatchObject({
    rxBytes: theirs.stats64.rx.bytes,
    rxPackets: theirs.stats64.rx.packets,
    txBytes: theirs.stats64.tx.bytes,
    txDropped: theirs.stats64.tx.dropped,
  });
  expect(statistics?.rxPackets).toBeGreaterThan(0);
  expect((await ns.link.get('lo')).statistics).toBeUndefined();
});
