import { device as checkDevice } from '../../../check.ts';
import { invalidValue } from '../../../errors.ts';
import type { Dev } from '../../../netlink/request.ts';
import { type Codec, s32, u32 } from '../../../wire/codecs.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { deviceOrNone } from '../../device.ts';
import { compact, options } from '../../qdisc/kind.ts';
import { type ActionBase, type General, general, generalOf, times } from './general.ts';

const parameters: Codec<General & { action: number; dev: Dev | 0 }> = struct('tc_mirred', {
  ...general,
  action: s32,
  dev: deviceOrNone,
});

/** TCA_MIRRED_*. */
export const mirredTable = table('mirred', {
  times: attr(1, times, { kernel: 'TCA_MIRRED_TM', readonly: true }),
  parms: attr(2, parameters, { kernel: 'TCA_MIRRED_PARMS' }),
  block: attr(4, u32, { kernel: 'TCA_MIRRED_BLOCKID', since: '6.8' }),
});

/** Sends a packet, or a copy, by another link. */
export interface Mirred extends ActionBase {
  /** 'redirect' takes the packet away, 'mirror' copies it. */
  action: 'redirect' | 'mirror';
  /** As if the other link sent it, or as if it received it. Default 'egress'. */
  direction?: 'egress' | 'ingress';
  dev?: Dev;
  /** All links of a block instead of `dev` (since 6.8). */
  block?: number;
}

/** TCA_EGRESS_REDIR and so on of linux/tc_act/tc_mirred.h. */
const ACTIONS: readonly [Mirred['action'], NonNullable<Mirred['direction']>][] = [
  ['redirect', 'egress'],
  ['mirror', 'egress'],
  ['redirect', 'ingress'],
  ['mirror', 'ingress'],
];

export const mirred = options<Mirred, Infer<typeof mirredTable>>(mirredTable, {
  keys: ['control', 'index', 'action', 'direction', 'dev', 'block'],
  always: true,
  samples: [{ action: 'redirect', direction: 'egress', dev: 7, control: 'stolen', index: 1 }],
  toWire(spec, path) {
    const { action, direction = 'egress' } = spec;
    const number = ACTIONS.findIndex(([one, way]) => one === action && way === direction) + 1;
    if (number === 0) {
      const known = action === 'redirect' || action === 'mirror';
      if (known) throw invalidValue(`${path}.direction`, direction, "'egress' or 'ingress'");
      throw invalidValue(`${path}.action`, action, "'redirect' or 'mirror'");
    }
    if (spec.block === undefined) checkDevice(`${path}.dev`, spec.dev);
    else if (spec.dev !== undefined)
      throw invalidValue(`${path}.dev`, spec.dev, 'left out with block');
    const then = spec.control ?? (action === 'redirect' ? 'stolen' : 'pipe');
    return {
      parms: { ...generalOf(spec.index, then), action: number, dev: spec.dev ?? 0 },
      block: spec.block,
    };
  },
  fromWire({ parms, block }) {
    const [action, direction] = ACTIONS[(parms?.action ?? 1) - 1] ?? ACTIONS[0];
    return compact<Mirred>({
      action,
      direction,
      dev: parms?.dev === 0 ? undefined : parms?.dev,
      block,
      control: parms?.control,
      index: parms?.index,
    });
  },
});
