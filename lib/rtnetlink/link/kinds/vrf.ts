import { u32 } from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';

/** Virtual routing and forwarding: its ports look up routes in its table (since 4.3). */
export const vrf = table('vrf', {
  table: attr(1, u32, { kernel: 'IFLA_VRF_TABLE', since: '4.3', doc: 'The routing table.' }),
});

/** What a port of a vrf tells. */
export const vrfSlave = table('vrf_slave', {
  table: attr(1, u32, { kernel: 'IFLA_VRF_PORT_TABLE', since: '4.5', readonly: true }),
});
