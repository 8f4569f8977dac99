import { type Codec, s32, u32, u64 } from '../../../wire/codecs.ts';
import { struct } from '../../../wire/schema.ts';
import { type Control, control } from '../control.ts';

/** The beginning of every action's struct (tc_gen of linux/pkt_cls.h). */
export interface General {
  index: number;
  capabilities: number;
  control: Control;
  references: number;
  bindings: number;
}

export const general = {
  index: u32,
  capabilities: u32,
  control,
  references: s32,
  bindings: s32,
};

/** What an action that is to be made says there: the kernel chooses an index for 0. */
export function generalOf(index: number | undefined, then: Control): General {
  return { index: index ?? 0, capabilities: 0, control: then, references: 0, bindings: 0 };
}

/** struct tcf_t: hundredths of a second since. */
export const times: Codec<{
  installed: number;
  lastUsed: number;
  expires: number;
  firstUsed: number;
}> = struct(
  'tcf_t',
  { installed: u64, lastUsed: u64, expires: u64, firstUsed: u64 },
  { minimum: 24 },
);

/** What every action may be told. */
export interface ActionBase {
  /** What happens then. */
  control?: Control;
  /** Names the action among its kind; an existing one is shared. */
  index?: number;
}
