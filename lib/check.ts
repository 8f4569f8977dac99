import { isIP, isIPv4, isIPv6 } from 'node:net';
import { invalidType, invalidValue, outOfRange, unknownKey } from './errors.ts';

/** Checks of arguments, each throwing an error that names the argument's path. */

/** A plain object of options: not null, not an array. Returns its keys' holder. */
export function object(path: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidType(path, value, 'an object');
  }
  return value as Record<string, unknown>;
}

/** Every key of `value` is one of `allowed`, so that a misspelt option is never ignored. */
export function checkKeys(path: string, value: object, allowed: ReadonlySet<string>): void {
  for (const key in value) if (!allowed.has(key)) throw unknownKey(path, key, allowed);
}

export function boolean(path: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidType(path, value, 'true or false');
  return value;
}

export function string(path: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(path, value, 'a string');
  return value;
}

/** A whole number from `min` to `max`: no NaN, no fraction, nothing that rounds. */
export function integer(path: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw invalidType(path, value, 'a number');
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(path, value, `a whole number from ${min} to ${max}`);
  }
  return value;
}

/** IFNAMSIZ less its NUL (linux/if.h). */
const MAX_NAME = 15;
/** ALTIFNAMSIZ less its NUL (linux/if.h). */
const MAX_ALT_NAME = 127;
const NAME = /^[^\s/:\0]+$/;

/** A name the kernel takes for a link (dev_valid_name): 1 to 15 bytes, no '/', ':', NUL or white space. */
export function interfaceName(path: string, value: unknown, maxBytes = MAX_NAME): string {
  const name = string(path, value);
  const allowed = `a link name of 1 to ${maxBytes} bytes without '/', ':', NUL and white space`;
  if (!NAME.test(name) || name === '.' || name === '..') throw invalidValue(path, value, allowed);
  // Only a long name or one beyond ASCII needs its bytes counted.
  if (name.length * 3 > maxBytes && Buffer.byteLength(name) > maxBytes) {
    throw invalidValue(path, value, allowed);
  }
  return name;
}

/** A link as it may be named in a request: by name (alternative names too) or by index. */
export function device(path: string, value: unknown): string | number {
  if (typeof value === 'number') return integer(path, value, 1, 0x7fffffff);
  if (typeof value !== 'string') throw invalidType(path, value, 'a link name or an ifindex');
  return interfaceName(path, value, MAX_ALT_NAME);
}

const MAC = /^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i;

/** An Ethernet address, '02:00:00:00:00:01'. */
export function macAddress(path: string, value: unknown): string {
  const text = string(path, value);
  if (!MAC.test(text))
    throw invalidValue(path, value, "an Ethernet address like '02:00:00:00:00:01'");
  return text;
}

export function ipAddress(path: string, value: unknown, family?: 4 | 6): string {
  const text = string(path, value);
  const ok = family === 4 ? isIPv4(text) : family === 6 ? isIPv6(text) : isIP(text) !== 0;
  // A scope ('fe80::1%eth0') has no place in a message: the link is told by `dev`.
  if (!ok || text.includes('%')) {
    throw invalidValue(
      path,
      value,
      family === undefined ? 'an IP address' : `an IPv${family} address`,
    );
  }
  return text;
}

export interface Prefix {
  family: 4 | 6;
  address: string;
  length: number;
}

const LENGTH = /^(0|[1-9][0-9]{0,2})$/;

/** '10.0.0.2/24'; without a length, a host's (32 or 128). */
export function ipPrefix(path: string, value: unknown): Prefix {
  const text = string(path, value);
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = address.includes('%') ? 0 : isIP(address);
  const max = family === 4 ? 32 : 128;
  const length =
    slash < 0 ? max : LENGTH.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : -1;
  if ((family !== 4 && family !== 6) || length < 0 || length > max) {
    throw invalidValue(path, value, "an IP address with a prefix length, like '10.0.0.2/24'");
  }
  return { family, address, length };
}

/** A name of a namespace: a file's name in /run/netns, so no path escapes from it. */
export function netnsName(path: string, value: unknown): string {
  const name = string(path, value);
  if (!/^[^\s/\0]+$/.test(name) || name === '.' || name === '..' || Buffer.byteLength(name) > 255) {
    throw invalidValue(
      path,
      value,
      "a namespace name of 1 to 255 bytes without '/', NUL and white space, and not '.' or '..'",
    );
  }
  return name;
}
