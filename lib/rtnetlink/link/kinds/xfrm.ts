import { flag, u32 } from '../../../wire/codecs.ts';
import { attr, table } from '../../../wire/schema.ts';
import { device } from '../../device.ts';

/** An IPsec interface: policies and states with the same identifier belong to it (since 4.19). */
export const xfrm = table('xfrm', {
  dev: attr(1, device, {
    kernel: 'IFLA_XFRM_LINK',
    since: '4.19',
    doc: 'The link underneath.',
  }),
  ifId: attr(2, u32, { kernel: 'IFLA_XFRM_IF_ID', since: '4.19', doc: 'Not 0.' }),
  external: attr(3, flag, { kernel: 'IFLA_XFRM_COLLECT_METADATA', since: '6.1' }),
});
