import { checkKeys, device, ipPrefix, object, string } from '../../check.ts';
import { invalidValue } from '../../errors.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Composed, Dev, Request } from '../../netlink/request.ts';
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE } from '../../wire/message.ts';
import { Path } from '../../wire/path.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  type Family,
  familyName,
  familyNumber,
} from '../families.ts';
import { routeScopes } from '../names.ts';
import { change, question } from '../requests.ts';
import {
  ADDRESS_FLAGS,
  type AddressFlag,
  FOREVER,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
} from './constants.ts';
import { addressTable, ifaddrmsg } from './schema.ts';
import {
  type Address,
  type AddressKey,
  type AddressSpec,
  broadcastOf,
  type Checked,
  checkAddress,
  checkAddressKey,
  flagBits,
  flagNames,
  lifetime,
} from './spec.ts';

export type { AddressFlag } from './constants.ts';
export type { Address, AddressKey, AddressSpec, Lifetime } from './spec.ts';

const SCHEMA = { header: ifaddrmsg.size, table: addressTable };

/** RT_SCOPE_HOST, which a loopback address has. */
const RT_SCOPE_HOST = 254;
/** USER_HZ: times since boot are told in hundredths of a second. */
const USER_HZ = 100;
const LOW_FLAGS = 0xff;

/** Which addresses; all that is given must hold. */
export interface AddressFilter {
  dev?: Dev;
  family?: Family;
  scope?: string | number;
  /** Only those that have all of these. */
  flags?: AddressFlag[];
  /** Only addresses within this prefix. */
  to?: string;
  label?: string;
}

const FILTER_KEYS = new Set(['dev', 'family', 'scope', 'flags', 'to', 'label']);

function begin(
  m: Messages,
  type: number,
  flags: number,
  syscall: string,
  checked: Checked,
  spec: AddressSpec,
): void {
  const w = m.writer;
  m.begin(type, flags, syscall, SCHEMA);
  w.u8(checked.local.family === 4 ? AF_INET : AF_INET6);
  w.u8(checked.peer.length);
  w.u8(flagBits(spec) & LOW_FLAGS);
  w.u8(scopeOf(spec, checked));
  m.linkIndex(spec.dev);
}

function scopeOf(spec: AddressSpec, { local }: Checked): number {
  if (spec.scope !== undefined) return routeScopes.number('address.scope', spec.scope);
  return local.family === 4 && local.address.startsWith('127.') ? RT_SCOPE_HOST : 0;
}

const path = new Path('address');

function writeAddress(m: Messages, flags: number, spec: AddressSpec, checked: Checked): void {
  const w = m.writer;
  begin(m, RTM_NEWADDR, flags, 'RTM_NEWADDR', checked, spec);
  path.reset().enter();
  addressTable.put(w, 'local', checked.local.address, path, spec);
  addressTable.put(w, 'address', checked.peer.address, path, spec);
  const { broadcast } = spec;
  if (broadcast !== undefined) {
    addressTable.put(
      w,
      'broadcast',
      broadcast === 'auto' ? broadcastOf(checked.peer) : broadcast,
      path,
      spec,
    );
  }
  addressTable.put(w, 'label', spec.label, path, spec);
  const bits = flagBits(spec);
  if (bits > LOW_FLAGS) addressTable.put(w, 'flags', bits, path, spec);
  addressTable.put(w, 'metric', spec.metric, path, spec);
  addressTable.put(w, 'protocol', spec.protocol, path, spec);
  if (spec.preferredLifetime !== undefined || spec.validLifetime !== undefined) {
    const valid = lifetime('address.validLifetime', spec.validLifetime);
    const preferred = Math.min(
      lifetime('address.preferredLifetime', spec.preferredLifetime),
      valid,
    );
    addressTable.put(w, 'cacheInfo', { preferred, valid, created: 0, updated: 0 }, path, spec);
  }
  m.end();
}

function make(operation: string, flags: number, spec: AddressSpec): Request<void> {
  const checked = checkAddress(spec);
  return change(`address.${operation}`, (m) => writeAddress(m, flags, spec, checked));
}

function deleteAddress(key: AddressKey): Request<void> {
  const checked = checkAddressKey(key);
  return change('address.delete', (m) => {
    begin(m, RTM_DELADDR, 0, 'RTM_DELADDR', checked, { dev: key.dev, address: key.address });
    const ends = { local: checked.local.address, address: checked.peer.address };
    addressTable.encode(m.writer, ends, 'address');
    m.end();
  });
}

function read(r: Replies): Address | undefined {
  const { bytes, view, from } = r;
  const family = familyName(bytes[from]);
  const found = addressTable.decode(bytes, view, from + ifaddrmsg.size, r.to);
  // IPv6 tells the address alone unless there is a peer; anything else is no unicast address.
  const local = found.local ?? found.address;
  if (family === undefined || local === undefined) return undefined;
  const prefixLength = bytes[from + 1];
  const address: Address = {
    family,
    dev: view.getUint32(from + 4, true),
    address: `${local}/${prefixLength}`,
    prefixLength,
    local,
    scope: routeScopes.nameOrNumber(bytes[from + 3]),
    preferredLifetime: 'forever',
    validLifetime: 'forever',
    flags: flagNames(found.flags ?? bytes[from + 2]),
  };
  if (found.local !== undefined && found.address !== undefined && found.address !== local) {
    address.peer = `${found.address}/${prefixLength}`;
  }
  if (found.broadcast !== undefined) address.broadcast = found.broadcast;
  if (found.anycast !== undefined) address.anycast = found.anycast;
  if (found.label !== undefined) address.label = found.label;
  if (found.metric !== undefined) address.metric = found.metric;
  if (found.protocol !== undefined) address.protocol = found.protocol;
  if (found.cacheInfo !== undefined) {
    const { preferred = FOREVER, valid = FOREVER, created = 0, updated = 0 } = found.cacheInfo;
    if (preferred !== FOREVER) address.preferredLifetime = preferred;
    if (valid !== FOREVER) address.validLifetime = valid;
    address.created = created / USER_HZ;
    address.updated = updated / USER_HZ;
  }
  if (found.unknown !== undefined) Object.assign(address, { unknown: found.unknown });
  return address;
}

function checkFilter(filter: AddressFilter): (address: Address) => boolean {
  object('filter', filter);
  checkKeys('filter', filter, FILTER_KEYS);
  if (filter.dev !== undefined) device('filter.dev', filter.dev);
  if (filter.label !== undefined) string('filter.label', filter.label);
  const scope =
    filter.scope === undefined ? undefined : routeScopes.number('filter.scope', filter.scope);
  const scopeName = scope === undefined ? undefined : routeScopes.nameOrNumber(scope);
  for (const [i, flag] of (filter.flags ?? []).entries()) {
    if (!Object.hasOwn(ADDRESS_FLAGS, flag)) {
      throw invalidValue(
        `filter.flags[${i}]`,
        flag,
        `one of ${Object.keys(ADDRESS_FLAGS).join(', ')}`,
      );
    }
  }
  const within = filter.to === undefined ? undefined : containing(filter.to);
  return (address) =>
    (scopeName === undefined || address.scope === scopeName) &&
    (filter.flags ?? []).every((flag) => address.flags.includes(flag)) &&
    (filter.label === undefined || address.label === filter.label) &&
    (within === undefined || within(address.local));
}

/** Whether addresses lie within a prefix. */
function containing(text: string): (address: string) => boolean {
  const prefix = ipPrefix('filter.to', text);
  const width = prefix.family === 4 ? 32n : 128n;
  const shift = width - BigInt(prefix.length);
  const wanted = bits(prefix.address) >> shift;
  return (address) =>
    address.includes(':') === (prefix.family === 6) && bits(address) >> shift === wanted;
}

function bits(address: string): bigint {
  if (!address.includes(':'))
    return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head, tail = ''] = address.split('::');
  const groups = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const left = groups(head);
  const right = groups(tail);
  const zeros = address.includes('::') ? Array(8 - left.length - right.length).fill('0') : [];
  return [...left, ...zeros, ...right].reduce(
    (sum, group) => sum * 65536n + BigInt(`0x${group}`),
    0n,
  );
}

/** The kernel chooses by link and family (strict checking), we by the rest. */
function list(operation: string, filter: AddressFilter): Request<Address[]> {
  const wanted = checkFilter(filter);
  const family =
    filter.family === undefined ? AF_UNSPEC : familyNumber('filter.family', filter.family);
  return question(
    operation,
    (m) => {
      m.begin(RTM_GETADDR, NLM_F_DUMP, 'RTM_GETADDR', SCHEMA);
      m.writer.u8(family);
      m.writer.zeros(3);
      if (filter.dev === undefined) m.writer.u32(0);
      else m.linkIndex(filter.dev);
      m.end();
    },
    (r) => {
      const address = read(r);
      return address !== undefined && wanted(address) ? address : undefined;
    },
  );
}

/** `ip address`: the IPv4 and IPv6 addresses of links. */
export const address = {
  /** Gives a link an address; one that it has is EEXIST. */
  add(spec: AddressSpec): Request<void> {
    return make('add', NLM_F_CREATE | NLM_F_EXCL, spec);
  },

  /** Gives a link an address, or changes the lifetimes, flags and metric of one that it has. */
  replace(spec: AddressSpec): Request<void> {
    return make('replace', NLM_F_CREATE | NLM_F_REPLACE, spec);
  },

  /** Changes the lifetimes, flags and metric of an address; one that is not there is ENOENT. */
  set(spec: AddressSpec): Request<void> {
    return make('set', NLM_F_REPLACE, spec);
  },

  /** Takes an address away; one that is not there is EADDRNOTAVAIL. */
  delete: deleteAddress,

  list(filter: AddressFilter = {}): Request<Address[]> {
    return list('address.list', filter);
  },

  /** Takes away all addresses that the filter lets through, and answers how many there were. */
  flush(filter: AddressFilter): Composed<number, Address[]> {
    return {
      operation: 'address.flush',
      first: list('address.flush', filter),
      // A primary address takes its secondary ones along, unless promote_secondaries is set.
      next: (found) =>
        found.toReversed().map(({ dev, address, peer }) => deleteAddress({ dev, address, peer })),
      result: (found) => found.length,
    };
  },
} as const;
