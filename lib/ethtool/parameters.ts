import { boolean, checkKeys, integer, object } from '../check.ts';
import { invalidValue } from '../errors.ts';
import { commandBuffer, type EthtoolSteps, viewOf } from './command.ts';

/**
 * Commands whose buffer is a row of u32 after the command: rings, channels, coalescing, pause. One
 * description of the row serves reading and changing.
 */
export interface ParameterRow<T extends object> {
  readonly name: string;
  readonly get: number;
  readonly set: number;
  /** In the order of the kernel's struct, from the second word on. */
  readonly words: readonly (keyof T & string)[];
  readonly flags: ReadonlySet<string>;
  /** What the driver tells and nobody sets. */
  readonly limits: ReadonlySet<string>;
}

export function parameterRow<T extends object>(
  name: string,
  get: number,
  set: number,
  words: readonly (keyof T & string)[],
  flags: readonly (keyof T & string)[] = [],
  limits: readonly (keyof T & string)[] = [],
): ParameterRow<T> {
  return { name, get, set, words, flags: new Set(flags), limits: new Set(limits) };
}

export function* readRow(
  dev: string,
  row: { get: number; words: readonly string[]; flags: ReadonlySet<string> },
): EthtoolSteps<Record<string, number | boolean>> {
  const view = viewOf(yield { dev, bytes: commandBuffer(row.get, 4 + row.words.length * 4) });
  const values: Record<string, number | boolean> = {};
  row.words.forEach((word, i) => {
    const value = view.getUint32(4 + i * 4, true);
    values[word] = row.flags.has(word) ? value !== 0 : value;
  });
  return values;
}

export function checkRow<T extends object>(row: ParameterRow<T>, change: unknown): void {
  const values = object(row.name, change);
  const allowed = new Set(row.words.filter((word) => !row.limits.has(word)));
  checkKeys(row.name, values, allowed);
  if (Object.keys(values).length === 0) throw invalidValue(row.name, change, 'at least one value');
  for (const [key, value] of Object.entries(values)) {
    if (row.flags.has(key)) boolean(`${row.name}.${key}`, value);
    else integer(`${row.name}.${key}`, value, 0, 0xffffffff);
  }
}

/** What is not changed goes back as it was read: the kernel takes the whole row. */
export function* writeRow<T extends object>(
  dev: string,
  row: ParameterRow<T>,
  change: Readonly<Record<string, unknown>>,
): EthtoolSteps<void> {
  const size = 4 + row.words.length * 4;
  const bytes = Uint8Array.from(yield { dev, bytes: commandBuffer(row.get, size) });
  const view = viewOf(bytes);
  view.setUint32(0, row.set, true);
  row.words.forEach((word, i) => {
    const value = change[word];
    if (value !== undefined) view.setUint32(4 + i * 4, Number(value), true);
  });
  yield { dev, bytes };
}
