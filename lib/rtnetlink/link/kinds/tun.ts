import { bool, oneOf, u8, u32 } from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';

/** A tun or tap link as the kernel tells it (since 4.17). Made through /dev/net/tun, never by RTM_NEWLINK. */
export const tun = table('tun', {
  owner: attr(1, u32, { kernel: 'IFLA_TUN_OWNER', since: '4.17', readonly: true, doc: 'A uid.' }),
  ownerGroup: attr(2, u32, {
    kernel: 'IFLA_TUN_GROUP',
    since: '4.17',
    readonly: true,
    doc: 'A gid.',
  }),
  mode: attr(3, oneOf(u8, { tun: 1, tap: 2 }), {
    kernel: 'IFLA_TUN_TYPE',
    since: '4.17',
    readonly: true,
  }),
  packetInfo: attr(4, bool, { kernel: 'IFLA_TUN_PI', since: '4.17', readonly: true }),
  vnetHeader: attr(5, bool, { kernel: 'IFLA_TUN_VNET_HDR', since: '4.17', readonly: true }),
  persist: attr(6, bool, { kernel: 'IFLA_TUN_PERSIST', since: '4.17', readonly: true }),
  multiQueue: attr(7, bool, { kernel: 'IFLA_TUN_MULTI_QUEUE', since: '4.17', readonly: true }),
  queues: attr(8, u32, {
    kernel: 'IFLA_TUN_NUM_QUEUES',
    since: '4.17',
    readonly: true,
    doc: 'Attached queues, with multiQueue.',
  }),
  disabledQueues: attr(9, u32, {
    kernel: 'IFLA_TUN_NUM_DISABLED_QUEUES',
    since: '4.17',
    readonly: true,
  }),
});
