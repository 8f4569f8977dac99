import { array, bits, mac, oneOf, s32, u16, u32 } from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';

/** IFLA_MACVLAN_MACADDR, repeated inside IFLA_MACVLAN_MACADDR_DATA. */
const addresses = array(mac, 4);

/** Links that share `link` by their MAC address. Serves macvtap too. */
export const macvlan = table('macvlan', {
  mode: attr(1, oneOf(u32, { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 }), {
    kernel: 'IFLA_MACVLAN_MODE',
    since: '2.6.33',
    doc: "'source' since 3.18.",
  }),
  flags: attr(2, bits(u16, { nopromisc: 1, nodst: 2 }), {
    kernel: 'IFLA_MACVLAN_FLAGS',
    since: '3.4',
    doc: "MACVLAN_FLAG_*; 'nodst' since 5.13.",
  }),
  macAddressMode: attr(3, oneOf(u32, { add: 0, del: 1, flush: 2, set: 3 }), {
    kernel: 'IFLA_MACVLAN_MACADDR_MODE',
    since: '3.18',
    doc: 'What to do with the source addresses; told, never read back.',
  }),
  macAddress: attr(4, mac, {
    kernel: 'IFLA_MACVLAN_MACADDR',
    since: '3.18',
    doc: 'The one address to add or delete.',
  }),
  macAddresses: attr(5, addresses, {
    kernel: 'IFLA_MACVLAN_MACADDR_DATA',
    since: '3.18',
    doc: 'Source addresses: the list to set, and the list as it is.',
  }),
  macAddressCount: attr(6, u32, {
    kernel: 'IFLA_MACVLAN_MACADDR_COUNT',
    since: '3.18',
    readonly: true,
  }),
  broadcastQueueLen: attr(7, u32, { kernel: 'IFLA_MACVLAN_BC_QUEUE_LEN', since: '5.11' }),
  broadcastQueueLenUsed: attr(8, u32, {
    kernel: 'IFLA_MACVLAN_BC_QUEUE_LEN_USED',
    since: '5.11',
    readonly: true,
    doc: 'The longest that any macvlan of the same link asked for.',
  }),
  broadcastCutoff: attr(9, s32, {
    kernel: 'IFLA_MACVLAN_BC_CUTOFF',
    since: '6.4',
    doc: 'More multicast receivers than this are served from a queue; -1 never.',
  }),
});
