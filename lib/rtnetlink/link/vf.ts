import { array, be16, bytes, u32, u64, u64big } from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';

const vfMac = struct('ifla_vf_mac', { vf: u32, mac: bytes(32) });
const setting = struct('ifla_vf_setting', { vf: u32, setting: u32 });
const guid = struct('ifla_vf_guid', { vf: u32, guid: u64big });

const vlanInfo = table('vf_vlan_list', {
  info: attr(1, struct('ifla_vf_vlan_info', { vf: u32, vlan: u32, qos: u32, protocol: be16 }), {
    kernel: 'IFLA_VF_VLAN_INFO',
    since: '4.9',
  }),
});

const vfStats = table('vf_stats', {
  rxPackets: attr(0, u64, { kernel: 'IFLA_VF_STATS_RX_PACKETS' }),
  txPackets: attr(1, u64, { kernel: 'IFLA_VF_STATS_TX_PACKETS' }),
  rxBytes: attr(2, u64, { kernel: 'IFLA_VF_STATS_RX_BYTES' }),
  txBytes: attr(3, u64, { kernel: 'IFLA_VF_STATS_TX_BYTES' }),
  broadcast: attr(4, u64, { kernel: 'IFLA_VF_STATS_BROADCAST' }),
  multicast: attr(5, u64, { kernel: 'IFLA_VF_STATS_MULTICAST' }),
  rxDropped: attr(7, u64, { kernel: 'IFLA_VF_STATS_RX_DROPPED' }),
  txDropped: attr(8, u64, { kernel: 'IFLA_VF_STATS_TX_DROPPED' }),
});

/** A virtual function of an SR-IOV device (IFLA_VF_INFO). */
export const vfInfo = table('vf_info', {
  mac: attr(1, vfMac, { kernel: 'IFLA_VF_MAC' }),
  vlan: attr(2, struct('ifla_vf_vlan', { vf: u32, vlan: u32, qos: u32 }), {
    kernel: 'IFLA_VF_VLAN',
  }),
  txRate: attr(3, struct('ifla_vf_tx_rate', { vf: u32, rate: u32 }), { kernel: 'IFLA_VF_TX_RATE' }),
  spoofCheck: attr(4, setting, { kernel: 'IFLA_VF_SPOOFCHK' }),
  linkState: attr(5, setting, { kernel: 'IFLA_VF_LINK_STATE' }),
  rate: attr(6, struct('ifla_vf_rate', { vf: u32, minTxRate: u32, maxTxRate: u32 }), {
    kernel: 'IFLA_VF_RATE',
  }),
  rssQuery: attr(7, setting, { kernel: 'IFLA_VF_RSS_QUERY_EN' }),
  stats: attr(8, vfStats, { kernel: 'IFLA_VF_STATS' }),
  trust: attr(9, setting, { kernel: 'IFLA_VF_TRUST' }),
  ibNodeGuid: attr(10, guid, { kernel: 'IFLA_VF_IB_NODE_GUID' }),
  ibPortGuid: attr(11, guid, { kernel: 'IFLA_VF_IB_PORT_GUID' }),
  vlanList: attr(12, vlanInfo, { kernel: 'IFLA_VF_VLAN_LIST' }),
  broadcast: attr(13, bytes(32), { kernel: 'IFLA_VF_BROADCAST', since: '5.3' }),
});

export const vfInfoList = array(vfInfo, 1);
