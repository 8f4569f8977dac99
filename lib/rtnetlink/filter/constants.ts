/** Ethernet protocols that a filter may be for (linux/if_ether.h), by the names `tc` has. */
export const PROTOCOLS = {
  all: 0x0003,
  ip: 0x0800,
  arp: 0x0806,
  '802.1Q': 0x8100,
  '802.1ad': 0x88a8,
  ipv6: 0x86dd,
  mpls_uc: 0x8847,
  mpls_mc: 0x8848,
  pppoe_ses: 0x8864,
  lldp: 0x88cc,
} as const;
export type FilterProtocol = keyof typeof PROTOCOLS;

/** TC_ACT_* of linux/pkt_cls.h, by the words of `tc`. */
export const CONTROLS = {
  continue: -1,
  ok: 0,
  pass: 0,
  reclassify: 1,
  drop: 2,
  pipe: 3,
  stolen: 4,
  queued: 5,
  repeat: 6,
  redirect: 7,
  trap: 8,
} as const;

/** TC_ACT_JUMP and TC_ACT_GOTO_CHAIN: the number is in the low 28 bits. */
export const TC_ACT_JUMP = 0x10000000;
export const TC_ACT_GOTO_CHAIN = 0x20000000;
export const TC_ACT_EXT_VAL_MASK = 0x0fffffff;

/** TCA_CLS_FLAGS_*. */
export const TCA_CLS_FLAGS_SKIP_HW = 0x1;
export const TCA_CLS_FLAGS_SKIP_SW = 0x2;
