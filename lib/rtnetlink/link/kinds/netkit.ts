import { bool, oneOf, s32, u16, u32 } from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';
import { peer } from '../peer.ts';

/** What happens without a program: NETKIT_NEXT is TCX_NEXT, the rest TC_ACT_*. */
const policy = oneOf(s32, { next: -1, forward: 0, blackhole: 2, redirect: 7 });

/** Whether mark and priority are cleared on the way to the other namespace. */
const scrub = oneOf(u32, { none: 0, default: 1 });

/**
 * A pair of links that runs BPF programs where packets leave (since 6.7). Each end has one queue
 * unless `numTxQueues` and `numRxQueues` say otherwise: the kernel's default.
 */
export const netkit = table('netkit', {
  peer: attr(1, peer, {
    kernel: 'IFLA_NETKIT_PEER_INFO',
    since: '6.7',
    doc: 'The other end; the kernel never tells it back.',
  }),
  primary: attr(2, bool, { kernel: 'IFLA_NETKIT_PRIMARY', since: '6.7', readonly: true }),
  policy: attr(3, policy, { kernel: 'IFLA_NETKIT_POLICY', since: '6.7' }),
  peerPolicy: attr(4, policy, { kernel: 'IFLA_NETKIT_PEER_POLICY', since: '6.7' }),
  mode: attr(5, oneOf(u32, { l2: 0, l3: 1 }), {
    kernel: 'IFLA_NETKIT_MODE',
    since: '6.7',
    doc: "'l3' unless given.",
  }),
  scrub: attr(6, scrub, { kernel: 'IFLA_NETKIT_SCRUB', since: '6.13' }),
  peerScrub: attr(7, scrub, { kernel: 'IFLA_NETKIT_PEER_SCRUB', since: '6.13' }),
  headroom: attr(8, u16, { kernel: 'IFLA_NETKIT_HEADROOM', since: '6.14', doc: 'Bytes.' }),
  tailroom: attr(9, u16, { kernel: 'IFLA_NETKIT_TAILROOM', since: '6.14', doc: 'Bytes.' }),
  pairing: attr(10, oneOf(u32, { pair: 0, single: 1 }), {
    kernel: 'IFLA_NETKIT_PAIRING',
    since: '7.1',
  }),
});
