import { fdb } from '../../../lib/rtnetlink/fdb/api.ts';
import { mdb } from '../../../lib/rtnetlink/mdb/api.ts';
import { neighbour } from '../../../lib/rtnetlink/neighbour/api.ts';
import { nexthop } from '../../../lib/rtnetlink/nexthop/api.ts';
import { rule } from '../../../lib/rtnetlink/rule/api.ts';
import { vlan } from '../../../lib/rtnetlink/vlan/api.ts';
import type { Captured } from './types.ts';

/** What `ip` and `bridge` 7.1 send, with the request that says the same. */
export const capturedObjects: Captured[] = [
  [
    'ip rule add from 10.1.0.0/16 to 10.2.0.0/24 iif lo oif lo tos 0x10 fwmark 5/0xff table 1000 pref 100',
    () =>
      rule.add({
        from: '10.1.0.0/16',
        to: '10.2.0.0/24',
        iif: 'lo',
        oif: 'lo',
        tos: 0x10,
        fwmark: 5,
        fwmask: 0xff,
        table: 1000,
        priority: 100,
      }),
    '5c000000200005069110076b00000000021810100000000100000000080002000a010000080001000a020000070003006c6f0000070011006c6f000008000a000500000008001000ff00000008000f00e80300000800060064000000',
    {},
  ],
  [
    'ip rule add not from 10.1.0.1 lookup main suppress_prefixlength 0 pref 101 protocol static',
    () =>
      rule.add({
        not: true,
        from: '10.1.0.1',
        table: 'main',
        suppressPrefixLength: 0,
        priority: 101,
        protocol: 'static',
      }),
    '3c000000200005069110076b0000000002002000fe00000102000000080002000a01000108000e000000000008000600650000000500150004000000',
    {},
  ],
  [
    'ip -6 rule add from fd00::/64 table 10 pref 102 suppress_ifgroup 7',
    () => rule.add({ from: 'fd00::/64', table: 10, priority: 102, suppressGroup: 7 }),
    '40000000200005069210076b000000000a0040000a0000010000000014000200fd000000000000000000000000000000080006006600000008000d0007000000',
    {},
  ],
  [
    'ip rule add ipproto tcp sport 80 dport 1000-2000 uidrange 0-99 blackhole pref 103',
    () =>
      rule.add({
        ipProto: 'tcp',
        sport: 80,
        dport: { start: 1000, end: 2000 },
        uidRange: { start: 0, end: 99 },
        action: 'blackhole',
        priority: 103,
      }),
    '48000000200005069210076b000000000200000000000006000000000500160006000000080017005000500008001800e803d0070c00140000000000630000000800060067000000',
    {},
  ],
  [
    'ip rule add pref 104 goto 200',
    () => rule.add({ priority: 104, goto: 200 }),
    '2c000000200005069210076b00000000020000000000000200000000080006006800000008000400c8000000',
    {},
  ],
  [
    'ip rule add pref 105 l3mdev',
    () => rule.add({ priority: 105, l3mdev: true }),
    '2c000000200005069310076b0000000002000000000000010000000008000600690000000500130001000000',
    {},
  ],
  [
    'ip rule add pref 106 tun_id 7 prohibit',
    () => rule.add({ priority: 106, tunId: 7, action: 'prohibit' }),
    '30000000200005069310076b00000000020000000000000800000000080006006a0000000c000c000000000000000007',
    {},
  ],
  [
    'ip rule add pref 107 unreachable realms 3/4',
    () => rule.add({ priority: 107, action: 'unreachable', flow: 0x30004 }),
    '2c000000200005069310076b00000000020000000000000700000000080006006b00000008000b0004000300',
    {},
  ],
  [
    'ip rule del pref 103',
    () => rule.delete({ priority: 103 }),
    '24000000210005009410076b000000000200000000000000000000000800060067000000',
    {},
  ],
  [
    'ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev lo',
    () => neighbour.add({ dst: '10.0.0.5', lladdr: '02:00:00:00:00:05', dev: 1 }),
    '300000001c0005069510076b00000000020000000100000080000000080001000a0000050a0002000200000000050000',
    {},
  ],
  [
    'ip neigh replace 10.0.0.5 lladdr 02:00:00:00:00:06 dev lo nud reachable router extern_learn protocol zebra',
    () =>
      neighbour.replace({
        dst: '10.0.0.5',
        lladdr: '02:00:00:00:00:06',
        dev: 1,
        state: 'reachable',
        router: true,
        externLearn: true,
        protocol: 'zebra',
      }),
    '380000001c0005059510076b0000000002000000010000000200900005000c000b000000080001000a0000050a0002000200000000060000',
    {},
  ],
  [
    'ip neigh change fd00::5 lladdr 02:00:00:00:00:06 dev lo nud stale',
    () => neighbour.set({ dst: 'fd00::5', lladdr: '02:00:00:00:00:06', dev: 1, state: 'stale' }),
    '3c0000001c0005019510076b000000000a000000010000000400000014000100fd0000000000000000000000000000050a0002000200000000060000',
    {},
  ],
  [
    'ip neigh add proxy 10.0.0.6 dev lo',
    () => neighbour.add({ dst: '10.0.0.6', dev: 1, proxy: true }),
    '240000001c0005069610076b00000000020000000100000080000800080001000a000006',
    {},
  ],
  [
    'ip neigh add 10.0.0.7 dev lo managed',
    () => neighbour.add({ dst: '10.0.0.7', dev: 1, managed: true, state: 'none' }),
    '2c0000001c0005069610076b00000000020000000100000000000000080001000a00000708000f0001000000',
    {},
  ],
  [
    'ip neigh del 10.0.0.5 dev lo',
    () => neighbour.delete({ dst: '10.0.0.5', dev: 1 }),
    '240000001d0005009610076b00000000020000000100000080000000080001000a000005',
    {},
  ],
  [
    'ip neigh get 10.0.0.5 dev lo',
    () => neighbour.get({ dst: '10.0.0.5', dev: 1 }),
    '240000001e0001009510076b00000000020000000100000000000000080001000a000005',
    {},
  ],
  [
    'ip ntable change name arp_cache thresh1 100 thresh2 200 thresh3 300 gc_int 40000',
    () =>
      neighbour.setTable({
        family: 'inet',
        thresh1: 100,
        thresh2: 200,
        thresh3: 300,
        gcInterval: 40000,
      }),
    '48000000430005019710076b00000000020000000e0001006172705f6361636865000000080002006400000008000300c8000000080004002c0100000c000800409c000000000000',
    { 6: {} },
  ],
  [
    'bridge fdb add 02:00:00:00:00:01 dev lo dst 10.0.0.2 port 4790 vni 5 src_vni 6 via lo',
    () =>
      fdb.add({
        mac: '02:00:00:00:00:01',
        dev: 1,
        dst: '10.0.0.2',
        port: 4790,
        vni: 5,
        srcVni: 6,
        via: 1,
      }),
    '500000001c0005069810076b000000000700000001000000c00002000a0002000200000000010000080001000a0000020600060012b60000080007000500000008000b00060000000800080001000000',
    {},
  ],
  [
    'bridge fdb append 00:00:00:00:00:00 dev lo dst fd00::2',
    () => fdb.append({ mac: '00:00:00:00:00:00', dev: 1, dst: 'fd00::2' }),
    '3c0000001c00050c9810076b000000000700000001000000c00002000a000200000000000000000014000100fd000000000000000000000000000002',
    {},
  ],
  [
    'bridge fdb replace 02:00:00:00:00:01 dev lo master static vlan 7 extern_learn',
    () =>
      fdb.replace({
        mac: '02:00:00:00:00:01',
        dev: 1,
        master: true,
        state: 'static',
        vlan: 7,
        externLearn: true,
      }),
    '300000001c0005059910076b000000000700000001000000420014000a00020002000000000100000600050007000000',
    {},
  ],
  [
    'bridge fdb add 02:00:00:00:00:02 dev lo master dynamic sticky',
    () =>
      fdb.add({ mac: '02:00:00:00:00:02', dev: 1, master: true, state: 'dynamic', sticky: true }),
    '280000001c0005069a10076b000000000700000001000000020044000a0002000200000000020000',
    {},
  ],
  [
    'bridge fdb add 02:00:00:00:00:03 dev lo nhid 7 self permanent router use',
    () =>
      fdb.add({
        mac: '02:00:00:00:00:03',
        dev: 1,
        nhid: 7,
        self: true,
        state: 'permanent',
        router: true,
        use: true,
      }),
    '300000001c0005069b10076b000000000700000001000000c00083000a000200020000000003000008000d0007000000',
    {},
  ],
  [
    'bridge fdb del 02:00:00:00:00:01 dev lo dst 10.0.0.2',
    () => fdb.delete({ mac: '02:00:00:00:00:01', dev: 1, dst: '10.0.0.2' }),
    '300000001d0005009b10076b000000000700000001000000c00002000a0002000200000000010000080001000a000002',
    {},
  ],
  [
    'bridge fdb get 02:00:00:00:00:01 dev lo master vlan 5',
    () => fdb.get({ mac: '02:00:00:00:00:01', dev: 1, master: true, vlan: 5 }),
    '300000001e0001009c10076b000000000700000001000000000004000a00020002000000000100000600050005000000',
    {},
  ],
  [
    'bridge fdb flush dev lo vlan 5 dynamic nosticky',
    () => fdb.flush({ dev: 1, vlan: 5, dynamic: true, sticky: false }),
    '340000001d0005029c10076b000000000700000001000000000002000600050005000000050011004000000006001000c0000000',
    {},
  ],
  [
    'bridge mdb add dev lo port lo grp 239.1.1.1 permanent vid 5',
    () => mdb.add({ dev: 1, port: 1, group: '239.1.1.1', state: 'permanent', vid: 5 }),
    '38000000540005069c10076b000000000700000001000000200001000100000001000500ef01010100000000000000000000000008000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge mdb add dev lo port lo grp ff0e::1 src fd00::1',
    () => mdb.add({ dev: 1, port: 1, group: 'ff0e::1', source: 'fd00::1' }),
    '50000000540005069c10076b000000000700000001000000200001000100000000000000ff0e000000000000000000000000000186dd00001800028014000100fd000000000000000000000000000001',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge mdb add dev lo port lo grp 01:00:5e:00:00:01 permanent',
    () => mdb.add({ dev: 1, port: 1, group: '01:00:5e:00:00:01', state: 'permanent' }),
    '38000000540005069c10076b00000000070000000100000020000100010000000100000001005e0000010000000000000000000000000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge mdb del dev lo port lo grp 239.1.1.1',
    () => mdb.delete({ dev: 1, port: 1, group: '239.1.1.1' }),
    '38000000550005009d10076b000000000700000001000000200001000100000000000000ef01010100000000000000000000000008000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge vlan add dev lo vid 10 pvid untagged',
    () => vlan.add({ dev: 1, vid: 10, pvid: true, untagged: true }),
    '2c000000130005009d10076b00000000070000000100000000000000000000000c001a000800020006000a00',
    { 26: { 3: {} } },
  ],
  [
    'bridge vlan add dev lo vid 20-30 self',
    () => vlan.add({ dev: 1, vid: 20, vidEnd: 30, self: true }),
    '3c000000130005009e10076b00000000070000000100000000000000000000001c001a00060000000200000008000200080014000800020010001e00',
    { 26: { 3: {} } },
  ],
  [
    'bridge vlan del dev lo vid 20-30 master',
    () => vlan.delete({ dev: 1, vid: 20, vidEnd: 30, master: true }),
    '3c000000110005009e10076b00000000070000000100000000000000000000001c001a00060000000100000008000200080014000800020010001e00',
    { 26: {} },
  ],
  [
    'bridge vlan add dev lo vid 20-22 tunnel_info id 200-202',
    () => vlan.add({ dev: 1, vid: 20, vidEnd: 22, tunnelId: 200 }),
    '5c000000130005009e10076b00000000070000000100000000000000000000003c001a001c00030008000100c8000000060002001400000006000300080000001c00030008000100ca00000006000200160000000600030010000000',
    { 26: { 3: {} } },
  ],
  [
    'bridge vlan add dev lo vid 9 tunnel_info id 99',
    () => vlan.add({ dev: 1, vid: 9, tunnelId: 99 }),
    '40000000130005009e10076b000000000700000001000000000000000000000020001a001c000300080001006300000006000200090000000600030000000000',
    { 26: { 3: {} } },
  ],
  [
    'bridge vlan set dev lo vid 5-7 state blocking mcast_router 2',
    () => vlan.set({ dev: 1, vid: 5, vidEnd: 7, state: 'blocking', multicastRouter: 'permanent' }),
    '3c000000700005009f10076b000000000700000001000000240001800800010040000500060002000700000005000300040000000500060002000000',
    { 1: {} },
  ],
  [
    'bridge vlan global set dev lo vid 5 mcast_snooping 1 mcast_igmp_version 3 mcast_mld_version 2 mcast_last_member_count 2 mcast_startup_query_count 3 mcast_last_member_interval 100 mcast_membership_interval 26000 mcast_querier_interval 25500 mcast_query_interval 12500 mcast_query_response_interval 1000 mcast_startup_query_interval 3125 mcast_querier 1',
    () =>
      vlan.setGlobal({
        dev: 1,
        vid: 5,
        multicastSnooping: true,
        multicastIgmpVersion: 3,
        multicastMldVersion: 2,
        multicastLastMemberCount: 2,
        multicastStartupQueryCount: 3,
        multicastLastMemberInterval: 100,
        multicastMembershipInterval: 26000,
        multicastQuerierInterval: 25500,
        multicastQueryInterval: 12500,
        multicastQueryResponseInterval: 1000,
        multicastStartupQueryInterval: 3125,
        multicastQuerier: true,
      }),
    '9c000000700005009f10076b000000000700000001000000840002800600010005000000050003000100000005000400030000000500050002000000080006000200000008000700030000000c00080064000000000000000c000a0090650000000000000c000b009c630000000000000c000c00d4300000000000000c000d00e8030000000000000c000e00350c00000000000005000f0001000000',
    { 2: {} },
  ],
  [
    'ip nexthop add id 1 via 10.0.0.1 dev lo onlink protocol static',
    () => nexthop.add({ id: 1, via: '10.0.0.1', dev: 1, onlink: true, protocol: 'static' }),
    '30000000680005069e10076b0000000002000400040000000800010001000000080006000a0000010800050001000000',
    {},
  ],
  [
    'ip nexthop add id 2 blackhole',
    () => nexthop.add({ id: 2, blackhole: true }),
    '24000000680005069f10076b000000000200000000000000080001000200000004000400',
    {},
  ],
  [
    'ip nexthop add id 3 group 1,10/2,20',
    () =>
      nexthop.add({
        id: 3,
        group: [
          { id: 1, weight: 10 },
          { id: 2, weight: 20 },
        ],
      }),
    '34000000680005069f10076b00000000000000000000000008000100030000001400020001000000090000000200000013000000',
    {},
  ],
  [
    'ip nexthop add id 4 group 1/2 type resilient buckets 32 idle_timer 60 unbalanced_timer 300',
    () =>
      nexthop.add({
        id: 4,
        group: [{ id: 1 }, { id: 2 }],
        groupType: 'resilient',
        buckets: 32,
        idleTimer: 60,
        unbalancedTimer: 300,
      }),
    '58000000680005069f10076b000000000000000000000000080001000400000014000200010000000000000002000000000000001c000c800600010020000000080002007017000008000300307500000600030001000000',
    { 12: {} },
  ],
  [
    'ip nexthop replace id 5 via fd00::1 fdb',
    () => nexthop.replace({ id: 5, via: 'fd00::1', fdb: true }),
    '38000000680005059f10076b000000000a00000000000000080001000500000014000600fd00000000000000000000000000000104000b00',
    {},
  ],
  [
    'ip nexthop del id 5',
    () => nexthop.delete(5),
    '2000000069000500a010076b0000000000000000000000000800010005000000',
    {},
  ],
  [
    'ip rule add dscp 10 pref 108',
    () => rule.add({ dscp: 10, priority: 108 }),
    '2c00000020000506a010076b0000000002000000fe00000100000000050019000a000000080006006c000000',
    {},
  ],
  [
    'ip -6 rule add flowlabel 0x12345/0xfffff pref 109',
    () => rule.add({ flowLabel: 0x12345, flowLabelMask: 0xfffff, priority: 109 }),
    '3400000020000506a010076b000000000a000000fe0000010000000008001a000001234508001b00000fffff080006006d000000',
    {},
  ],
  [
    'ip rule add sport 0x50/0xff dscp 10/0x3e pref 110',
    () => rule.add({ sport: 0x50, sportMask: 0xff, dscp: 10, dscpMask: 0x3e, priority: 110 }),
    '4400000020000506a010076b0000000002000000fe00000100000000080017005000500006001c00ff000000050019000a00000005001e003e000000080006006e000000',
    {},
  ],
  [
    'ip nexthop add id 7 group 1,300/2 hw_stats on',
    () =>
      nexthop.add({ id: 7, group: [{ id: 1, weight: 300 }, { id: 2 }], hardwareStatistics: true }),
    '3c00000068000506a110076b000000000000000000000000080001000700000014000200010000002b01000002000000000000000800100001000000',
    {},
  ],
  [
    'bridge mdb replace dev lo port lo grp 239.1.1.1 src 10.0.0.1 filter_mode include source_list 10.0.0.2,10.0.0.3 proto bgp',
    () =>
      mdb.replace({
        dev: 1,
        port: 1,
        group: '239.1.1.1',
        source: '10.0.0.1',
        filterMode: 'include',
        sourceList: ['10.0.0.2', '10.0.0.3'],
        protocol: 'bgp',
      }),
    '7000000054000505a210076b000000000700000001000000200001000100000000000000ef0101010000000000000000000000000800000038000280080001000a00000105000300010000001c0002800c000180080001000a0000020c000180080001000a00000305000400ba000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge mdb replace dev lo port lo grp 239.1.1.1 filter_mode exclude source_list 10.0.0.2,10.0.0.3 proto bgp permanent',
    () =>
      mdb.replace({
        dev: 1,
        port: 1,
        group: '239.1.1.1',
        filterMode: 'exclude',
        sourceList: ['10.0.0.2', '10.0.0.3'],
        protocol: 'bgp',
        state: 'permanent',
      }),
    '6800000054000505a210076b000000000700000001000000200001000100000001000000ef010101000000000000000000000000080000003000028005000300000000001c0002800c000180080001000a0000020c000180080001000a00000305000400ba000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge mdb add dev lo port lo grp 239.1.1.1 dst 10.0.0.5 dst_port 4790 vni 7 src_vni 8 via lo',
    () =>
      mdb.add({
        dev: 1,
        port: 1,
        group: '239.1.1.1',
        dst: '10.0.0.5',
        dstPort: 4790,
        vni: 7,
        srcVni: 8,
        via: 1,
      }),
    '6400000054000506a210076b000000000700000001000000200001000100000000000000ef010101000000000000000000000000080000002c000280080005000a00000506000600b6120000080007000700000008000900080000000800080001000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge mdb get dev lo grp 239.1.1.1 vid 5',
    () => mdb.get({ dev: 1, group: '239.1.1.1', vid: 5 }),
    '3800000056000100a210076b000000000700000001000000200001000000000000000500ef01010100000000000000000000000008000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge mdb flush dev lo port lo vid 5 nopermanent src_vni 8',
    () => mdb.flush({ dev: 1, port: 1, vid: 5, permanent: false, srcVni: 8 }),
    '4c00000055000502a310076b000000000700000001000000200001000100000000000500000000000000000000000000000000000000000014000280080009000800000005000a0001000000',
    { 2: { 2: { '*': {} } } },
  ],
  [
    'bridge vlan set dev lo vid 5 neigh_suppress on mcast_max_groups 10',
    () => vlan.set({ dev: 1, vid: 5, neighbourSuppress: true, multicastMaxGroups: 10 }),
    '3400000070000500a310076b0000000007000000010000001c00018008000100400005000500090001000000080008000a000000',
    { 1: {} },
  ],
  [
    'bridge fdb add 02:00:00:00:00:04 dev lo activity_notify inactive norefresh master',
    () =>
      fdb.add({
        mac: '02:00:00:00:00:04',
        dev: 1,
        master: true,
        activityNotify: true,
        inactive: true,
        noRefresh: true,
      }),
    '380000001c000506a310076b000000000700000001000000c00004000a000200020000000004000010000e80050001000300000004000200',
    { 14: {} },
  ],
];
