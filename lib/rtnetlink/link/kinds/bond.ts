import {
  array,
  bits,
  bool,
  ipv4,
  ipv6,
  mac,
  oneOf,
  s32,
  u8,
  u16,
  u32,
} from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';
import { deviceOrNone } from '../../device.ts';

/** What 802.3ad has agreed on. */
export const bondAdInfo = table('bond_ad_info', {
  aggregator: attr(1, u16, { kernel: 'IFLA_BOND_AD_INFO_AGGREGATOR', since: '3.14' }),
  ports: attr(2, u16, { kernel: 'IFLA_BOND_AD_INFO_NUM_PORTS', since: '3.14' }),
  actorKey: attr(3, u16, { kernel: 'IFLA_BOND_AD_INFO_ACTOR_KEY', since: '3.14' }),
  partnerKey: attr(4, u16, { kernel: 'IFLA_BOND_AD_INFO_PARTNER_KEY', since: '3.14' }),
  partnerMac: attr(5, mac, { kernel: 'IFLA_BOND_AD_INFO_PARTNER_MAC', since: '3.14' }),
});

/** Links bound together into one (drivers/net/bonding). Times in milliseconds. */
export const bond = table('bond', {
  mode: attr(
    1,
    oneOf(u8, {
      'balance-rr': 0,
      'active-backup': 1,
      'balance-xor': 2,
      broadcast: 3,
      '802.3ad': 4,
      'balance-tlb': 5,
      'balance-alb': 6,
    }),
    { kernel: 'IFLA_BOND_MODE', since: '3.9' },
  ),
  activeSlave: attr(2, deviceOrNone, {
    kernel: 'IFLA_BOND_ACTIVE_SLAVE',
    since: '3.9',
    doc: '0 lets the bond choose.',
  }),
  miimon: attr(3, u32, {
    kernel: 'IFLA_BOND_MIIMON',
    since: '3.14',
    doc: 'How often links are looked at.',
  }),
  upDelay: attr(4, u32, { kernel: 'IFLA_BOND_UPDELAY', since: '3.14' }),
  downDelay: attr(5, u32, { kernel: 'IFLA_BOND_DOWNDELAY', since: '3.14' }),
  useCarrier: attr(6, bool, { kernel: 'IFLA_BOND_USE_CARRIER', since: '3.14' }),
  arpInterval: attr(7, u32, { kernel: 'IFLA_BOND_ARP_INTERVAL', since: '3.14' }),
  arpIpTarget: attr(8, array(ipv4, 'index'), {
    kernel: 'IFLA_BOND_ARP_IP_TARGET',
    since: '3.14',
    doc: 'At most 16.',
  }),
  arpValidate: attr(
    9,
    oneOf(u32, {
      none: 0,
      active: 1,
      backup: 2,
      all: 3,
      filter: 4,
      filter_active: 5,
      filter_backup: 6,
    }),
    { kernel: 'IFLA_BOND_ARP_VALIDATE', since: '3.14' },
  ),
  arpAllTargets: attr(10, oneOf(u32, { any: 0, all: 1 }), {
    kernel: 'IFLA_BOND_ARP_ALL_TARGETS',
    since: '3.14',
  }),
  primary: attr(11, deviceOrNone, { kernel: 'IFLA_BOND_PRIMARY', since: '3.14' }),
  primaryReselect: attr(12, oneOf(u8, { always: 0, better: 1, failure: 2 }), {
    kernel: 'IFLA_BOND_PRIMARY_RESELECT',
    since: '3.14',
  }),
  failOverMac: attr(13, oneOf(u8, { none: 0, active: 1, follow: 2 }), {
    kernel: 'IFLA_BOND_FAIL_OVER_MAC',
    since: '3.14',
  }),
  xmitHashPolicy: attr(
    14,
    oneOf(u8, {
      layer2: 0,
      'layer3+4': 1,
      'layer2+3': 2,
      'encap2+3': 3,
      'encap3+4': 4,
      'vlan+srcmac': 5,
    }),
    { kernel: 'IFLA_BOND_XMIT_HASH_POLICY', since: '3.14' },
  ),
  resendIgmp: attr(15, u32.range(0, 255), { kernel: 'IFLA_BOND_RESEND_IGMP', since: '3.14' }),
  numPeerNotif: attr(16, u8, {
    kernel: 'IFLA_BOND_NUM_PEER_NOTIF',
    since: '3.14',
    doc: 'Gratuitous ARPs and unsolicited neighbour advertisements after a failover.',
  }),
  allSlavesActive: attr(17, bool, { kernel: 'IFLA_BOND_ALL_SLAVES_ACTIVE', since: '3.14' }),
  minLinks: attr(18, u32, { kernel: 'IFLA_BOND_MIN_LINKS', since: '3.14' }),
  lpInterval: attr(19, u32, {
    kernel: 'IFLA_BOND_LP_INTERVAL',
    since: '3.14',
    doc: 'Seconds between learning packets.',
  }),
  packetsPerSlave: attr(20, u32.range(0, 65535), {
    kernel: 'IFLA_BOND_PACKETS_PER_SLAVE',
    since: '3.14',
    doc: 'With balance-rr; 0 is random.',
  }),
  lacpRate: attr(21, oneOf(u8, { slow: 0, fast: 1 }), {
    kernel: 'IFLA_BOND_AD_LACP_RATE',
    since: '3.14',
  }),
  adSelect: attr(22, oneOf(u8, { stable: 0, bandwidth: 1, count: 2, actor_port_prio: 3 }), {
    kernel: 'IFLA_BOND_AD_SELECT',
    since: '3.14',
  }),
  adInfo: attr(23, bondAdInfo, { kernel: 'IFLA_BOND_AD_INFO', since: '3.14', readonly: true }),
  adActorSysPrio: attr(24, u16.range(1, 65535), {
    kernel: 'IFLA_BOND_AD_ACTOR_SYS_PRIO',
    since: '4.2',
  }),
  adUserPortKey: attr(25, u16.range(0, 1023), {
    kernel: 'IFLA_BOND_AD_USER_PORT_KEY',
    since: '4.2',
  }),
  adActorSystem: attr(26, mac, { kernel: 'IFLA_BOND_AD_ACTOR_SYSTEM', since: '4.2' }),
  tlbDynamicLb: attr(27, bool, { kernel: 'IFLA_BOND_TLB_DYNAMIC_LB', since: '4.3' }),
  peerNotifDelay: attr(28, u32, { kernel: 'IFLA_BOND_PEER_NOTIF_DELAY', since: '5.3' }),
  adLacpActive: attr(29, oneOf(u8, { off: 0, on: 1 }), {
    kernel: 'IFLA_BOND_AD_LACP_ACTIVE',
    since: '5.15',
  }),
  missedMax: attr(30, u8.range(1, 255), {
    kernel: 'IFLA_BOND_MISSED_MAX',
    since: '5.17',
    doc: 'Missed ARP answers until a link counts as down.',
  }),
  nsIp6Target: attr(31, array(ipv6, 'index'), {
    kernel: 'IFLA_BOND_NS_IP6_TARGET',
    since: '5.18',
    doc: 'At most 16.',
  }),
  coupledControl: attr(32, bool, { kernel: 'IFLA_BOND_COUPLED_CONTROL', since: '6.9' }),
  broadcastNeighbour: attr(33, bool, { kernel: 'IFLA_BOND_BROADCAST_NEIGH', since: '6.17' }),
  lacpStrict: attr(34, bool, { kernel: 'IFLA_BOND_LACP_STRICT', since: '7.1' }),
});

/** 802.3ad port states (LACP_STATE_*). */
const portState = {
  active: 0x01,
  shortTimeout: 0x02,
  aggregating: 0x04,
  inSync: 0x08,
  collecting: 0x10,
  distributing: 0x20,
  defaulted: 0x40,
  expired: 0x80,
};

const churn = oneOf(u8, { monitor: 0, churn: 1, noChurn: 2 });

/** A link inside a bond. */
export const bondSlave = table('bond_slave', {
  state: attr(1, oneOf(u8, { active: 0, backup: 1 }), {
    kernel: 'IFLA_BOND_SLAVE_STATE',
    since: '3.14',
    readonly: true,
  }),
  miiStatus: attr(2, oneOf(u8, { up: 0, goingDown: 1, down: 2, goingBack: 3 }), {
    kernel: 'IFLA_BOND_SLAVE_MII_STATUS',
    since: '3.14',
    readonly: true,
  }),
  linkFailureCount: attr(3, u32, {
    kernel: 'IFLA_BOND_SLAVE_LINK_FAILURE_COUNT',
    since: '3.14',
    readonly: true,
  }),
  permanentAddress: attr(4, mac, {
    kernel: 'IFLA_BOND_SLAVE_PERM_HWADDR',
    since: '3.14',
    readonly: true,
  }),
  queueId: attr(5, u16, { kernel: 'IFLA_BOND_SLAVE_QUEUE_ID', since: '3.14' }),
  adAggregatorId: attr(6, u16, {
    kernel: 'IFLA_BOND_SLAVE_AD_AGGREGATOR_ID',
    since: '3.14',
    readonly: true,
  }),
  adActorOperPortState: attr(7, bits(u8, portState), {
    kernel: 'IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE',
    since: '4.13',
    readonly: true,
  }),
  adPartnerOperPortState: attr(8, bits(u16, portState), {
    kernel: 'IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE',
    since: '4.13',
    readonly: true,
  }),
  prio: attr(9, s32, {
    kernel: 'IFLA_BOND_SLAVE_PRIO',
    since: '6.0',
    doc: 'The higher, the sooner it is chosen.',
  }),
  actorPortPrio: attr(10, u16, { kernel: 'IFLA_BOND_SLAVE_ACTOR_PORT_PRIO', since: '6.18' }),
  churnActorState: attr(11, churn, {
    kernel: 'IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE',
    since: '7.0',
    readonly: true,
  }),
  churnPartnerState: attr(12, churn, {
    kernel: 'IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE',
    since: '7.0',
    readonly: true,
  }),
});
