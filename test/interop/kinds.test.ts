import { existsSync } from 'node:fs';
import { type Link, type LinkSpec, NetNs } from 'node-netns';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';
import { hasKind, hasKindOn } from '../support/probe.ts';

type Json = Record<string, unknown>;

interface Case {
  kind: string;
  /** What ip says to make the same. */
  words: string;
  spec: LinkSpec;
  /** What ip -j -d shows in info_data. */
  shown: Json;
  /** Stands on another link, `low0`. */
  on?: boolean;
}

const CASES: Case[] = [
  { kind: 'dummy', words: '', spec: { kind: 'dummy', name: 'x0' }, shown: {} },
  { kind: 'ifb', words: '', spec: { kind: 'ifb', name: 'x0' }, shown: {} },
  { kind: 'nlmon', words: '', spec: { kind: 'nlmon', name: 'x0' }, shown: {} },
  { kind: 'wireguard', words: '', spec: { kind: 'wireguard', name: 'x0' }, shown: {} },
  { kind: 'team', words: '', spec: { kind: 'team', name: 'x0' }, shown: {} },
  {
    kind: 'vlan',
    on: true,
    words:
      'protocol 802.1ad id 100 reorder_hdr off gvrp on loose_binding on ingress 1:2 3:4 egress 5:6',
    spec: {
      kind: 'vlan',
      name: 'x0',
      link: 'low0',
      protocol: '802.1ad',
      id: 100,
      flags: { reorderHeader: false, gvrp: true, looseBinding: true },
      ingressQos: [
        { from: 1, to: 2 },
        { from: 3, to: 4 },
      ],
      egressQos: [{ from: 5, to: 6 }],
    },
    shown: { protocol: '802.1ad', id: 100, flags: ['GVRP', 'LOOSE_BINDING'] },
  },
  {
    kind: 'macvlan',
    on: true,
    words: 'mode source macaddr set 02:00:00:00:00:01 02:00:00:00:00:02',
    spec: {
      kind: 'macvlan',
      name: 'x0',
      link: 'low0',
      mode: 'source',
      macAddressMode: 'set',
      macAddresses: ['02:00:00:00:00:01', '02:00:00:00:00:02'],
    },
    shown: { mode: 'source', macaddr_count: 2 },
  },
  {
    kind: 'macvtap',
    on: true,
    words: 'mode bridge',
    spec: { kind: 'macvtap', name: 'x0', link: 'low0', mode: 'bridge' },
    shown: { mode: 'bridge' },
  },
  {
    kind: 'ipvlan',
    on: true,
    words: 'mode l3s private',
    spec: { kind: 'ipvlan', name: 'x0', link: 'low0', mode: 'l3s', flags: { private: true } },
    shown: { mode: 'l3s', private: true },
  },
  {
    kind: 'ipvtap',
    on: true,
    words: 'mode l2 bridge',
    spec: { kind: 'ipvtap', name: 'x0', link: 'low0', mode: 'l2', flags: {} },
    shown: { mode: 'l2' },
  },
  {
    kind: 'vxlan',
    on: true,
    words:
      'id 42 dev low0 group 239.1.1.1 ttl 7 tos 0x8 df set ageing 100 maxaddress 200 srcport 1000 2000 proxy l2miss l3miss udpcsum udp6zerocsumrx nolearning dstport 4789',
    spec: {
      kind: 'vxlan',
      name: 'x0',
      id: 42,
      dev: 'low0',
      remote: '239.1.1.1',
      ttl: 7,
      tos: 8,
      df: 'set',
      ageing: 100,
      maxAddress: 200,
      srcPort: { low: 1000, high: 2000 },
      proxy: true,
      l2miss: true,
      l3miss: true,
      udpCsum: true,
      udp6ZeroCsumRx: true,
      learning: false,
      dstPort: 4789,
    },
    shown: {
      id: 42,
      group: '239.1.1.1',
      link: 'low0',
      port_range: { low: 1000, high: 2000 },
      port: 4789,
      learning: false,
      proxy: true,
      l2miss: true,
      l3miss: true,
      tos: '0x8',
      ttl: 7,
      ageing: 100,
      limit: 200,
      udp_csum: true,
      udp_zero_csum6_rx: true,
    },
  },
  {
    kind: 'geneve',
    words: 'id 5 remote fd00::2 ttl 9 dstport 6082',
    spec: { kind: 'geneve', name: 'x0', id: 5, remote: 'fd00::2', ttl: 9, dstPort: 6082 },
    shown: { id: 5, remote6: 'fd00::2', ttl: 9, port: 6082 },
  },
  {
    kind: 'gretap',
    words: 'remote 10.0.0.2 local 10.0.0.1 key 5 csum ttl 9 nopmtudisc',
    spec: {
      kind: 'gretap',
      name: 'x0',
      remote: '10.0.0.2',
      local: '10.0.0.1',
      ikey: 5,
      okey: 5,
      iflags: { key: true, csum: true },
      oflags: { key: true, csum: true },
      ttl: 9,
      pmtudisc: false,
    },
    shown: {
      remote: '10.0.0.2',
      local: '10.0.0.1',
      ttl: 9,
      pmtudisc: false,
      icsum: true,
      ocsum: true,
    },
  },
  {
    kind: 'ip6gre',
    words:
      'remote fd00::2 local fd00::1 key 5 hoplimit 9 encaplimit 3 tclass 0xb8 flowlabel 0x12345',
    spec: {
      kind: 'ip6gre',
      name: 'x0',
      remote: 'fd00::2',
      local: 'fd00::1',
      ikey: 5,
      okey: 5,
      iflags: { key: true },
      oflags: { key: true },
      ttl: 9,
      encapLimit: 3,
      flowInfo: { trafficClass: 0xb8, flowLabel: 0x12345 },
      encapFlags: { csum6: true },
    },
    shown: { remote: 'fd00::2', local: 'fd00::1', ttl: 9, encap_limit: 3 },
  },
  {
    kind: 'ipip',
    words: 'remote 10.0.0.2 local 10.0.0.1 ttl 5 mode any',
    spec: {
      kind: 'ipip',
      name: 'x0',
      remote: '10.0.0.2',
      local: '10.0.0.1',
      ttl: 5,
      pmtudisc: true,
      proto: 'any',
    },
    shown: { proto: 'any', remote: '10.0.0.2', local: '10.0.0.1', ttl: 5 },
  },
  {
    kind: 'sit',
    words: 'remote 10.0.0.2 local 10.0.0.1 ttl 7',
    spec: {
      kind: 'sit',
      name: 'x0',
      remote: '10.0.0.2',
      local: '10.0.0.1',
      ttl: 7,
      pmtudisc: true,
      proto: 'any',
    },
    shown: { remote: '10.0.0.2', local: '10.0.0.1', ttl: 7 },
  },
  {
    kind: 'ip6tnl',
    words: 'remote fd00::2 local fd00::1 mode any encaplimit 2 hoplimit 7',
    spec: {
      kind: 'ip6tnl',
      name: 'x0',
      remote: 'fd00::2',
      local: 'fd00::1',
      proto: 'any',
      encapLimit: 2,
      ttl: 7,
      encapFlags: { csum6: true },
    },
    shown: { proto: 'any', remote: 'fd00::2', local: 'fd00::1', ttl: 7, encap_limit: 2 },
  },
  {
    kind: 'vti',
    words: 'remote 10.0.0.2 local 10.0.0.1 key 5',
    spec: { kind: 'vti', name: 'x0', remote: '10.0.0.2', local: '10.0.0.1', ikey: 5, okey: 5 },
    shown: { remote: '10.0.0.2', local: '10.0.0.1', ikey: '0.0.0.5', okey: '0.0.0.5' },
  },
  {
    kind: 'xfrm',
    on: true,
    words: 'dev low0 if_id 42',
    spec: { kind: 'xfrm', name: 'x0', dev: 'low0', ifId: 42 },
    shown: { if_id: '0x2a' },
  },
  {
    kind: 'vrf',
    words: 'table 1000',
    spec: { kind: 'vrf', name: 'x0', table: 1000 },
    shown: { table: 1000 },
  },
  {
    kind: 'bond',
    words:
      'mode 802.3ad miimon 100 updelay 200 downdelay 300 xmit_hash_policy layer3+4 lacp_rate fast ad_select bandwidth min_links 1 ad_user_port_key 5 ad_actor_sys_prio 7 ad_actor_system 02:00:00:00:00:05',
    spec: {
      kind: 'bond',
      name: 'x0',
      mode: '802.3ad',
      miimon: 100,
      upDelay: 200,
      downDelay: 300,
      xmitHashPolicy: 'layer3+4',
      lacpRate: 'fast',
      adSelect: 'bandwidth',
      minLinks: 1,
      adUserPortKey: 5,
      adActorSysPrio: 7,
      adActorSystem: '02:00:00:00:00:05',
    },
    shown: {
      mode: '802.3ad',
      miimon: 100,
      updelay: 200,
      downdelay: 300,
      xmit_hash_policy: 'layer3+4',
      ad_lacp_rate: 'fast',
      ad_select: 'bandwidth',
      min_links: 1,
      ad_user_port_key: 5,
      ad_actor_sys_prio: 7,
    },
  },
];

async function lab(on: boolean | undefined): Promise<NetNs> {
  const ns = await NetNs.create();
  if (on) await ns.link.add({ kind: 'veth', name: 'low0', peer: { name: 'low1' } });
  return ns;
}

const show = (ns: NetNs): { info_kind: string; info_data?: Json } =>
  (JSON.parse(inside(ns.path, 'ip', '-j', '-d', 'link', 'show', 'x0')) as { linkinfo: Json }[])[0]
    .linkinfo as { info_kind: string; info_data?: Json };

/** What a kind tells of itself, less what names no setting. */
function essence(link: Link): unknown {
  return JSON.parse(JSON.stringify(link.data ?? {}));
}

describe('each kind: made by us and read by ip, and made by ip and read by us', () => {
  for (const { kind, words, spec, shown, on } of CASES) {
    const has = on
      ? hasKindOn(
          kind,
          kind === 'vlan'
            ? 'id 1'
            : kind === 'xfrm'
              ? 'if_id 1'
              : kind === 'vxlan'
                ? 'id 1 dstport 1'
                : '',
        )
      : hasKind(kind, words);
    test.skipIf(!has)(kind, async () => {
      using ns = await lab(on);
      await ns.link.add(spec);
      const ours = await ns.link.get('x0');
      const theirs = show(ns);
      expect(theirs.info_kind).toBe(kind);
      expect(theirs.info_data ?? {}).toMatchObject(shown);
      await ns.link.delete('x0');
      inside(
        ns.path,
        'ip',
        ...`link add ${on ? 'link low0 ' : ''}name x0 type ${kind} ${words}`.trim().split(/\s+/),
      );
      const ofIp = await ns.link.get('x0');
      expect(ours.kind).toBe(kind);
      expect(essence(ours)).toEqual(essence(ofIp));
      expect(show(ns).info_data ?? {}).toEqual(theirs.info_data ?? {});
    });
  }
});

test.skipIf(!hasKind('vxlan', 'id 1 dstport 1'))(
  'a change in place, and what a kind refuses',
  async () => {
    using ns = await lab(false);
    await ns.link.add({ kind: 'vxlan', name: 'x0', id: 5, dstPort: 4789, local: 'fd00::1' });
    await ns.link.set('x0', { kind: 'vxlan', ageing: 77, remote: 'fd00::9' });
    const link = await ns.link.get('x0');
    expect(link.data).toMatchObject({ id: 5, ageing: 77, local: 'fd00::1', remote: 'fd00::9' });
    const error = await errorOf(() =>
      ns.link.add({ kind: 'vxlan', name: 'x1', id: 5, dstPort: 4789, local: 'fd00::1' }),
    );
    expect(error).toMatchObject({ code: 'EEXIST', syscall: 'RTM_NEWLINK' });
    expect(error.kernelMessage).toMatch(/VNI already exists/);
  },
);

test.skipIf(!hasKindOn('macvlan', ''))(
  'the kernel points at the attribute that it refuses',
  async () => {
    using ns = await lab(true);
    const error = await errorOf(() =>
      ns.link.add({
        kind: 'macvlan',
        name: 'x0',
        link: 'low0',
        mode: 'source',
        flags: { other: 0x8000 },
      }),
    );
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'RTM_NEWLINK' });
  },
);

test.skipIf(!hasKind('bond'))('a port of a bond', async () => {
  using ns = await lab(false);
  await ns.link.add({ kind: 'bond', name: 'bond0', mode: 'active-backup', miimon: 100, up: true });
  await ns.link.add({ kind: 'veth', name: 'p0', master: 'bond0', peer: { name: 'p1', up: true } });
  await ns.link.set('p0', { port: { kind: 'bond', queueId: 3 } });
  // The bond looks at its ports' carriers at its own pace (miimon).
  const watch = await ns.watch(['link']).ready();
  const isActive = ({ port }: Link) => port?.kind === 'bond' && port.state === 'active';
  if (!isActive(await ns.link.get('p0'))) {
    for await (const event of watch) {
      if (event.type === 'overrun' || event.topic !== 'link') continue;
      if (event.link.name === 'p0' && isActive(await ns.link.get('p0'))) break;
    }
  }
  await watch.return();
  expect((await ns.link.get('p0')).port).toMatchObject({
    kind: 'bond',
    queueId: 3,
    state: 'active',
    miiStatus: 'up',
  });
});

test.skipIf(!hasKind('vrf', 'table 10'))('a port of a vrf', async () => {
  using ns = await lab(false);
  await ns.link.add({ kind: 'vrf', name: 'blue', table: 10, up: true });
  await ns.link.add({ kind: 'veth', name: 'p0', master: 'blue', peer: { name: 'p1' } });
  expect((await ns.link.get('p0')).port).toMatchObject({ kind: 'vrf', table: 10 });
});

test.skipIf(!hasKind('netkit'))('netkit (kernel 6.7): a pair across namespaces', async () => {
  using ns = await NetNs.create();
  using other = await NetNs.create();
  await ns.link.add({
    kind: 'netkit',
    name: 'x0',
    mode: 'l2',
    policy: 'forward',
    peerPolicy: 'blackhole',
    peer: { name: 'x1', netns: other },
  });
  expect((await ns.link.get('x0')).data).toMatchObject({
    mode: 'l2',
    primary: true,
    policy: 'forward',
    peerPolicy: 'blackhole',
  });
  expect((await other.link.get('x1')).kind).toBe('netkit');
});

test.skipIf(!existsSync('/dev/net/tun'))('a tun link tells how it was made', async () => {
  using ns = await NetNs.create();
  const made = await ns.tun.add({
    name: 'tap7',
    mode: 'tap',
    queues: 2,
    vnetHeader: true,
    owner: 65534,
  });
  try {
    expect(made.fds).toHaveLength(2);
    const link = await ns.link.get('tap7');
    expect(link.kind).toBe('tun');
    expect(link.data).toMatchObject({
      mode: 'tap',
      packetInfo: false,
      vnetHeader: true,
      persist: false,
      multiQueue: true,
      queues: 2,
      owner: 65534,
    });
    const theirs: { linkinfo: { info_data: Json } }[] = JSON.parse(
      inside(ns.path, 'ip', '-j', '-d', 'link', 'show', 'tap7'),
    );
    expect(theirs[0].linkinfo.info_data).toMatchObject({
      type: 'tap',
      pi: false,
      vnet_hdr: true,
      multi_queue: true,
      numqueues: 2,
      persist: false,
    });
  } finally {
    made.close();
  }
  expect((await errorOf(() => ns.link.get('tap7'))).code).toBe('ENODEV');
});
