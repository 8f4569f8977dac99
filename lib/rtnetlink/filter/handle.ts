import { integer } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';

/** Handles of filters: a number, or in hexadecimal '800:0:801' of u32 (table, cell, node). */

const U32 = /^([0-9a-f]{1,3}):([0-9a-f]{0,2}):?([0-9a-f]{0,3})$/i;
const ALLOWED = "a number, or a u32 handle like '800::801'";

function hex(text: string): number {
  return text === '' ? 0 : Number.parseInt(text, 16);
}

export function parseFilterHandle(path: string, value: unknown): number {
  if (typeof value === 'number') return integer(path, value, 0, 0xffffffff);
  if (typeof value !== 'string') throw invalidType(path, value, ALLOWED);
  const match = U32.exec(value);
  if (match === null) throw invalidValue(path, value, ALLOWED);
  return ((hex(match[1]) << 20) | (hex(match[2]) << 12) | hex(match[3])) >>> 0;
}

/** As `tc` shows it: '800::801' for u32, a number for the others. */
export function formatFilterHandle(kind: string, handle: number): string | number {
  if (kind !== 'u32') return handle;
  const cell = (handle >>> 12) & 0xff;
  const node = handle & 0xfff;
  const table = (handle >>> 20).toString(16);
  if (node === 0 && cell === 0) return `${table}:`;
  return `${table}:${cell === 0 ? '' : cell.toString(16)}:${node === 0 ? '' : node.toString(16)}`;
}
