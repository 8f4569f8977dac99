/** linux/rtnetlink.h */
export const RTM_NEWNSID = 88;
export const RTM_DELNSID = 89;
export const RTM_GETNSID = 90;

/** linux/net_namespace.h: no id has been given. */
export const NETNSA_NSID_NOT_ASSIGNED = -1;
