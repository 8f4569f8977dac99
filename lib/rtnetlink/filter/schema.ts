import { binary, text, u32 } from '../../wire/codecs.ts';
import { attr, table, union } from '../../wire/schema.ts';
import { filterKinds } from './kinds/index.ts';

/** TCA_*: a filter. */
export const filterTable = table('filter', {
  kind: attr(1, text(15), { kernel: 'TCA_KIND' }),
  options: attr(2, union('kind', filterKinds), { kernel: 'TCA_OPTIONS' }),
  stats: attr(3, binary, { kernel: 'TCA_STATS', readonly: true }),
  chain: attr(11, u32, { kernel: 'TCA_CHAIN', since: '4.13' }),
  warning: attr(16, text(1023), { kernel: 'TCA_EXT_WARN_MSG', since: '6.3', readonly: true }),
});

export { gactTable } from './actions/gact.ts';
export { actionTable } from './actions/index.ts';
export { mirredTable } from './actions/mirred.ts';
export { policeTable } from './actions/police.ts';
export { skbeditTable } from './actions/skbedit.ts';
export { vlanActionTable } from './actions/vlan.ts';
export { flowerTable } from './kinds/flower-table.ts';
export { bpfTable, fwTable, matchallTable } from './kinds/simple.ts';
export { u32Table } from './kinds/u32.ts';
