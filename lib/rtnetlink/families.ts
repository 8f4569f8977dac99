import { invalidValue } from '../errors.ts';

/** Address families (linux/socket.h), by iproute2's names. */
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;

export type Family = 'inet' | 'inet6';

export function familyNumber(path: string, value: unknown): number {
  if (value === 'inet') return AF_INET;
  if (value === 'inet6') return AF_INET6;
  throw invalidValue(path, value, "'inet' or 'inet6'");
}

export function familyName(family: number): Family | undefined {
  if (family === AF_INET) return 'inet';
  return family === AF_INET6 ? 'inet6' : undefined;
}

/** The family of an address already checked. */
export function familyOf(address: string): number {
  return address.includes(':') ? AF_INET6 : AF_INET;
}
