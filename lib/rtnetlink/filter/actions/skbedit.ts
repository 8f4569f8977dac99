import { boolean } from '../../../check.ts';
import { type Codec, oneOf, u16, u32, u64 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { formatHandle, parseHandle } from '../../qdisc/handle.ts';
import { compact, options } from '../../qdisc/kind.ts';
import { type ActionBase, type General, general, generalOf, times } from './general.ts';

const parameters: Codec<General> = struct('tc_skbedit', general);

/** TCA_SKBEDIT_*. */
export const skbeditTable = table('skbedit', {
  times: attr(1, times, { kernel: 'TCA_SKBEDIT_TM', readonly: true }),
  parms: attr(2, parameters, { kernel: 'TCA_SKBEDIT_PARMS' }),
  priority: attr(3, u32, { kernel: 'TCA_SKBEDIT_PRIORITY' }),
  queueMapping: attr(4, u16, { kernel: 'TCA_SKBEDIT_QUEUE_MAPPING' }),
  mark: attr(5, u32, { kernel: 'TCA_SKBEDIT_MARK' }),
  packetType: attr(7, oneOf(u16, { host: 0, broadcast: 1, multicast: 2, otherhost: 3 }), {
    kernel: 'TCA_SKBEDIT_PTYPE',
    since: '4.8',
  }),
  mask: attr(8, u32, { kernel: 'TCA_SKBEDIT_MASK', since: '4.11' }),
  flags: attr(9, u64, { kernel: 'TCA_SKBEDIT_FLAGS', since: '5.3' }),
  queueMappingMax: attr(10, u16, { kernel: 'TCA_SKBEDIT_QUEUE_MAPPING_MAX', since: '6.1' }),
});

/** Changes what the kernel notes beside a packet. */
export interface Skbedit extends ActionBase {
  /** The class it belongs to, '1:10'. */
  priority?: string | number;
  queueMapping?: number;
  queueMappingMax?: number;
  mark?: number;
  mask?: number;
  packetType?: 'host' | 'broadcast' | 'multicast' | 'otherhost' | number;
  /** Takes the priority from the DS field. */
  inheritDsField?: boolean;
}

const SKBEDIT_F_INHERITDSFIELD = 0x20;

export const skbedit = options<Skbedit, Infer<typeof skbeditTable>>(skbeditTable, {
  keys: [
    'control',
    'index',
    'priority',
    'queueMapping',
    'queueMappingMax',
    'mark',
    'mask',
    'packetType',
    'inheritDsField',
  ],
  always: true,
  samples: [
    {
      priority: '1:10',
      queueMapping: 3,
      mark: 7,
      mask: 255,
      packetType: 'host',
      control: 'pipe',
      index: 2,
    },
  ],
  toWire(spec, path) {
    const { control, index, priority, inheritDsField, ...rest } = spec;
    if (inheritDsField !== undefined) boolean(`${path}.inheritDsField`, inheritDsField);
    return {
      parms: generalOf(index, control ?? 'pipe'),
      ...rest,
      priority: priority === undefined ? undefined : parseHandle(`${path}.priority`, priority),
      flags: inheritDsField ? SKBEDIT_F_INHERITDSFIELD : undefined,
    };
  },
  fromWire: ({ parms, priority, queueMapping, queueMappingMax, mark, mask, packetType, flags }) =>
    compact<Skbedit>({
      priority: priority === undefined ? undefined : formatHandle(priority),
      queueMapping,
      queueMappingMax,
      mark,
      mask,
      packetType,
      inheritDsField:
        flags === undefined || (flags & SKBEDIT_F_INHERITDSFIELD) === 0 ? undefined : true,
      control: parms?.control,
      index: parms?.index,
    }),
});
