import { NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { inside } from '../support/ip.ts';
import { hasKind, hasVlanFiltering } from '../support/probe.ts';

type Json = Record<string, Record<string, number>>;

async function bridged(spec: object = {}): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0', up: true, mcastStatsEnabled: true, ...spec });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    master: 'br0',
    up: true,
    peer: { name: 'v1', up: true },
  });
  return ns;
}

/** A host behind v1 joins groups, so that there is something to count. */
function join(ns: NetNs): void {
  inside(ns.path, 'ip', 'address', 'add', '10.0.0.1/24', 'dev', 'v1');
  inside(ns.path, 'ip', 'address', 'add', '239.1.1.1/32', 'dev', 'v1', 'autojoin');
  inside(ns.path, 'ip', '-6', 'address', 'add', 'fd00::1/64', 'dev', 'v1', 'nodad');
}

function stats(ns: NetNs, dev: string, group: string): Record<string, unknown>[] {
  const words = ['-j', 'stats', 'show', 'dev', dev, 'group', group, 'subgroup', 'bridge'];
  return JSON.parse(inside(ns.path, 'ip', ...words));
}

test('multicast and spanning tree of a bridge and its port, as ip stats shows them', async () => {
  using ns = await bridged();
  join(ns);
  await expect
    .poll(
      async () => (await ns.link.extraStatistics('v0')).port?.bridge?.multicast?.igmpV3ReportsRx,
    )
    .toBeGreaterThan(0);
  await ns.link.set('br0', { kind: 'bridge', stpState: true });
  await expect
    .poll(async () => (await ns.link.extraStatistics('v0')).port?.bridge?.stp?.txBpdu, {
      timeout: 10_000,
    })
    .toBeGreaterThan(0);
  // Reports and hellos go on being sent: both look again when one fell between the two looks.
  let last: unknown;
  for (let tries = 0; tries < 5; tries++) {
    const theirs = stats(ns, 'v0', 'xstats_slave');
    const ours = (await ns.link.extraStatistics('v0')).port?.bridge;
    last = [ours, theirs];
    const { igmp_queries, igmp_reports, mld_reports, mld_queries } = theirs[0].multicast as Json;
    const { multicast, stp } = ours ?? {};
    const same =
      multicast?.igmpV3ReportsRx === igmp_reports.rx_v3 &&
      multicast.igmpV3ReportsTx === igmp_reports.tx_v3 &&
      multicast.igmpV2QueriesTx === igmp_queries.tx_v2 &&
      multicast.mldV2ReportsRx === mld_reports.rx_v2 &&
      multicast.mldV1QueriesTx === mld_queries.tx_v1;
    const tree = theirs[1].stp as Record<string, number>;
    if (
      same &&
      stp?.txBpdu === tree.tx_bpdu &&
      stp.rxBpdu === tree.rx_bpdu &&
      stp.transitionsToBlocking === tree.transition_blk &&
      stp.transitionsToForwarding === tree.transition_fwd
    ) {
      last = undefined;
      break;
    }
  }
  expect(last).toBeUndefined();

  const { index } = await ns.link.get('br0');
  const bridge = await ns.link.extraStatistics('br0');
  expect(bridge).toMatchObject({ dev: index, bridge: { multicast: { igmpParseErrors: 0 } } });
  expect(bridge.port).toBeUndefined();
  // Of all links, those that have any.
  const all = await ns.link.listExtraStatistics();
  const { index: v0 } = await ns.link.get('v0');
  expect(all.map((one) => one.dev).sort()).toEqual([index, v0].sort());
  await expect(ns.link.extraStatistics('none')).rejects.toMatchObject({ code: 'ENODEV' });
  await expect(ns.link.extraStatistics(0)).rejects.toThrow(/dev must be/);
});

test.skipIf(!hasVlanFiltering())('what has passed in each VLAN, however many', async () => {
  using ns = await bridged({ vlanFiltering: true, vlanStatsEnabled: true });
  await ns.vlan.add({ dev: 'v0', vid: 2, vidEnd: 2000 });
  inside(ns.path, 'ip', 'address', 'add', '10.0.0.1/24', 'dev', 'v1');
  inside(ns.path, 'ip', 'neighbour', 'add', '10.0.0.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'v1');
  inside(ns.path, 'bash', '-c', 'echo hello >/dev/udp/10.0.0.9/9');
  const all = await ns.link.listExtraStatistics();
  const { index } = await ns.link.get('v0');
  const vlans = all.find((one) => one.dev === index)?.port?.bridge?.vlans ?? [];
  expect(vlans.map(({ vid }) => vid)).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1));
  expect(vlans[0]).toMatchObject({ vid: 1, flags: { pvid: true, untagged: true } });
  const { rxPackets = 0, rxBytes } = vlans[0];
  expect(rxPackets).toBeGreaterThanOrEqual(1);
  expect(rxBytes).toBeGreaterThan(rxPackets * 13);
});

test.skipIf(!hasKind('bond', 'mode 802.3ad'))('the aggregation protocol of a bond', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'bond', name: 'bond0', mode: '802.3ad', miimon: 50, up: true });
  await ns.link.add({ kind: 'veth', name: 'p0', master: 'bond0', peer: { name: 'p1', up: true } });
  await expect
    .poll(async () => (await ns.link.extraStatistics('p0')).port?.bond?.lacpduTx, {
      timeout: 10_000,
    })
    .toBeGreaterThan(0);
  const bond = await ns.link.extraStatistics('bond0');
  expect(bond.bond).toMatchObject({ lacpduUnknownRx: 0, markerTx: 0 });
});
