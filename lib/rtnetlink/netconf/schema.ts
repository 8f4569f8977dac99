import { oneOf, s32, u8 } from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';

/** struct netconfmsg of linux/netconf.h. */
export const netconfMessage = struct('netconfmsg', { family: u8 });

/** NETCONFA_* of linux/netconf.h: sysctls of a link, of all, or of links to come. */
export const netconfTable = table('netconf', {
  ifindex: attr(1, s32, { kernel: 'NETCONFA_IFINDEX', doc: '-1 for all links, -2 for new ones.' }),
  forwarding: attr(2, s32, { kernel: 'NETCONFA_FORWARDING', readonly: true }),
  rpFilter: attr(3, oneOf(s32, { off: 0, strict: 1, loose: 2 }), {
    kernel: 'NETCONFA_RP_FILTER',
    readonly: true,
  }),
  mcForwarding: attr(4, s32, { kernel: 'NETCONFA_MC_FORWARDING', readonly: true }),
  proxyNeigh: attr(5, s32, { kernel: 'NETCONFA_PROXY_NEIGH', readonly: true }),
  ignoreRoutesWithLinkdown: attr(6, s32, {
    kernel: 'NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN',
    readonly: true,
  }),
  input: attr(7, s32, { kernel: 'NETCONFA_INPUT', since: '4.12', readonly: true }),
  bcForwarding: attr(8, s32, { kernel: 'NETCONFA_BC_FORWARDING', since: '4.19', readonly: true }),
});
