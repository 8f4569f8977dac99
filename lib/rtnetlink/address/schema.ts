import { ip, oneOf, s32, text, u8, u32 } from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';
import { ADDRESS_PROTOCOLS } from './constants.ts';

/** struct ifaddrmsg of linux/if_addr.h. */
export const ifaddrmsg = struct('ifaddrmsg', {
  family: u8,
  prefixLength: u8,
  flags: u8,
  scope: u8,
  index: u32,
});

/** struct ifa_cacheinfo: lifetimes in seconds, and times in clock ticks since the machine was booted. */
export const addressCacheInfo = struct('ifa_cacheinfo', {
  preferred: u32,
  valid: u32,
  created: u32,
  updated: u32,
});

/** IFA_* of linux/if_addr.h. */
export const addressTable = table('address', {
  address: attr(1, ip, {
    kernel: 'IFA_ADDRESS',
    doc: 'the far end of a point-to-point link, else as local',
  }),
  local: attr(2, ip, { kernel: 'IFA_LOCAL' }),
  label: attr(3, text(15), { kernel: 'IFA_LABEL' }),
  broadcast: attr(4, ip, { kernel: 'IFA_BROADCAST' }),
  anycast: attr(5, ip, { kernel: 'IFA_ANYCAST', readonly: true }),
  cacheInfo: attr(6, addressCacheInfo, { kernel: 'IFA_CACHEINFO' }),
  multicast: attr(7, ip, { kernel: 'IFA_MULTICAST', readonly: true }),
  flags: attr(8, u32, { kernel: 'IFA_FLAGS', since: '3.14' }),
  metric: attr(9, u32, { kernel: 'IFA_RT_PRIORITY', since: '4.18' }),
  targetNetnsId: attr(10, s32, { kernel: 'IFA_TARGET_NETNSID', since: '4.20', readonly: true }),
  protocol: attr(11, oneOf(u8, ADDRESS_PROTOCOLS), { kernel: 'IFA_PROTO', since: '5.18' }),
});
