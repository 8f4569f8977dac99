import { describe, expect, test } from 'vitest';
import { formatBridges, formatMacs, formatStp } from '../../lib/rtnetlink/bridge/text.ts';
import { fdb } from '../../lib/rtnetlink/fdb/api.ts';
import { mdb } from '../../lib/rtnetlink/mdb/api.ts';
import { neighbour } from '../../lib/rtnetlink/neighbour/api.ts';
import { nexthop } from '../../lib/rtnetlink/nexthop/api.ts';
import { nsid } from '../../lib/rtnetlink/nsid/api.ts';
import { rule } from '../../lib/rtnetlink/rule/api.ts';
import { vlan } from '../../lib/rtnetlink/vlan/api.ts';
import { planTun } from '../../lib/tun/spec.ts';
import { bodies, hex } from './support/attributes.ts';

/** Requests that must be refused: what makes them, with which code and path. */
const WRONG: [name: string, make: () => unknown, code: string, path: string][] = [
  [
    'rule: an unknown key',
    () => rule.add({ form: '10.0.0.0/8' } as never),
    'ERR_INVALID_ARG_VALUE',
    'rule.form',
  ],
  [
    'rule: two families',
    () => rule.add({ from: '10.0.0.0/8', to: 'fd00::/8' }),
    'ERR_INVALID_ARG_VALUE',
    'rule.to',
  ],
  ['rule: goto nowhere', () => rule.add({ action: 'goto' }), 'ERR_INVALID_ARG_VALUE', 'rule.goto'],
  [
    'rule: a table of l3mdev',
    () => rule.add({ l3mdev: true, table: 5 }),
    'ERR_INVALID_ARG_VALUE',
    'rule.table',
  ],
  [
    'rule: ports the wrong way round',
    () => rule.add({ sport: { start: 9, end: 8 } }),
    'ERR_OUT_OF_RANGE',
    'rule.sport.end',
  ],
  [
    'rule: a priority too large',
    () => bodies(rule.add({ priority: 2 ** 32 })),
    'ERR_OUT_OF_RANGE',
    'rule.priority',
  ],
  [
    'rule: a number as text',
    () => bodies(rule.add({ fwmark: '5' as never })),
    'ERR_INVALID_ARG_TYPE',
    'rule.fwmark',
  ],
  [
    'neighbour: no link',
    () => neighbour.add({ dst: '10.0.0.1' } as never),
    'ERR_INVALID_ARG_TYPE',
    'neighbour.dev',
  ],
  [
    'neighbour: no state',
    () => neighbour.add({ dst: '10.0.0.1', dev: 1, state: 'fresh' as never }),
    'ERR_INVALID_ARG_VALUE',
    'neighbour.state',
  ],
  [
    'neighbour: a proxy with an address',
    () => neighbour.add({ dst: '10.0.0.1', dev: 1, proxy: true, lladdr: '02:00:00:00:00:01' }),
    'ERR_INVALID_ARG_VALUE',
    'neighbour.lladdr',
  ],
  [
    'neighbour: a scope',
    () => neighbour.delete({ dst: 'fe80::1%eth0', dev: 1 }),
    'ERR_INVALID_ARG_VALUE',
    'neighbour.dst',
  ],
  [
    'neighbour: thresholds of a link',
    () => neighbour.setTable({ family: 'inet', dev: 1, thresh1: 5 }),
    'ERR_INVALID_ARG_VALUE',
    'table.thresh1',
  ],
  [
    'fdb: no address',
    () => fdb.add({ dev: 1, mac: 'nonsense' }),
    'ERR_INVALID_ARG_VALUE',
    'fdb.mac',
  ],
  [
    'fdb: two destinations',
    () => fdb.add({ dev: 1, mac: '02:00:00:00:00:01', nhid: 1, dst: '10.0.0.1' }),
    'ERR_INVALID_ARG_VALUE',
    'fdb.dst',
  ],
  [
    'fdb: a VNI too large',
    () => fdb.add({ dev: 1, mac: '02:00:00:00:00:01', vni: 2 ** 24 }),
    'ERR_OUT_OF_RANGE',
    'fdb.vni',
  ],
  [
    'fdb: nowhere to look',
    () => fdb.get({ mac: '02:00:00:00:00:01' }),
    'ERR_INVALID_ARG_VALUE',
    'fdb.dev',
  ],
  [
    'mdb: no group',
    () => mdb.add({ dev: 1, port: 1, group: 'all' }),
    'ERR_INVALID_ARG_VALUE',
    'mdb.group',
  ],
  [
    'mdb: a source of the other family',
    () => mdb.add({ dev: 1, port: 1, group: '239.1.1.1', source: 'fd00::1' }),
    'ERR_INVALID_ARG_VALUE',
    'mdb.source',
  ],
  [
    'mdb: a source of a hardware address',
    () => mdb.add({ dev: 1, port: 1, group: '01:00:5e:00:00:01', source: '10.0.0.1' }),
    'ERR_INVALID_ARG_VALUE',
    'mdb.source',
  ],
  ['vlan: none', () => vlan.add({ dev: 1, vid: 0 }), 'ERR_OUT_OF_RANGE', 'vlan.vid'],
  [
    'vlan: a range backwards',
    () => vlan.add({ dev: 1, vid: 9, vidEnd: 8 }),
    'ERR_OUT_OF_RANGE',
    'vlan.vidEnd',
  ],
  [
    'vlan: a range as pvid',
    () => vlan.add({ dev: 1, vid: 1, vidEnd: 8, pvid: true }),
    'ERR_INVALID_ARG_VALUE',
    'vlan.pvid',
  ],
  [
    'vlan: no state',
    () => bodies(vlan.set({ dev: 1, vid: 1, state: 'open' as never })),
    'ERR_INVALID_ARG_VALUE',
    'state',
  ],
  ['nexthop: nothing', () => nexthop.add({ id: 1 }), 'ERR_INVALID_ARG_VALUE', 'nexthop'],
  [
    'nexthop: a group with a gateway',
    () => nexthop.add({ group: [{ id: 1 }], via: '10.0.0.1' }),
    'ERR_INVALID_ARG_VALUE',
    'nexthop.via',
  ],
  [
    'nexthop: an empty group',
    () => nexthop.add({ group: [] }),
    'ERR_INVALID_ARG_VALUE',
    'nexthop.group',
  ],
  [
    'nexthop: buckets of no resilient group',
    () => nexthop.add({ group: [{ id: 1 }], buckets: 5 }),
    'ERR_INVALID_ARG_VALUE',
    'nexthop.buckets',
  ],
  [
    'nexthop: a weight',
    () => bodies(nexthop.add({ group: [{ id: 1, weight: 0 }] })),
    'ERR_OUT_OF_RANGE',
    'weight',
  ],
  ['nsid: no namespace', () => nsid.get({} as never), 'ERR_INVALID_ARG_VALUE', 'netns'],
  ['nsid: a path', () => nsid.get('../x'), 'ERR_INVALID_ARG_VALUE', 'netns'],
  ['nsid: a number below zero', () => nsid.assign({ pid: 1 }, -1), 'ERR_OUT_OF_RANGE', 'id'],
];

describe('what is wrong is told by its path before anything is sent', () => {
  test.each(WRONG)('%s', (_name, make, code, path) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(path) }));
  });
});

describe('tun', () => {
  test('flags', () => {
    expect(planTun({ name: 'tun0' })).toEqual({
      name: 'tun0',
      flags: 0x1 | 0x1000 | 0x8000,
      moreFlags: 0x1 | 0x1000,
      queues: 1,
      owner: -1,
      group: -1,
      persist: -1,
    });
    expect(
      planTun({ mode: 'tap', queues: 4, vnetHeader: true, persist: true, owner: 7, group: 8 }),
    ).toEqual({
      name: '',
      flags: 0x2 | 0x1000 | 0x100 | 0x4000,
      moreFlags: 0x2 | 0x1000 | 0x100 | 0x4000,
      queues: 4,
      owner: 7,
      group: 8,
      persist: 1,
    });
    expect(
      planTun({ name: 'tap%d', packetInfo: true, exclusive: false, persist: false }),
    ).toMatchObject({
      flags: 0x1,
      persist: 0,
    });
  });

  test.each([
    [{ mode: 'bridge' }, 'tun.mode'],
    [{ queues: 0 }, 'tun.queues'],
    [{ queues: 257 }, 'tun.queues'],
    [{ queues: 2, multiQueue: false }, 'tun.multiQueue'],
    [{ napiFrags: true }, 'tun.napiFrags'],
    [{ name: 'sixteen-bytes-xx' }, 'tun.name'],
    [{ owner: -1 }, 'tun.owner'],
    [{ persistent: true }, 'tun.persistent'],
  ])('%j is refused', (spec, path) => {
    expect(() => planTun(spec as never)).toThrow(path);
  });
});

test('a namespace told by its descriptor is left to the sender, who knows it last', () => {
  const [body] = bodies(nsid.assign({ fd: 9 }, 7));
  expect(hex(body)).toBe('0000000008000300000000000800010007000000');
});

describe('the text of a bridge', () => {
  test('brctl show', () => {
    expect(
      formatBridges([
        { index: 1, name: 'br0', bridgeId: '8000.020000000001', stp: false, ports: ['v0', 'v1'] },
        { index: 2, name: 'br1', bridgeId: '8000.020000000002', stp: true, ports: [] },
      ]),
    ).toBe(
      [
        'bridge name  bridge id          STP enabled  interfaces',
        'br0          8000.020000000001  no           v0',
        '                                             v1',
        'br1          8000.020000000002  yes',
        '',
      ].join('\n'),
    );
  });

  test('brctl showmacs', () => {
    expect(
      formatMacs([
        { portNumber: 1, port: 'v0', mac: '02:00:00:00:00:01', local: true, age: 0 },
        { port: 'br0', mac: '02:00:00:00:00:02', local: false, vlan: 5, age: 12.5 },
      ]),
    ).toBe(
      [
        'port no  port  mac addr           vlan  is local?  ageing timer',
        '1        v0    02:00:00:00:00:01        yes        0.00',
        '-        br0   02:00:00:00:00:02  5     no         12.50',
        '',
      ].join('\n'),
    );
  });

  test('brctl showstp', () => {
    const text = formatStp({
      index: 1,
      name: 'br0',
      bridgeId: '8000.020000000001',
      designatedRoot: '8000.020000000001',
      rootPort: 0,
      rootPathCost: 0,
      stp: true,
      maxAge: 20,
      helloTime: 2,
      forwardDelay: 15,
      ageingTime: 300,
      helloTimer: 0.5,
      tcnTimer: 0,
      topologyChangeTimer: 0,
      gcTimer: 1,
      topologyChange: true,
      topologyChangeDetected: false,
      ports: [],
    });
    expect(text.split('\n')[0]).toBe('br0');
    expect(text).toMatch(/flags\s+TOPOLOGY_CHANGE$/m);
    expect(text).toMatch(/forward delay {2}15\.00$/m);
  });
});
