import { invalidType, invalidValue } from '../../errors.ts';

/** Handles of qdiscs, classes and filters: major 'ffff:' and minor 'a:b', in hexadecimal as `tc` writes them. */

export const TC_H_ROOT = 0xffffffff;
export const TC_H_INGRESS = 0xfffffff1;
export const TC_H_CLSACT = TC_H_INGRESS;
export const TC_H_MIN_INGRESS = 0xfff2;
export const TC_H_MIN_EGRESS = 0xfff3;

const HANDLE = /^([0-9a-f]{0,4}):([0-9a-f]{0,4})$/i;
const ALLOWED = "a handle in hexadecimal like '1:' or '1:a' (TC_H_MAKE)";

/** '1:' or '1:a' as the kernel's number. A number is taken as it is. */
export function parseHandle(path: string, value: unknown): number {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
      throw invalidValue(path, value, ALLOWED);
    }
    return value;
  }
  if (typeof value !== 'string') throw invalidType(path, value, ALLOWED);
  const match = HANDLE.exec(value);
  if (match === null || (match[1] === '' && match[2] === ''))
    throw invalidValue(path, value, ALLOWED);
  return (
    ((Number.parseInt(match[1] || '0', 16) << 16) | Number.parseInt(match[2] || '0', 16)) >>> 0
  );
}

/** A qdisc's own handle: its minor is always zero. */
export function parseQdiscHandle(path: string, value: unknown): number {
  const handle = parseHandle(path, value);
  if ((handle & 0xffff) !== 0)
    throw invalidValue(path, value, "a qdisc's handle like '1:', minor zero");
  return handle;
}

export function formatHandle(handle: number): string {
  const major = handle >>> 16;
  const minor = handle & 0xffff;
  return `${major.toString(16)}:${minor === 0 ? '' : minor.toString(16)}`;
}

const PARENTS: Readonly<Record<string, number>> = {
  root: TC_H_ROOT,
  ingress: TC_H_INGRESS,
  clsact: TC_H_CLSACT,
};

/** Where a qdisc or class hangs: 'root', 'ingress', or the handle of a class. */
export function parseParent(path: string, value: unknown): number {
  if (typeof value === 'string' && Object.hasOwn(PARENTS, value)) return PARENTS[value];
  return parseHandle(path, value);
}

/** Where a filter hangs: 'root', a qdisc or class, or the 'ingress' and 'egress' hook of clsact. */
export function parseFilterParent(path: string, value: unknown): number {
  if (value === 'ingress') return ((TC_H_CLSACT & 0xffff0000) | TC_H_MIN_INGRESS) >>> 0;
  if (value === 'egress') return ((TC_H_CLSACT & 0xffff0000) | TC_H_MIN_EGRESS) >>> 0;
  if (value === 'root') return TC_H_ROOT;
  return parseHandle(path, value);
}

export function formatParent(parent: number): string {
  if (parent === TC_H_ROOT) return 'root';
  if (parent === TC_H_INGRESS) return 'ingress';
  return formatHandle(parent);
}

export function formatFilterParent(parent: number): string {
  if (parent === TC_H_ROOT) return 'root';
  if (parent >>> 16 === 0xffff) {
    if ((parent & 0xffff) === TC_H_MIN_INGRESS) return 'ingress';
    if ((parent & 0xffff) === TC_H_MIN_EGRESS) return 'egress';
  }
  return formatHandle(parent);
}
