import { invalidValue } from '../../../errors.ts';
import { be16, type Codec, mac, oneOf, s32, u8, u16 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { compact, options } from '../../qdisc/kind.ts';
import { type ActionBase, type General, general, generalOf, times } from './general.ts';

const whatToDo = oneOf(s32, { pop: 1, push: 2, modify: 3, popEth: 4, pushEth: 5 });
const parameters: Codec<General & { action: VlanAction['action'] | number }> = struct('tc_vlan', {
  ...general,
  action: whatToDo,
});

/** TCA_VLAN_*. */
export const vlanActionTable = table('vlanAction', {
  times: attr(1, times, { kernel: 'TCA_VLAN_TM', readonly: true }),
  parms: attr(2, parameters, { kernel: 'TCA_VLAN_PARMS' }),
  id: attr(3, u16.range(0, 4095), { kernel: 'TCA_VLAN_PUSH_VLAN_ID' }),
  protocol: attr(4, oneOf(be16, { '802.1Q': 0x8100, '802.1ad': 0x88a8 }), {
    kernel: 'TCA_VLAN_PUSH_VLAN_PROTOCOL',
  }),
  priority: attr(6, u8.range(0, 7), { kernel: 'TCA_VLAN_PUSH_VLAN_PRIORITY', since: '4.7' }),
  ethDst: attr(7, mac, { kernel: 'TCA_VLAN_PUSH_ETH_DST', since: '5.11' }),
  ethSrc: attr(8, mac, { kernel: 'TCA_VLAN_PUSH_ETH_SRC', since: '5.11' }),
});

/** Puts a VLAN tag on, takes it off, or changes it. */
export interface VlanAction extends ActionBase {
  action: 'pop' | 'push' | 'modify' | 'popEth' | 'pushEth';
  /** With 'push' and 'modify'. */
  id?: number;
  protocol?: '802.1Q' | '802.1ad' | number;
  priority?: number;
  /** With 'pushEth' (since 5.11). */
  ethDst?: string;
  ethSrc?: string;
}

const NAMES = ['pop', 'push', 'modify', 'popEth', 'pushEth'] as const;

export const vlan = options<VlanAction, Infer<typeof vlanActionTable>>(vlanActionTable, {
  keys: ['control', 'index', 'action', 'id', 'protocol', 'priority', 'ethDst', 'ethSrc'],
  always: true,
  samples: [
    { action: 'push', id: 100, protocol: '802.1Q', priority: 3, control: 'pipe', index: 1 },
  ],
  toWire(spec, path) {
    const { control, index, action, ...rest } = spec;
    if (!NAMES.includes(action)) {
      throw invalidValue(`${path}.action`, action, `one of '${NAMES.join("', '")}'`);
    }
    if (action === 'push' && spec.id === undefined) {
      throw invalidValue(`${path}.id`, undefined, "a VLAN, with action 'push'");
    }
    return { parms: { ...generalOf(index, control ?? 'pipe'), action }, ...rest };
  },
  fromWire({ parms, id, protocol, priority, ethDst, ethSrc }) {
    const action = NAMES.find((name) => name === parms?.action) ?? 'pop';
    return compact<VlanAction>({
      action,
      id,
      protocol,
      priority,
      ethDst,
      ethSrc,
      control: parms?.control,
      index: parms?.index,
    });
  },
});
