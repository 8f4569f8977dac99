import type { LookupAddress, LookupOptions } from 'node:dns';
import { string } from '../check.ts';
import { invalidValue } from '../errors.ts';
import type { Family, Resolver } from './resolver.ts';

/** What dns.lookup calls back. */
export type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** A function as the `lookup` option of net, http and dgram takes it. */
export type LookupFunction = (
  hostname: string,
  options: LookupOptions | number | LookupCallback,
  callback?: LookupCallback,
) => void;

/** The families as dns.lookup takes them. */
function familyOf(path: string, value: LookupOptions['family']): Family {
  if (value === undefined || value === 0) return 0;
  if (value === 4 || value === 'IPv4') return 4;
  if (value === 6 || value === 'IPv6') return 6;
  throw invalidValue(path, value, '0, 4 or 6');
}

/** A resolver's answers in the form of dns.lookup's callback. */
export function callbackLookup(resolver: Resolver): LookupFunction {
  return (hostname, options, callback) => {
    const done = typeof options === 'function' ? options : callback;
    if (done === undefined) throw invalidValue('callback', done, 'a function');
    const given =
      typeof options === 'number'
        ? { family: options }
        : typeof options === 'object'
          ? options
          : {};
    resolver.lookup(hostname, familyOf('options.family', given?.family)).then(
      (found) => {
        if (given?.all) done(null, found);
        else done(null, found[0].address, found[0].family);
      },
      (error: NodeJS.ErrnoException) => done(error, given?.all ? [] : ''),
    );
  };
}

/** As `dgram` asks: for one address, with a family for options, and of no name for this host's. */
export function datagramLookup(
  resolver: Resolver,
): (
  hostname: string,
  options: LookupOptions | number,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
) => void {
  return (hostname, options, callback) => {
    const family = familyOf('family', typeof options === 'number' ? options : options.family);
    resolver.lookup(hostname || (family === 6 ? '::1' : '127.0.0.1'), family).then(
      ([found]) => callback(null, found.address, found.family),
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/** A resolver's answers in the form of dns.promises.lookup. */
export async function lookup(
  resolver: Resolver,
  hostname: string,
  options: LookupOptions = {},
): Promise<LookupAddress | LookupAddress[]> {
  const family = familyOf('options.family', options.family);
  const found = await resolver.lookup(string('hostname', hostname), family);
  return options.all ? found : found[0];
}
