/** linux/rtnetlink.h */
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;

/** IFA_F_* of linux/if_addr.h, by the words of ip-address(8). */
export const ADDRESS_FLAGS = {
  secondary: 0x01,
  noDad: 0x02,
  optimistic: 0x04,
  dadFailed: 0x08,
  home: 0x10,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  mngTmpAddr: 0x100,
  noPrefixRoute: 0x200,
  autoJoin: 0x400,
  stablePrivacy: 0x800,
} as const;

export type AddressFlag = keyof typeof ADDRESS_FLAGS;

/** Those that a caller may set; the others are the kernel's to tell. */
export const SETTABLE_FLAGS = [
  'noDad',
  'optimistic',
  'home',
  'mngTmpAddr',
  'noPrefixRoute',
  'autoJoin',
] as const;

export type SettableFlag = (typeof SETTABLE_FLAGS)[number];

/** IFAPROT_* of linux/if_addr.h. */
export const ADDRESS_PROTOCOLS = { unspec: 0, lo: 1, ra: 2, ll: 3 } as const;

/** INFINITY_LIFE_TIME of net/addrconf.h. */
export const FOREVER = 0xffff_ffff;
