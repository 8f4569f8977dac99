import { bits, oneOf, u16 } from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';

/** Links that share `link` and its MAC address by their IP address (since 3.19). Serves ipvtap too (4.12). */
export const ipvlan = table('ipvlan', {
  mode: attr(1, oneOf(u16, { l2: 0, l3: 1, l3s: 2 }), {
    kernel: 'IFLA_IPVLAN_MODE',
    since: '3.19',
    doc: "'l3s' since 4.9.",
  }),
  flags: attr(2, bits(u16, { private: 1, vepa: 2 }), {
    kernel: 'IFLA_IPVLAN_FLAGS',
    since: '4.15',
    doc: 'Neither is bridge mode, the default.',
  }),
});
