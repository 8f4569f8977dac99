import { checkKeys, integer, ipPrefix, object } from '../../../check.ts';
import { invalidType, invalidValue } from '../../../errors.ts';
import { binary, type Codec, text, u32 as u32Codec } from '../../../wire/codecs.ts';
import { DecodeError } from '../../../wire/errors.ts';
import { attr, type Infer, struct, table } from '../../../wire/schema.ts';
import { IP_PROTOCOLS } from '../../protocols.ts';
import { compact, options } from '../../qdisc/kind.ts';
import { actions } from '../actions/index.ts';
import {
  classifierFlags,
  classOf,
  classText,
  type FilterBase,
  flagsOf,
  type Offloadable,
  readFlags,
} from './simple.ts';

/** A key of struct tc_u32_sel: the word at `offset`, under the mask, is the value. */
export interface U32Key {
  value: number;
  mask: number;
  /** Bytes from the network header; a multiple of 4. */
  offset: number;
  /** -1 counts from the next header instead (`nexthdr+`). */
  offsetMask?: number;
}

interface Selector {
  flags: number;
  offsetShift: number;
  offsetMask: number;
  offset: number;
  offsetAt: number;
  hashAt: number;
  hashMask: number;
  keys: U32Key[];
}

const HEADER = 16;
const KEY = 16;
const TERMINAL = 1;

/** struct tc_u32_sel. */
const selector: Codec<Selector> = {
  type: 'struct tc_u32_sel',
  samples: [
    {
      flags: 1,
      offsetShift: 0,
      offsetMask: 0,
      offset: 0,
      offsetAt: 0,
      hashAt: 0,
      hashMask: 0,
      keys: [{ value: 0x0a000000, mask: 0xff000000, offset: 12, offsetMask: 0 }],
    },
  ],
  write(w, value) {
    w.u8(value.flags);
    w.u8(value.offsetShift);
    w.u8(value.keys.length);
    w.u8(0);
    w.be16(value.offsetMask);
    w.u16(value.offset);
    w.u16(value.offsetAt);
    w.u16(value.hashAt);
    w.be32(value.hashMask);
    for (const key of value.keys) {
      w.be32(key.mask);
      w.be32(key.value);
      w.s32(key.offset);
      w.s32(key.offsetMask ?? 0);
    }
  },
  read(bytes, view, at, length) {
    const count = bytes[at + 2];
    if (length < HEADER || length < HEADER + count * KEY) {
      throw new DecodeError(`a selector of ${length} bytes does not hold its keys`, at);
    }
    const keys: U32Key[] = [];
    for (let i = 0; i < count; i++) {
      const from = at + HEADER + i * KEY;
      keys.push({
        mask: view.getUint32(from, false),
        value: view.getUint32(from + 4, false),
        offset: view.getInt32(from + 8, true),
        offsetMask: view.getInt32(from + 12, true),
      });
    }
    return {
      flags: bytes[at],
      offsetShift: bytes[at + 1],
      offsetMask: view.getUint16(at + 4, false),
      offset: view.getUint16(at + 6, true),
      offsetAt: view.getInt16(at + 8, true),
      hashAt: view.getInt16(at + 10, true),
      hashMask: view.getUint32(at + 12, false),
      keys,
    };
  },
};

const mark: Codec<{ value: number; mask: number; hits: number }> = struct('tc_u32_mark', {
  value: u32Codec,
  mask: u32Codec,
  hits: u32Codec,
});

/** TCA_U32_*. */
export const u32Table = table('u32', {
  classId: attr(1, u32Codec, { kernel: 'TCA_U32_CLASSID' }),
  hashTable: attr(2, u32Codec, { kernel: 'TCA_U32_HASH' }),
  link: attr(3, u32Codec, { kernel: 'TCA_U32_LINK' }),
  divisor: attr(4, u32Codec, { kernel: 'TCA_U32_DIVISOR' }),
  selector: attr(5, selector, { kernel: 'TCA_U32_SEL' }),
  police: attr(6, binary, { kernel: 'TCA_U32_POLICE' }),
  actions: attr(7, actions, { kernel: 'TCA_U32_ACT' }),
  indev: attr(8, text(15), { kernel: 'TCA_U32_INDEV' }),
  counters: attr(9, binary, { kernel: 'TCA_U32_PCNT', readonly: true }),
  mark: attr(10, mark, { kernel: 'TCA_U32_MARK' }),
  flags: attr(11, classifierFlags, { kernel: 'TCA_U32_FLAGS', since: '4.6' }),
});

/** What is looked at in an IPv4 header; ports only where it has no options. */
export interface IpMatch {
  src?: string;
  dst?: string;
  protocol?: keyof typeof IP_PROTOCOLS | number;
  tos?: number;
  sport?: number;
  dport?: number;
}

/** The same of IPv6; ports only right behind the fixed header. */
export type Ip6Match = Omit<IpMatch, 'tos'>;

/** Matches words of the packet. */
export interface U32 extends FilterBase, Offloadable {
  /** Every key must fit. Matches everything without keys. */
  match?: (U32Key | { ip: IpMatch } | { ip6: Ip6Match })[];
  /** The mark that netfilter set. */
  mark?: { value: number; mask: number };
  /** Cells of the hash table that this filter makes. */
  divisor?: number;
  /** The hash table that the filter is in, and the one that it leads to; as numbers (htid << 20). */
  hashTable?: number;
  link?: number;
  indev?: string;
}

/** A word with part of it given, as `tc` packs them: keys of the same word join. */
function pack(keys: U32Key[], value: number, mask: number, offset: number): void {
  const key = keys.find((one) => one.offset === offset && (one.offsetMask ?? 0) === 0);
  if (key === undefined) {
    keys.push({ value: (value & mask) >>> 0, mask: mask >>> 0, offset, offsetMask: 0 });
    return;
  }
  key.value = (key.value | (value & mask)) >>> 0;
  key.mask = (key.mask | mask) >>> 0;
}

/** `size` bytes at any place of a word. */
function packPart(keys: U32Key[], value: number, size: 1 | 2, offset: number): void {
  const shift = (4 - size - (offset & 3)) * 8;
  pack(keys, value << shift, (size === 1 ? 0xff : 0xffff) << shift, offset & ~3);
}

function words(address: string, family: 4 | 6): number[] {
  if (family === 4) {
    return [address.split('.').reduce((word, byte) => word * 256 + Number(byte), 0)];
  }
  const [head, tail] = address.split('::');
  const groups = (text: string | undefined) =>
    text === undefined || text === ''
      ? []
      : text.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)];
          const [word] = words(group, 4);
          return [word >>> 16, word & 0xffff];
        });
  const first = groups(head);
  const last = groups(tail);
  const all = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
  return [0, 2, 4, 6].map((i) => all[i] * 0x10000 + all[i + 1]);
}

function packPrefix(
  keys: U32Key[],
  path: string,
  value: string,
  family: 4 | 6,
  offset: number,
): void {
  const prefix = ipPrefix(path, value);
  if (prefix.family !== family) throw invalidValue(path, value, `an IPv${family} prefix`);
  words(prefix.address, family).forEach((word, i) => {
    const bits = Math.min(32, Math.max(0, prefix.length - i * 32));
    if (bits > 0)
      pack(keys, word, bits === 32 ? 0xffffffff : ~(0xffffffff >>> bits), offset + i * 4);
  });
}

/** Where fields are: bytes from the network header. */
const PLACES = {
  4: { src: 12, dst: 16, protocol: 9, sport: 20, dport: 22 },
  6: { src: 8, dst: 24, protocol: 6, sport: 40, dport: 42 },
} as const;
const IP_KEYS = new Set(['src', 'dst', 'protocol', 'tos', 'sport', 'dport']);
const IP6_KEYS = new Set(['src', 'dst', 'protocol', 'sport', 'dport']);

function packHeader(keys: U32Key[], path: string, match: IpMatch, family: 4 | 6): void {
  object(path, match);
  checkKeys(path, match, family === 4 ? IP_KEYS : IP6_KEYS);
  const places = PLACES[family];
  if (match.src !== undefined) packPrefix(keys, `${path}.src`, match.src, family, places.src);
  if (match.dst !== undefined) packPrefix(keys, `${path}.dst`, match.dst, family, places.dst);
  if (match.protocol !== undefined)
    packPart(keys, protocolOf(`${path}.protocol`, match.protocol), 1, places.protocol);
  if (match.tos !== undefined) packPart(keys, integer(`${path}.tos`, match.tos, 0, 255), 1, 1);
  for (const key of ['sport', 'dport'] as const) {
    const port = match[key];
    if (port !== undefined)
      packPart(keys, integer(`${path}.${key}`, port, 0, 65535), 2, places[key]);
  }
}

function protocolOf(path: string, value: keyof typeof IP_PROTOCOLS | number): number {
  if (typeof value === 'number') return integer(path, value, 0, 255);
  if (typeof value === 'string' && Object.hasOwn(IP_PROTOCOLS, value)) return IP_PROTOCOLS[value];
  throw invalidValue(path, value, `one of '${Object.keys(IP_PROTOCOLS).join("', '")}' or a number`);
}

const KEY_KEYS = new Set(['value', 'mask', 'offset', 'offsetMask']);
const EVERYTHING: U32Key = { value: 0, mask: 0, offset: 0, offsetMask: 0 };
const MAX_KEYS = 128;

function keysOf(match: U32['match'], path: string): U32Key[] {
  if (match === undefined) return [EVERYTHING];
  if (!Array.isArray(match)) throw invalidType(path, match, 'an array of matches');
  const keys: U32Key[] = [];
  match.forEach((one, i) => {
    const name = `${path}[${i}]`;
    object(name, one);
    if ('ip' in one) packHeader(keys, `${name}.ip`, one.ip, 4);
    else if ('ip6' in one) packHeader(keys, `${name}.ip6`, one.ip6, 6);
    else {
      checkKeys(name, one, KEY_KEYS);
      integer(`${name}.value`, one.value, 0, 0xffffffff);
      integer(`${name}.mask`, one.mask, 0, 0xffffffff);
      integer(`${name}.offset`, one.offset, -0x80000000, 0x7fffffff);
      if ((one.offsetMask ?? 0) === 0) pack(keys, one.value, one.mask, one.offset);
      else keys.push({ ...one, value: (one.value & one.mask) >>> 0 });
    }
  });
  if (keys.length > MAX_KEYS) throw invalidValue(path, match, `at most ${MAX_KEYS} words`);
  return keys.length === 0 ? [EVERYTHING] : keys;
}

export const u32 = options<U32, Infer<typeof u32Table>>(u32Table, {
  keys: [
    'classId',
    'actions',
    'match',
    'mark',
    'divisor',
    'hashTable',
    'link',
    'indev',
    'skipHw',
    'skipSw',
    'inHw',
  ],
  always: true,
  samples: [
    {
      classId: '1:10',
      match: [{ value: 0x0a000000, mask: 0xff000000, offset: 12, offsetMask: 0 }],
    },
  ],
  toWire(spec, path) {
    const { divisor, hashTable, link, indev } = spec;
    // What makes a hash table has no keys.
    const terminal = spec.classId !== undefined || link === undefined ? TERMINAL : 0;
    return {
      classId: classOf(path, spec.classId),
      hashTable,
      link,
      divisor,
      indev,
      mark: spec.mark === undefined ? undefined : { ...spec.mark, hits: 0 },
      actions: spec.actions,
      flags: flagsOf(spec),
      selector:
        divisor === undefined
          ? {
              flags: terminal,
              offsetShift: 0,
              offsetMask: 0,
              offset: 0,
              offsetAt: 0,
              hashAt: 0,
              hashMask: 0,
              keys: keysOf(spec.match, `${path}.match`),
            }
          : undefined,
    };
  },
  fromWire: ({ classId, actions: done, selector: sel, mark: marked, flags, ...rest }) =>
    compact<U32>({
      classId: classText(classId),
      actions: done,
      match: sel?.keys,
      mark: marked === undefined ? undefined : { value: marked.value, mask: marked.mask },
      divisor: rest.divisor,
      hashTable: rest.hashTable,
      link: rest.link,
      indev: rest.indev,
      ...readFlags(flags),
    }),
});
