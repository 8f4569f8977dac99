import { invalidType, invalidValue, outOfRange } from '../../errors.ts';

/**
 * Numbers with the units of `tc`: rates in bits, sizes in bytes, times in milliseconds, shares in
 * percent; each a number, or text as `tc` takes it.
 */

/** Bits a second, or text: '10mbit', '1.5gbit', '125kbps' (bytes), '1mibit' (1024s). */
export type Rate = number | string;
/** Bytes, or text: '32kb' and '32k' (1024s), '15mb', '64kbit'. */
export type Size = number | string;
/** Milliseconds, or text with a unit: '20ms', '1.5s', '500us', '100ns'. */
export type Time = number | string;

const NUMBER = /^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$/i;

const RATE_UNITS: Readonly<Record<string, number>> = {
  bit: 1,
  kbit: 1e3,
  mbit: 1e6,
  gbit: 1e9,
  tbit: 1e12,
  kibit: 2 ** 10,
  mibit: 2 ** 20,
  gibit: 2 ** 30,
  tibit: 2 ** 40,
  bps: 8,
  kbps: 8e3,
  mbps: 8e6,
  gbps: 8e9,
  tbps: 8e12,
  kibps: 8 * 2 ** 10,
  mibps: 8 * 2 ** 20,
  gibps: 8 * 2 ** 30,
  tibps: 8 * 2 ** 40,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  kbit: 2 ** 10 / 8,
  mbit: 2 ** 20 / 8,
  gbit: 2 ** 30 / 8,
};

/** In nanoseconds. */
const TIME_UNITS: Readonly<Record<string, number>> = {
  s: 1e9,
  sec: 1e9,
  secs: 1e9,
  ms: 1e6,
  msec: 1e6,
  msecs: 1e6,
  us: 1e3,
  usec: 1e3,
  usecs: 1e3,
  ns: 1,
  nsec: 1,
  nsecs: 1,
};

function measure(
  path: string,
  value: unknown,
  units: Readonly<Record<string, number>>,
  bare: number,
  allowed: string,
): number {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || value < 0) throw outOfRange(path, value, allowed);
    return value * bare;
  }
  if (typeof value !== 'string') throw invalidType(path, value, allowed);
  const match = NUMBER.exec(value.trim());
  const unit = match?.[2].toLowerCase() ?? '';
  if (match === null || !Object.hasOwn(units, unit)) throw invalidValue(path, value, allowed);
  return Number(match[1]) * units[unit];
}

const RATE = "bits a second, or text like '10mbit'";
const SIZE = "bytes, or text like '32kb'";
const TIME = "milliseconds, or text like '20ms'";

/** The kernel's unit: bytes a second. At least one. */
export function bytesPerSecond(path: string, value: Rate): number {
  const rate = Math.floor(measure(path, value, RATE_UNITS, 1, RATE) / 8);
  if (rate < 1 || rate > Number.MAX_SAFE_INTEGER)
    throw outOfRange(path, value, `${RATE}, at least 8`);
  return rate;
}

export function sizeInBytes(path: string, value: Size, min = 0, max = 0xffffffff): number {
  const size = Math.floor(measure(path, value, SIZE_UNITS, 1, SIZE));
  if (size < min || size > max) throw outOfRange(path, value, `${SIZE}, from ${min} to ${max}`);
  return size;
}

export function nanoseconds(path: string, value: Time): number {
  const time = Math.round(measure(path, value, TIME_UNITS, 1e6, TIME));
  if (time > Number.MAX_SAFE_INTEGER) throw outOfRange(path, value, TIME);
  return time;
}

export function microseconds(path: string, value: Time, max = 0xffffffff): number {
  const time = Math.round(nanoseconds(path, value) / 1000);
  if (time > max) throw outOfRange(path, value, `${TIME}, at most ${max / 1000}`);
  return time;
}

const ALL = 0xffffffff;

/** Percent as the kernel's share of 2^32-1. */
export function share(path: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(path, value, 'a percentage from 0 to 100');
  if (!(value >= 0 && value <= 100)) throw outOfRange(path, value, 'a percentage from 0 to 100');
  const part = (value / 100) * ALL;
  // Half to even, as rint() rounds in tc.
  const rounded = Math.round(part);
  return rounded - part === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** Percent, to the seven digits that the share tells apart. */
export function percent(part: number): number {
  return Math.round((part / ALL) * 1e9) / 1e7;
}
