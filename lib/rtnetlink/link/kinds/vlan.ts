import { array, be16, oneOf, u16, u32 } from '../../../wire/codecs.ts';
import { attr, struct, table } from '../../../wire/schema.ts';
import { flagsAndMask } from '../../masked.ts';

/** From one priority to another. */
const mapping = struct('ifla_vlan_qos_mapping', { from: u32, to: u32 });

/** IFLA_VLAN_QOS_MAPPING (1) repeated: each `{ from, to }`. */
const mappings = array(mapping, 1);

/** A VLAN on another link, which is `link` (since 2.6.23). */
export const vlan = table('vlan', {
  id: attr(1, u16.range(0, 4094), {
    kernel: 'IFLA_VLAN_ID',
    since: '2.6.23',
    doc: 'The VLAN, 0 to 4094.',
  }),
  flags: attr(
    2,
    flagsAndMask(u32, {
      reorderHeader: 0x1,
      gvrp: 0x2,
      looseBinding: 0x4,
      mvrp: 0x8,
      bridgeBinding: 0x10,
    }),
    {
      kernel: 'IFLA_VLAN_FLAGS',
      since: '2.6.23',
      doc: 'VLAN_FLAG_*; those left out stay as they are.',
    },
  ),
  egressQos: attr(3, mappings, {
    kernel: 'IFLA_VLAN_EGRESS_QOS',
    since: '2.6.23',
    doc: 'skb priority to the priority on the wire (0 to 7).',
  }),
  ingressQos: attr(4, mappings, {
    kernel: 'IFLA_VLAN_INGRESS_QOS',
    since: '2.6.23',
    doc: 'Priority on the wire (0 to 7) to skb priority.',
  }),
  protocol: attr(5, oneOf(be16, { '802.1Q': 0x8100, '802.1ad': 0x88a8 }), {
    kernel: 'IFLA_VLAN_PROTOCOL',
    since: '3.10',
  }),
});
