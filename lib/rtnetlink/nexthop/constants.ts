/** linux/rtnetlink.h */
export const RTM_NEWNEXTHOP = 104;
export const RTM_DELNEXTHOP = 105;
export const RTM_GETNEXTHOP = 106;
export const RTM_GETNEXTHOPBUCKET = 118;

/** RTNH_F_* of linux/rtnetlink.h. */
export const RTNH_F_DEAD = 0x01;
export const RTNH_F_ONLINK = 0x04;
export const RTNH_F_OFFLOAD = 0x08;
export const RTNH_F_LINKDOWN = 0x10;
export const RTNH_F_TRAP = 0x40;

/** NHA_OP_FLAG_* of linux/nexthop.h. */
export const NHA_OP_FLAG_DUMP_STATS = 1;
export const NHA_OP_FLAG_DUMP_HW_STATS = 2;
