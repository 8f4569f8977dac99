import { binary, type Codec, oneOf, u16 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { compact, options } from '../../qdisc/kind.ts';
import { type Control, control } from '../control.ts';
import { type ActionBase, type General, general, generalOf, times } from './general.ts';

const parameters: Codec<General> = struct('tc_gact', general);
const probability: Codec<{
  type: 'none' | 'random' | 'determ' | number;
  value: number;
  control: Control;
}> = struct('tc_gact_p', {
  type: oneOf(u16, { none: 0, random: 1, determ: 2 }),
  value: u16,
  control,
});

/** TCA_GACT_*. */
export const gactTable = table('gact', {
  times: attr(1, times, { kernel: 'TCA_GACT_TM', readonly: true }),
  parms: attr(2, parameters, { kernel: 'TCA_GACT_PARMS' }),
  probability: attr(3, probability, { kernel: 'TCA_GACT_PROB' }),
  pad: attr(4, binary, { kernel: 'TCA_GACT_PAD', readonly: true }),
});

/** Says what happens with a packet: 'drop', 'pass', … */
export interface Gact extends ActionBase {
  /** Something else for a share of the packets: at random or every so many-th. */
  chance?: { type: 'random' | 'determ'; value: number; control: Control };
}

export const gact = options<Gact, Infer<typeof gactTable>>(gactTable, {
  keys: ['control', 'index', 'chance'],
  always: true,
  samples: [{ control: 'drop', index: 1 }],
  toWire: ({ control: then, index, chance }) => ({
    parms: generalOf(index, then ?? 'pass'),
    probability: chance,
  }),
  fromWire: ({ parms, probability: chance }) =>
    compact<Gact>({
      control: parms?.control,
      index: parms?.index,
      chance:
        chance === undefined || (chance.type !== 'random' && chance.type !== 'determ')
          ? undefined
          : { type: chance.type, value: chance.value, control: chance.control },
    }),
});
