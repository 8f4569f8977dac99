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

const row = <T>(name: string, codec: Codec<T>, value: T, hex: string) => ({
  name,
  value,
  hex,
  write: () => write(codec, value),
  read: () => read(codec, hex),
});

// Each row: codec, value, the bytes in memory order. Little endian unless the name says otherwise.
const TABLE = [
  row('u8', u8, 0xab, 'ab'),
  row('s8', s8, -2, 'fe'),
  row('u16', u16, 0x1234, '3412'),
  row('s16', s16, -2, 'feff'),
  row('be16', be16, 0x1234, '1234'),
  row('u32', u32, 0xfedcba98, '98badcfe'),
  row('s32', s32, -2, 'feffffff'),
  row('be32', be32, 0xfedcba98, 'fedcba98'),
  row('u64', u64, 2 ** 53 - 1, 'ffffffffffff1f00'),
  row('s64', s64, -2, 'feffffffffffffff'),
  row('be64', be64, 2 ** 33 + 5, '0000000200000005'),
  row('u64big', u64big, 0xfedcba9876543210n, '1032547698badcfe'),
  row('bool', bool, true, '01'),
  row('bool32', bool32, true, '01000000'),
  row('flag', flag, true, ''),
  row('binary', binary, new Uint8Array([1, 2, 3]), '010203'),
  row('bytes(2)', bytes(2), new Uint8Array([1, 2]), '0102'),
  row('text', text(15), 'eth0', '6574683000'),
  row('text beyond ASCII', text(15), 'größe', '6772c3b6c39f6500'),
  row('text without NUL', text(15, { nul: false }), 'abc', '616263'),
  row('fixedText', fixedText(6), 'abc', '616263000000'),
  row('mac', mac, '02:00:5e:a0:0b:ff', '02005ea00bff'),
  row('mac, broadcast', mac, 'ff:ff:ff:ff:ff:ff', 'ffffffffffff'),
  row('hardwareAddress of 8', hardwareAddress, '01:02:03:04:05:06:07:08', '0102030405060708'),
  row('ipv4', ipv4, '10.0.255.1', '0a00ff01'),
  row('ipv6', ipv6, 'fe80::1', 'fe800000000000000000000000000001'),
  row('ipv6, any', ipv6, '::', '00'.repeat(16)),
  row('ipv6, the longest run', ipv6, '1:0:0:2::3', '00010000000000020000000000000003'),
  row('ipv6, the first of two runs', ipv6, '1::2:0:0:3:4', '00010000000000020000000000030004'),
  row('ipv6, no run of one', ipv6, '1:0:2:3:4:5:6:7', '00010000000200030004000500060007'),
  row('ipv6, at the end', ipv6, '1:2::', '00010002000000000000000000000000'),
  row('ipv6, mapped', ipv6, '::ffff:10.0.0.1', '00000000000000000000ffff0a000001'),
  row('ipv6, compatible', ipv6, '::10.0.0.1', '0000000000000000000000000a000001'),
  row('ip, four bytes', ip, '10.0.0.1', '0a000001'),
  row('ip, sixteen', ip, '::1', '00000000000000000000000000000001'),
  row('oneOf', colour, 'green', '02'),
  row('oneOf, unknown', colour, 77, '4d'),
  row('bits', flags, { up: true, down: false, far: true }, '0180'),
  row('bits, unknown ones', flags, { up: true, down: false, far: false, other: 0x40 }, '4100'),
  row('array', array(u16), [5, 6], '06000100050000000600010006000000'),
  row('array by index', array(u8, 'index'), [5, 6], '05000000050000000500010006000000'),
  row('array by position', array(u8, 'position'), [5], '0500010005000000'),
  row('packed', packed(u16), [1, 2, 3], '010002000300'),
  row(
    'struct, aligned as C',
    tcp,
    { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 },
    '010002000300000004000000000000000500000000000000060000000000000000'.slice(0, 64),
  ),
  row(
    'mapped',
    mapped(
      u8,
      'm',
      (v: string) => Number(v),
      (n) => String(n),
    ),
    '7',
    '07',
  ),
];

describe('bytes and values', () => {
  test.each(TABLE)('$name', (each) => {
    expect(each.write()).toBe(each.hex);
    expect(each.read()).toEqual(each.value);
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
  const refused = <T>(codec: Codec<T>, value: unknown, code: string) => ({
    title: `${codec.type.slice(0, 30)}: ${typeof value} ${String(typeof value === 'object' ? Object.keys(value ?? {}) : value).slice(0, 24)}`,
    code,
    write: () => write(codec, value as T),
  });
  const rows = [
    ...[-1, 256, Number.NaN, 1.5, Number.POSITIVE_INFINITY].map((v) => refused(u8, v, OUT)),
    ...['5', null, undefined, true, 5n, {}].map((v) => refused(u8, v, TYPE)),
    refused(s8, 128, OUT),
    refused(u16.range(1, 4094), 0, OUT),
    refused(u16.range(1, 4094), 4095, OUT),
    refused(u64, 2 ** 53, OUT),
    refused(u64big, -1n, OUT),
    refused(u64big, 1n << 64n, OUT),
    refused(u64big, 1, TYPE),
    refused(text(3), 'abcd', VALUE),
    refused(text(3), 'ää', VALUE),
    refused(text(3), 'a\0', VALUE),
    refused(text(3), '', VALUE),
    refused(text(3), 3, TYPE),
    refused(fixedText(4), 'abcd', VALUE),
    ...[
      '02:00:00:00:00',
      '02:00:00:00:00:0',
      '02:00:00:00:00:0g',
      '02-00:00:00:00:00',
      '0200.0000.0000',
      '',
      '02:00:00:00:00:01:02',
    ].map((v) => refused(mac, v, VALUE)),
    refused(mac, 5, TYPE),
    refused(hardwareAddress, Array(33).fill('00').join(':'), VALUE),
    ...['10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.1.2', '10.0.0.1 ', '', '1..2.3', '::1'].map(
      (v) => refused(ipv4, v, VALUE),
    ),
    ...[':::', 'fe80::1%lo', '1::2::3', '12345::', '10.0.0.1'].map((v) => refused(ipv6, v, VALUE)),
    refused(ip, 'localhost', VALUE),
    refused(ip, 1, TYPE),
    refused(colour, 'blue', VALUE),
    refused(colour, 'toString', VALUE),
    refused(colour, 300, OUT),
    refused(colour, null, TYPE),
    refused(flags, { left: true }, VALUE),
    refused(flags, { up: 1 }, TYPE),
    refused(flags, null, TYPE),
    refused(bool, 1, TYPE),
    refused(flag, 'yes', TYPE),
    refused(binary, [1, 2], TYPE),
    refused(bytes(2), new Uint8Array(3), VALUE),
    refused(binary, new Uint8Array(65532), OUT),
    refused(array(u8), 5, TYPE),
    refused(packed(u8), {}, TYPE),
    refused(tcp, { z: 1 }, VALUE),
    refused(tcp, null, TYPE),
  ];
  test.each(rows)('$title', (each) => {
    expect(each.write).toThrow(expect.objectContaining({ code: each.code }));
    expect(each.write).toThrow(/^spec/);
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
