/** linux/rtnetlink.h */
export const RTM_NEWMDB = 84;
export const RTM_DELMDB = 85;
export const RTM_GETMDB = 86;

/** linux/if_bridge.h */
export const MDB_TEMPORARY = 0;
export const MDB_PERMANENT = 1;

/** Ethernet protocols (linux/if_ether.h), as br_mdb_entry tells the family of a group. */
export const ETH_P_IP = 0x0800;
export const ETH_P_IPV6 = 0x86dd;
