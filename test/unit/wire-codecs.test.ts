import { describe, expect, test } from 'vitest';
import {
  array,
  be16,
  be32,
  be64,
  binary,
  bits,
  bool,
  bool32,
  bytes,
  type Codec,
  fixedText,
  flag,
  hardwareAddress,
  ip,
  ipv4,
  ipv6,
  mac,
  mapped,
  oneOf,
  packed,
  s8,
  s16,
  s32,
  s64,
  text,
  u8,
  u16,
  u32,
  u64,
  u64big,
} from '../../lib/wire/codecs.ts';
import { DecodeError } from '../../lib/wire/errors.ts';
import { Path } from '../../lib/wire/path.ts';
import { struct } from '../../lib/wire/schema.ts';
import { Writer } from '../../lib/wire/writer.ts';

function write<T>(codec: Codec<T>, value: T): string {
  const w = new Writer(1);
  codec.write(w, value, new Path('spec'));
  return Buffer.from(w.bytes.subarray(0, w.length)).toString('hex');
}

function read<T>(codec: Codec<T>, hex: string): T {
  // Not at the buffer's beginning, and more behind: nothing may look beyond its own bytes.
  const payload = Buffer.from(hex, 'hex');
  const all = new Uint8Array(payload.length + 8).fill(0xee);
  all.set(payload, 5);
  return codec.read(all, new DataView(all.buffer), 5, payload.length);
}

const tcp = struct('s', { a: u8, b: u16, c: u8, d: u32, e: u64, f: u8 });
const colour = oneOf(u8, { red: 1, green: 2, rot: 1 });
const flags = bits(u16, { up: 1, down: 2, far: 0x8000 });

// Each row: codec, value, the bytes in memory order. Little endian unless the name says otherwise.
const TABLE: [name: string, codec: Codec<never>, value: unknown, hex: string][] = [
  ['u8', u8 as Codec<never>, 0xab, 'ab'],
  ['s8', s8 as Codec<never>, -2, 'fe'],
  ['u16', u16 as Codec<never>, 0x1234, '3412'],
  ['s16', s16 as Codec<never>, -2, 'feff'],
  ['be16', be16 as Codec<never>, 0x1234, '1234'],
  ['u32', u32 as Codec<never>, 0xfedcba98, '98badcfe'],
  ['s32', s32 as Codec<never>, -2, 'feffffff'],
  ['be32', be32 as Codec<never>, 0xfedcba98, 'fedcba98'],
  ['u64', u64 as Codec<never>, 2 ** 53 - 1, 'ffffffffffff1f00'],
  ['s64', s64 as Codec<never>, -2, 'feffffffffffffff'],
  ['be64', be64 as Codec<never>, 2 ** 33 + 5, '0000000200000005'],
  ['u64big', u64big as Codec<never>, 0xfedcba9876543210n, '1032547698badcfe'],
  ['bool', bool as Codec<never>, true, '01'],
  ['bool32', bool32 as Codec<never>, true, '01000000'],
  ['flag', flag as Codec<never>, true, ''],
  ['binary', binary as Codec<never>, new Uint8Array([1, 2, 3]), '010203'],
  ['bytes(2)', bytes(2) as Codec<never>, new Uint8Array([1, 2]), '0102'],
  ['text', text(15) as Codec<never>, 'eth0', '6574683000'],
  ['text beyond ASCII', text(15) as Codec<never>, 'größe', '6772c3b6c39f6500'],
  ['text without NUL', text(15, { nul: false }) as Codec<never>, 'abc', '616263'],
  ['fixedText', fixedText(6) as Codec<never>, 'abc', '616263000000'],
  ['mac', mac as Codec<never>, '02:00:5e:a0:0b:ff', '02005ea00bff'],
  ['mac, broadcast', mac as Codec<never>, 'ff:ff:ff:ff:ff:ff', 'ffffffffffff'],
  [
    'hardwareAddress of 8',
    hardwareAddress as Codec<never>,
    '01:02:03:04:05:06:07:08',
    '0102030405060708',
  ],
  ['ipv4', ipv4 as Codec<never>, '10.0.255.1', '0a00ff01'],
  ['ipv6', ipv6 as Codec<never>, 'fe80::1', 'fe800000000000000000000000000001'],
  ['ipv6, any', ipv6 as Codec<never>, '::', '00'.repeat(16)],
  ['ipv6, the longest run', ipv6 as Codec<never>, '1:0:0:2::3', '00010000000000020000000000000003'],
  [
    'ipv6, the first of two runs',
    ipv6 as Codec<never>,
    '1::2:0:0:3:4',
    '00010000000000020000000000030004',
  ],
  [
    'ipv6, no run of one',
    ipv6 as Codec<never>,
    '1:0:2:3:4:5:6:7',
    '00010000000200030004000500060007',
  ],
  ['ipv6, at the end', ipv6 as Codec<never>, '1:2::', '00010002000000000000000000000000'],
  ['ipv6, mapped', ipv6 as Codec<never>, '::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
  ['ipv6, compatible', ipv6 as Codec<never>, '::10.0.0.1', '0000000000000000000000000a000001'],
  ['ip, four bytes', ip as Codec<never>, '10.0.0.1', '0a000001'],
  ['ip, sixteen', ip as Codec<never>, '::1', '00000000000000000000000000000001'],
  ['oneOf', colour as Codec<never>, 'green', '02'],
  ['oneOf, unknown', colour as Codec<never>, 77, '4d'],
  ['bits', flags as Codec<never>, { up: true, down: false, far: true }, '0180'],
  [
    'bits, unknown ones',
    flags as Codec<never>,
    { up: true, down: false, far: false, other: 0x40 },
    '4100',
  ],
  ['array', array(u16) as Codec<never>, [5, 6], '06000100050000000600010006000000'],
  [
    'array by index',
    array(u8, 'index') as Codec<never>,
    [5, 6],
    '05000000050000000500010006000000',
  ],
  ['array by position', array(u8, 'position') as Codec<never>, [5], '0500010005000000'],
  ['packed', packed(u16) as Codec<never>, [1, 2, 3], '010002000300'],
  [
    'struct, aligned as C',
    tcp as Codec<never>,
    { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 },
    '010002000300000004000000000000000500000000000000060000000000000000'.slice(0, 64),
  ],
  [
    'mapped',
    mapped(
      u8,
      'm',
      (v: string) => Number(v),
      (n) => String(n),
    ) as Codec<never>,
    '7',
    '07',
  ],
];

describe('bytes and values', () => {
  test.each(TABLE)('%s', (_name, codec, value, hex) => {
    expect(write(codec, value as never)).toBe(hex);
    expect(read(codec, hex)).toEqual(value);
  });

  test('what is written in other ways', () => {
    expect(write(mac, '02-00-5E-A0-0B-FF')).toBe('02005ea00bff');
    expect(write(ipv6, '2001:DB8::0')).toBe('20010db8000000000000000000000000');
    expect(write(ipv6, '1:2:3:4:5:6:7.8.9.10')).toBe('0001000200030004000500060708090a');
    expect(write(colour, 'rot')).toBe('01');
    expect(read(colour, '01')).toBe('red');
    expect(write(bool, false)).toBe('00');
    expect(read(bool, '07')).toBe(true);
    expect(write(tcp.partial, { d: 9 })).toBe(
      `${'00'.repeat(8)}09000000${'00'.repeat(20)}`.slice(0, 64),
    );
  });
});

describe('what is refused in writing', () => {
  const OUT = 'ERR_OUT_OF_RANGE';
  const TYPE = 'ERR_INVALID_ARG_TYPE';
  const VALUE = 'ERR_INVALID_ARG_VALUE';
  const rows: [Codec<never>, unknown, string][] = [
    ...[-1, 256, Number.NaN, 1.5, Number.POSITIVE_INFINITY].map(
      (v): [Codec<never>, unknown, string] => [u8 as Codec<never>, v, OUT],
    ),
    ...['5', null, undefined, true, 5n, {}].map((v): [Codec<never>, unknown, string] => [
      u8 as Codec<never>,
      v,
      TYPE,
    ]),
    [s8 as Codec<never>, 128, OUT],
    [u16.range(1, 4094) as Codec<never>, 0, OUT],
    [u16.range(1, 4094) as Codec<never>, 4095, OUT],
    [u64 as Codec<never>, 2 ** 53, OUT],
    [u64big as Codec<never>, -1n, OUT],
    [u64big as Codec<never>, 1n << 64n, OUT],
    [u64big as Codec<never>, 1, TYPE],
    [text(3) as Codec<never>, 'abcd', VALUE],
    [text(3) as Codec<never>, 'ää', VALUE],
    [text(3) as Codec<never>, 'a\0', VALUE],
    [text(3) as Codec<never>, '', VALUE],
    [text(3) as Codec<never>, 3, TYPE],
    [fixedText(4) as Codec<never>, 'abcd', VALUE],
    ...[
      '02:00:00:00:00',
      '02:00:00:00:00:0',
      '02:00:00:00:00:0g',
      '02-00:00:00:00:00',
      '0200.0000.0000',
      '',
      '02:00:00:00:00:01:02',
    ].map((v): [Codec<never>, unknown, string] => [mac as Codec<never>, v, VALUE]),
    [mac as Codec<never>, 5, TYPE],
    [hardwareAddress as Codec<never>, Array(33).fill('00').join(':'), VALUE],
    ...['10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.1.2', '10.0.0.1 ', '', '1..2.3', '::1'].map(
      (v): [Codec<never>, unknown, string] => [ipv4 as Codec<never>, v, VALUE],
    ),
    ...[':::', 'fe80::1%lo', '1::2::3', '12345::', '10.0.0.1'].map(
      (v): [Codec<never>, unknown, string] => [ipv6 as Codec<never>, v, VALUE],
    ),
    [ip as Codec<never>, 'localhost', VALUE],
    [ip as Codec<never>, 1, TYPE],
    [colour as Codec<never>, 'blue', VALUE],
    [colour as Codec<never>, 'toString', VALUE],
    [colour as Codec<never>, 300, OUT],
    [colour as Codec<never>, null, TYPE],
    [flags as Codec<never>, { left: true }, VALUE],
    [flags as Codec<never>, { up: 1 }, TYPE],
    [flags as Codec<never>, null, TYPE],
    [bool as Codec<never>, 1, TYPE],
    [flag as Codec<never>, 'yes', TYPE],
    [binary as Codec<never>, [1, 2], TYPE],
    [bytes(2) as Codec<never>, new Uint8Array(3), VALUE],
    [binary as Codec<never>, new Uint8Array(65532), OUT],
    [array(u8) as Codec<never>, 5, TYPE],
    [packed(u8) as Codec<never>, {}, TYPE],
    [tcp as Codec<never>, { z: 1 }, VALUE],
    [tcp as Codec<never>, null, TYPE],
  ];
  test.each(
    rows.map(([codec, value, code]) => ({
      codec,
      value,
      code,
      title: `${codec.type.slice(0, 30)}: ${String(typeof value === 'object' ? Object.keys(value ?? {}) : value).slice(0, 24)}`,
    })),
  )('$title', ({ codec, value, code }) => {
    expect(() => write(codec, value as never)).toThrow(expect.objectContaining({ code }));
    expect(() => write(codec, value as never)).toThrow(/^spec/);
  });

  test('the element of a list is named', () => {
    expect(() => write(array(u8), [1, 300])).toThrow(/^spec\[1\] must be/);
    expect(() => write(packed(u8), [1, 2, -1])).toThrow(/^spec\[2\] must be/);
    expect(() => write(tcp.partial, { a: 1, b: -1 })).toThrow(/^spec\.b must be/);
  });
});

describe('what is refused in reading', () => {
  test.each([
    ['u8', u8, ''],
    ['u16', u16, '01'],
    ['u32', u32, '010203'],
    ['u64', u64, '01020304050607'],
    ['u64big', u64big, '01'],
    ['bool32', bool32, '0101'],
    ['ipv4', ipv4, '010203'],
    ['ipv6', ipv6, '00'],
    ['ip', ip, '0102030405'],
    ['struct', tcp, '0102'],
    ['oneOf', colour, ''],
    ['array', array(u8), '0300010000000000'],
    ['array beyond its end', array(u8), 'ff00010000000000'],
  ] as [string, Codec<unknown>, string][])('%s', (_name, codec, hex) => {
    expect(() => read(codec, hex)).toThrow(DecodeError);
  });

  test('text ends at its NUL or at its end', () => {
    expect(read(text(15), '61620063')).toBe('ab');
    expect(read(text(15), '6162')).toBe('ab');
    expect(read(text(15), '')).toBe('');
    expect(read(text(500), `${'61'.repeat(300)}00ff`)).toBe('a'.repeat(300));
    expect(read(text(15), 'c3a4ff')).toBe('ä�');
  });

  test('more bytes than a number has are no error: newer kernels may send more', () => {
    expect(read(u8, '0500')).toBe(5);
    expect(read(struct('s', { a: u8, b: u8 }, { minimum: 1 }), '07')).toEqual({ a: 7 });
  });
});
