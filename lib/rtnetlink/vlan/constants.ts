/** linux/rtnetlink.h */
export const RTM_NEWVLAN = 112;
export const RTM_DELVLAN = 113;
export const RTM_GETVLAN = 114;

/** BRIDGE_VLAN_INFO_* of linux/if_bridge.h. */
export const BRIDGE_VLAN_INFO_MASTER = 0x01;
export const BRIDGE_VLAN_INFO_PVID = 0x02;
export const BRIDGE_VLAN_INFO_UNTAGGED = 0x04;
export const BRIDGE_VLAN_INFO_RANGE_BEGIN = 0x08;
export const BRIDGE_VLAN_INFO_RANGE_END = 0x10;
export const BRIDGE_VLAN_INFO_BRENTRY = 0x20;
export const BRIDGE_VLAN_INFO_ONLY_OPTS = 0x40;

/** BRIDGE_FLAGS_*: whose VLANs a message is about. */
export const BRIDGE_FLAGS_MASTER = 1;
export const BRIDGE_FLAGS_SELF = 2;

/** RTEXT_FILTER_* of linux/rtnetlink.h: what a dump of links tells of bridges. */
export const RTEXT_FILTER_BRVLAN = 0x2;
export const RTEXT_FILTER_BRVLAN_COMPRESSED = 0x4;

/** BRIDGE_VLANDB_DUMPF_*. */
export const BRIDGE_VLANDB_DUMPF_STATS = 1;
export const BRIDGE_VLANDB_DUMPF_GLOBAL = 2;
