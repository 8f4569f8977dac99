import { be32, ipv4, ipv6, u32 } from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';
import { deviceOrNone } from '../../device.ts';

/** Virtual tunnel interfaces of IPsec: packets that match by key take the policy's transformation. */
const COMMON = {
  dev: attr(1, deviceOrNone, { kernel: 'IFLA_VTI_LINK', since: '3.6', doc: 'Bound to this link.' }),
  ikey: attr(2, be32, { kernel: 'IFLA_VTI_IKEY', since: '3.6', doc: 'Mark of received packets.' }),
  okey: attr(3, be32, { kernel: 'IFLA_VTI_OKEY', since: '3.6', doc: 'Mark of sent packets.' }),
  fwmark: attr(6, u32, { kernel: 'IFLA_VTI_FWMARK', since: '4.12' }),
};

/** Over IPv4 (since 3.6). */
export const vti = table('vti', {
  ...COMMON,
  local: attr(4, ipv4, { kernel: 'IFLA_VTI_LOCAL', since: '3.6' }),
  remote: attr(5, ipv4, { kernel: 'IFLA_VTI_REMOTE', since: '3.6' }),
});

/** Over IPv6 (since 3.12). */
export const vti6 = table('vti6', {
  ...COMMON,
  local: attr(4, ipv6, { kernel: 'IFLA_VTI_LOCAL', since: '3.12' }),
  remote: attr(5, ipv6, { kernel: 'IFLA_VTI_REMOTE', since: '3.12' }),
});
