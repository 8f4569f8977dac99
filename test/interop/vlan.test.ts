import { NetNs } from 'node-netns';
import { describe, expect, test } from 'vitest';
import { inside } from '../support/ip.ts';
import { hasKind, hasVlanFiltering, kernelVersion } from '../support/probe.ts';

type Json = Record<string, unknown>;

async function bridged(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0', up: true, vlanFiltering: true });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    master: 'br0',
    up: true,
    peer: { name: 'v1', up: true },
  });
  return ns;
}

interface Row {
  vlan: number;
  vlanEnd?: number;
  flags?: string[];
}

/** Of a range, each: iproute2 tells them one by one, or not, according to its version. */
const eachOf = <T extends { vid: number; vidEnd?: number }>(rows: T[]): object[] =>
  rows.flatMap(({ vid, vidEnd = vid, ...rest }) =>
    Array.from({ length: vidEnd - vid + 1 }, (_, i) => ({ ...rest, vid: vid + i })),
  );

const show = (ns: NetNs): { ifname: string; vlans: Row[] }[] =>
  JSON.parse(inside(ns.path, 'bridge', '-j', 'vlan', 'show'));

describe.skipIf(!hasVlanFiltering())('VLANs of a bridge (CONFIG_BRIDGE_VLAN_FILTERING)', () => {
  test('what we let through is what bridge shows, ranges too', async () => {
    using ns = await bridged();
    await ns.vlan.add({ dev: 'v0', vid: 10, pvid: true, untagged: true });
    await ns.vlan.add({ dev: 'v0', vid: 20, vidEnd: 30 });
    await ns.vlan.add({ dev: 'br0', vid: 10, self: true });
    inside(ns.path, 'bridge', 'vlan', 'add', 'dev', 'v0', 'vid', '40-42', 'untagged');
    const { index } = await ns.link.get('v0');
    const ours = await ns.vlan.list();
    expect(ours.filter((one) => one.dev === index)).toEqual([
      { dev: index, vid: 1, pvid: false, untagged: true },
      { dev: index, vid: 10, pvid: true, untagged: true },
      { dev: index, vid: 20, vidEnd: 30, pvid: false, untagged: false },
      { dev: index, vid: 40, vidEnd: 42, pvid: false, untagged: true },
    ]);
    const names = new Map((await ns.link.list()).map((link) => [link.index, link.name]));
    const theirs = show(ns).flatMap(({ ifname, vlans }) =>
      vlans.map(({ vlan, vlanEnd, flags = [] }) => ({
        ifname,
        vid: vlan,
        vidEnd: vlanEnd,
        pvid: flags.includes('PVID'),
        untagged: flags.includes('Egress Untagged'),
      })),
    );
    expect(eachOf(ours.map(({ dev, ...one }) => ({ ifname: names.get(dev), ...one })))).toEqual(
      eachOf(theirs),
    );
    expect(await ns.vlan.list({ dev: 'br0' })).toContainEqual(expect.objectContaining({ vid: 10 }));
  });

  test('delete, and a state of its own', async () => {
    using ns = await bridged();
    await ns.vlan.add({ dev: 'v0', vid: 20, vidEnd: 30 });
    await ns.vlan.delete({ dev: 'v0', vid: 22, vidEnd: 28 });
    const left = (await ns.vlan.list({ dev: 'v0' })).map((one) => [one.vid, one.vidEnd]);
    expect(left).toEqual([
      [1, undefined],
      [20, 21],
      [29, 30],
    ]);
    await ns.vlan.set({ dev: 'v0', vid: 20, state: 'blocking' });
    const states = await ns.vlan.states({ dev: 'v0', statistics: true });
    expect(states.find((one) => one.vid === 20)).toMatchObject({
      state: 'blocking',
      stats: { rxBytes: expect.any(Number), txPackets: expect.any(Number) },
    });
    expect(states.find((one) => one.vid === 29)?.state).toBe('forwarding');
  });

  test.skipIf(kernelVersion() < 5015)('multicast of one VLAN (kernel 5.15)', async () => {
    using ns = await bridged();
    await ns.link.set('br0', { kind: 'bridge', options: { mcastVlanSnooping: true } });
    await ns.vlan.setGlobal({
      dev: 'br0',
      vid: 1,
      multicastQuerier: true,
      multicastIgmpVersion: 3,
    });
    const [global] = await ns.vlan.globals({ dev: 'br0' });
    expect(global).toMatchObject({ vid: 1, multicastQuerier: true, multicastIgmpVersion: 3 });
    const theirs: Json[] = JSON.parse(inside(ns.path, 'bridge', '-j', 'vlan', 'global', 'show'));
    expect(JSON.stringify(theirs)).toMatch(/"mcast_igmp_version":3/);
  });

  test.skipIf(!hasKind('vxlan', 'external dstport 4789'))('tunnels', async () => {
    using ns = await bridged();
    await ns.link.add({
      kind: 'vxlan',
      name: 'vx0',
      external: true,
      dstPort: 4789,
      master: 'br0',
      port: { vlanTunnel: true },
    });
    await ns.vlan.add({ dev: 'vx0', vid: 20, vidEnd: 22 });
    await ns.vlan.add({ dev: 'vx0', vid: 20, vidEnd: 22, tunnelId: 200 });
    const { index } = await ns.link.get('vx0');
    expect(await ns.vlan.tunnels()).toEqual([{ dev: index, vid: 20, vidEnd: 22, tunnelId: 200 }]);
    expect(inside(ns.path, 'bridge', 'vlan', 'tunnelshow')).toMatch(/20-22\s+200-202/);
    await ns.vlan.delete({ dev: 'vx0', vid: 21, tunnelId: 201 });
    expect((await ns.vlan.tunnels()).map((one) => [one.vid, one.tunnelId])).toEqual([
      [20, 200],
      [22, 202],
    ]);
  });
});

test.skipIf(hasVlanFiltering())('a kernel without VLAN filtering says so', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0' });
  await ns.link.add({ kind: 'veth', name: 'v0', master: 'br0', peer: { name: 'v1' } });
  await expect(ns.vlan.add({ dev: 'v0', vid: 10 })).rejects.toMatchObject({ code: 'EOPNOTSUPP' });
  expect(await ns.vlan.list()).toEqual([]);
});
