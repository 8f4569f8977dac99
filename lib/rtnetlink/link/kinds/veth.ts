import { attr, table } from '../../../wire/schema.ts';
import { peer } from '../peer.ts';

/** A pair of links: what one sends, the other receives. */
export const veth = table('veth', {
  peer: attr(1, peer, {
    kernel: 'VETH_INFO_PEER',
    doc: 'The other end; the kernel never tells it back.',
  }),
});
