import { binary, text } from '../../wire/codecs.ts';
import { attr, table, union } from '../../wire/schema.ts';
import { sharedAttributes } from './attributes.ts';
import { kindTables, portTables } from './kinds/index.ts';

/** IFLA_LINKINFO: the kind of a link and of its master, with their attributes. */
export const linkInfo = table('linkinfo', {
  kind: attr(1, text(63), { kernel: 'IFLA_INFO_KIND' }),
  data: attr(2, union('kind', kindTables), { kernel: 'IFLA_INFO_DATA' }),
  xstats: attr(3, binary, { kernel: 'IFLA_INFO_XSTATS', readonly: true }),
  portKind: attr(4, text(63), { kernel: 'IFLA_INFO_SLAVE_KIND' }),
  port: attr(5, union('portKind', portTables), { kernel: 'IFLA_INFO_SLAVE_DATA' }),
});

/** Every attribute of a link message. */
export const linkTable = table('link', {
  ...sharedAttributes,
  linkinfo: attr(18, linkInfo, { kernel: 'IFLA_LINKINFO' }),
});

export { afSpec, inet6Spec, inetSpec, xdp } from './afspec.ts';
export { ifinfomsg } from './attributes.ts';
export { vfInfo } from './vf.ts';
