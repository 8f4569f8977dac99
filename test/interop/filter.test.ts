import { type Filter, type FilterSpec, NetNs } from 'node-netns';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';
import { hasAction, hasFilter, hasQdisc } from '../support/probe.ts';

type Json = Record<string, unknown>;

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', up: true, peer: { name: 'a1', up: true } });
  await ns.qdisc.add({ dev: 'a0', kind: 'clsact' });
  await ns.link.add({ kind: 'ifb', name: 'ifb0', up: true });
  return ns;
}

const tc = (ns: NetNs, ...args: string[]): string => inside(ns.path, 'tc', ...args);
function show(ns: NetNs): Json[] {
  const text = tc(ns, '-j', '-d', 'filter', 'show', 'dev', 'a0', 'egress');
  // tc 6.1 writes the options of fw as plain text amid the JSON.
  const json = text.replace(/\{handle [^}]*\}/g, '{}');
  return (JSON.parse(json) as Json[]).filter((one) => one.options !== undefined);
}

/** All but what differs with who made it: the kernel's own numbers, and what has passed. */
function essence(filter: Filter): unknown {
  return JSON.parse(
    JSON.stringify(filter, (key, value) =>
      key === 'handle' || key === 'index' || key === 'statistics' || key === 'hashTable'
        ? undefined
        : value,
    ),
  );
}

const CASES: [name: string, has: boolean, spec: FilterSpec, words: string][] = [
  [
    'u32, addresses and ports',
    hasFilter('u32', 'match u32 0 0'),
    {
      dev: 'a0',
      parent: 'egress',
      protocol: 'ip',
      priority: 5,
      kind: 'u32',
      match: [{ ip: { src: '10.0.0.0/8', dport: 80, protocol: 'tcp' } }],
      classId: '1:10',
    },
    'protocol ip prio 5 u32 match ip src 10.0.0.0/8 match ip protocol 6 0xff match ip dport 80 0xffff classid 1:10',
  ],
  [
    'u32 of IPv6',
    hasFilter('u32', 'match u32 0 0'),
    {
      dev: 'a0',
      parent: 'egress',
      protocol: 'ipv6',
      priority: 6,
      kind: 'u32',
      match: [{ ip6: { dst: '2001:db8::/33' } }],
      classId: '1:11',
    },
    'protocol ipv6 prio 6 u32 match ip6 dst 2001:db8::/33 classid 1:11',
  ],
  [
    'mirred: redirect to an ifb',
    hasAction('mirred egress redirect dev lo'),
    {
      dev: 'a0',
      parent: 'egress',
      protocol: 'all',
      priority: 7,
      kind: 'u32',
      actions: [{ kind: 'mirred', action: 'redirect', dev: 'ifb0' }],
    },
    'protocol all prio 7 u32 match u32 0 0 action mirred egress redirect dev ifb0',
  ],
  [
    'police',
    hasAction('police rate 1mbit burst 10k'),
    {
      dev: 'a0',
      parent: 'egress',
      protocol: 'all',
      priority: 8,
      kind: 'u32',
      actions: [{ kind: 'police', rate: '10mbit', burst: '20k', exceed: 'drop', conform: 'pipe' }],
    },
    'protocol all prio 8 u32 match u32 0 0 action police rate 10mbit burst 20k conform-exceed drop/pipe',
  ],
  [
    'gact with a chance',
    hasAction('drop'),
    {
      dev: 'a0',
      parent: 'egress',
      protocol: 'all',
      priority: 9,
      kind: 'matchall',
      actions: [
        { kind: 'gact', control: 'drop', chance: { type: 'determ', value: 10, control: 'pass' } },
      ],
    },
    'protocol all prio 9 matchall action gact drop random determ pass 10',
  ],
  [
    'vlan and skbedit in a row',
    hasAction('vlan pop') && hasAction('skbedit mark 1'),
    {
      dev: 'a0',
      parent: 'egress',
      priority: 10,
      kind: 'matchall',
      actions: [
        { kind: 'skbedit', mark: 7, priority: '1:5' },
        { kind: 'vlan', action: 'push', id: 5, protocol: '802.1ad', priority: 3 },
      ],
    },
    'prio 10 matchall action skbedit mark 7 priority 1:5 action vlan push id 5 protocol 802.1ad priority 3',
  ],
  [
    'flower',
    hasFilter('flower', 'ip_proto tcp', 'protocol ip'),
    {
      dev: 'a0',
      parent: 'egress',
      protocol: 'ip',
      priority: 11,
      chain: 3,
      kind: 'flower',
      ipProto: 'tcp',
      srcIp: '10.0.0.0/8',
      dstIp: '192.168.1.1',
      dstPort: 443,
      ipTos: { value: 0x10, mask: 0xfc },
      actions: [{ kind: 'gact', control: 'drop' }],
    },
    'protocol ip prio 11 chain 3 flower ip_proto tcp src_ip 10.0.0.0/8 dst_ip 192.168.1.1 dst_port 443 ip_tos 0x10/0xfc action drop',
  ],
  [
    'flower: VLANs and hardware addresses',
    hasFilter('flower', 'ip_proto tcp', 'protocol ip'),
    {
      dev: 'a0',
      parent: 'egress',
      protocol: '802.1Q',
      priority: 12,
      kind: 'flower',
      vlanId: 100,
      vlanPrio: 3,
      vlanEthType: 'ip',
      srcMac: '02:00:00:00:00:01',
      dstMac: '02:00:00:00:00:00/ff:00:00:00:00:00',
      classId: '1:7',
    },
    'protocol 802.1Q prio 12 flower vlan_id 100 vlan_prio 3 vlan_ethtype ip src_mac 02:00:00:00:00:01 dst_mac 02:00:00:00:00:00/ff:00:00:00:00:00 classid 1:7',
  ],
  [
    'fw',
    hasFilter('fw', 'classid 1:1', 'handle 1'),
    {
      dev: 'a0',
      parent: 'egress',
      priority: 13,
      kind: 'fw',
      handle: 7,
      mask: 0xff,
      classId: '1:5',
    },
    'handle 7/0xff prio 13 fw classid 1:5',
  ],
];

describe('what we make and what tc makes of the same words are one', () => {
  for (const [name, has, spec, words] of CASES) {
    test.skipIf(!has)(name, async () => {
      using ns = await pair();
      await ns.filter.add(spec);
      const query = { dev: 'a0', parent: 'egress', chain: spec.chain };
      const ours = (await ns.filter.list(query)).map(essence);
      const theirs = show(ns);
      expect(theirs.length, 'tc shows it').toBeGreaterThan(0);
      await ns.filter.flush(query);
      expect(await ns.filter.list(query)).toEqual([]);
      tc(ns, 'filter', 'add', 'dev', 'a0', 'egress', ...words.split(' '));
      const ofTc = (await ns.filter.list(query)).map(essence);
      expect(ours).toEqual(ofTc);
      // And tc shows both the same.
      const shown = (filters: Json[]) =>
        JSON.stringify(filters, (key, value) =>
          ['fh', 'ht', 'bkt', 'index', 'handle', 'not_in_hw'].includes(key) ? undefined : value,
        );
      expect(shown(show(ns))).toBe(shown(theirs));
      expect(ours.at(-1)).toMatchObject({ priority: spec.priority, kind: spec.kind });
    });
  }
});

test.skipIf(!hasFilter('u32', 'match u32 0 0'))('handles, replace, get, delete', async () => {
  using ns = await pair();
  const place = {
    dev: 'a0',
    parent: 'egress',
    protocol: 'ip',
    priority: 5,
    handle: '800::801',
  } as const;
  await ns.filter.add({
    ...place,
    kind: 'u32',
    match: [{ ip: { src: '10.0.0.0/8' } }],
    classId: '1:10',
  });
  const again = () =>
    ns.filter.add({
      ...place,
      kind: 'u32',
      match: [{ ip: { src: '10.0.0.0/8' } }],
      classId: '1:10',
    });
  expect((await errorOf(again)).code).toBe('EEXIST');
  expect(await ns.filter.get({ ...place, kind: 'u32' })).toMatchObject({
    handle: '800::801',
    classId: '1:10',
    match: [{ value: 0x0a000000, mask: 0xff000000, offset: 12 }],
  });
  await ns.filter.replace({
    ...place,
    kind: 'u32',
    match: [{ ip: { src: '10.0.0.0/8' } }],
    classId: '1:20',
  });
  expect(await ns.filter.get({ ...place, kind: 'u32' })).toMatchObject({ classId: '1:20' });
  await ns.filter.delete({ dev: 'a0', parent: 'egress', protocol: 'ip', priority: 5 });
  expect(await ns.filter.list({ dev: 'a0', parent: 'egress' })).toEqual([]);
});

test.skipIf(!hasQdisc('tbf', 'rate 1mbit burst 10k latency 1ms'))(
  'a container is shaped both ways: tbf on its link, and an ifb for what it sends',
  async () => {
    using ns = await pair();
    const spec = { kind: 'tbf', rate: '8mbit', burst: '4kb', latency: '20ms' } as const;
    await ns.qdisc.add({ dev: 'a0', ...spec });
    await ns.qdisc.add({ dev: 'ifb0', ...spec });
    await ns.filter.add({
      dev: 'a0',
      parent: 'ingress',
      protocol: 'all',
      kind: 'u32',
      actions: [{ kind: 'mirred', action: 'redirect', dev: 'ifb0' }],
    });
    // Broadcasts from the far end arrive by a0's ingress, and leave by ifb0.
    await ns.address.add({ dev: 'a1', address: '10.0.0.1/24' });
    await ns.neighbour.add({ dst: '10.0.0.9', dev: 'a1', lladdr: '02:00:00:00:00:09' });
    inside(
      ns.path,
      'sh',
      '-c',
      'for i in 1 2 3; do echo hello | timeout 1 bash -c "cat >/dev/udp/10.0.0.9/9"; done',
    );
    const [tbf] = await ns.qdisc.list({ dev: 'ifb0' });
    expect(tbf.statistics?.packets).toBeGreaterThanOrEqual(3);
  },
);
