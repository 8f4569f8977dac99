import { invalidType, invalidValue } from '../../errors.ts';
import type { Codec } from '../../wire/codecs.ts';
import { s32 } from '../../wire/codecs.ts';
import { CONTROLS, TC_ACT_EXT_VAL_MASK, TC_ACT_GOTO_CHAIN, TC_ACT_JUMP } from './constants.ts';

/** What happens after an action: a word, or on to another chain, or past some actions. */
export type Control = keyof typeof CONTROLS | { goto: number } | { jump: number } | number;

const NAMES = new Map<number, keyof typeof CONTROLS>();
for (const name of Object.keys(CONTROLS) as (keyof typeof CONTROLS)[]) {
  if (!NAMES.has(CONTROLS[name])) NAMES.set(CONTROLS[name], name);
}

const ALLOWED = `one of '${Object.keys(CONTROLS).join("', '")}', { goto: chain } or { jump: actions }`;

function targetOf(path: string, value: unknown): number {
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 0 &&
    value <= TC_ACT_EXT_VAL_MASK
  ) {
    return value;
  }
  throw invalidValue(path, value, `a whole number from 0 to ${TC_ACT_EXT_VAL_MASK}`);
}

export function controlNumber(path: string, value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    for (const [name, number] of Object.entries(CONTROLS)) if (name === value) return number;
    throw invalidValue(path, value, ALLOWED);
  }
  if (typeof value !== 'object' || value === null) throw invalidType(path, value, ALLOWED);
  if ('goto' in value) return TC_ACT_GOTO_CHAIN | targetOf(`${path}.goto`, value.goto);
  if ('jump' in value) return TC_ACT_JUMP | targetOf(`${path}.jump`, value.jump);
  throw invalidValue(path, value, ALLOWED);
}

export function controlName(number: number): Control {
  const extension = number & ~TC_ACT_EXT_VAL_MASK;
  if (extension === TC_ACT_GOTO_CHAIN) return { goto: number & TC_ACT_EXT_VAL_MASK };
  if (extension === TC_ACT_JUMP) return { jump: number & TC_ACT_EXT_VAL_MASK };
  return NAMES.get(number) ?? number;
}

export const control: Codec<Control> = {
  type: 's32: TC_ACT_*',
  size: 4,
  samples: ['continue', 'ok', 'drop', 'pipe', 'stolen', { goto: 5 }, { jump: 2 }],
  write: (w, value, path) => s32.write(w, controlNumber(path.toString(), value), path),
  read: (bytes, view, at, length) => controlName(s32.read(bytes, view, at, length)),
};
