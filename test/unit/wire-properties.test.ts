import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  array,
  type Codec,
  ip,
  ipv4,
  ipv6,
  mac,
  packed,
  s16,
  s64,
  text,
  u8,
  u16,
  u32,
  u64,
  u64big,
} from '../../lib/wire/codecs.ts';
import { beginMessage, endMessage, iterate } from '../../lib/wire/message.ts';
import { Path } from '../../lib/wire/path.ts';
import { attr, many, table, union } from '../../lib/wire/schema.ts';
import { Writer } from '../../lib/wire/writer.ts';

const RUNS = { numRuns: 500 };

function roundTrip<T>(codec: Codec<T>, value: T): T {
  const w = new Writer(1);
  w.zeros(4);
  codec.write(w, value, new Path('value'));
  return codec.read(w.bytes, w.view, 4, w.length - 4);
}

const plain = (bytes: number) =>
  fc.string({ minLength: 1, maxLength: bytes, unit: 'binary' }).filter((value) => {
    return (
      !value.includes('\0') &&
      Buffer.byteLength(value) <= bytes &&
      Buffer.from(value).toString() === value
    );
  });

test.each([
  ['u8', u8, fc.integer({ min: 0, max: 255 })],
  ['u16', u16, fc.integer({ min: 0, max: 65535 })],
  ['s16', s16, fc.integer({ min: -32768, max: 32767 })],
  ['u32', u32, fc.nat(0xffffffff)],
  ['u64', u64, fc.maxSafeNat()],
  ['s64', s64, fc.maxSafeInteger()],
  ['u64big', u64big, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })],
  ['ipv4', ipv4, fc.ipV4()],
  ['text', text(64), plain(64)],
  [
    'mac',
    mac,
    fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) =>
      Buffer.from(bytes)
        .toString('hex')
        .replace(/..(?!$)/g, '$&:'),
    ),
  ],
  ['array of texts', array(text(20)), fc.array(plain(20))],
  ['array of arrays', array(array(u16)), fc.array(fc.array(fc.nat(65535)))],
  ['packed', packed(u32), fc.array(fc.nat(0xffffffff))],
] as [string, Codec<unknown>, fc.Arbitrary<unknown>][])(
  '%s: what is written is read',
  (_name, codec, values) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(roundTrip(codec, value)).toEqual(value);
      }),
      RUNS,
    );
  },
);

test('IPv6 addresses are written as everybody writes them', () => {
  const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(65535)), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, (parts) => {
      const long = parts.map((part) => part.toString(16)).join(':');
      const short = roundTrip(ipv6, long);
      expect(roundTrip(ipv6, short)).toBe(short);
      // The URL parser knows the rules too, but for addresses with an IPv4 one inside.
      if (!short.includes('.'))
        expect(short).toBe(new URL(`http://[${long}]/`).hostname.slice(1, -1));
    }),
    RUNS,
  );
});

test('whatever is no address is refused', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      let written = true;
      try {
        roundTrip(ip, value);
      } catch (error) {
        written = false;
        expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
      }
      // The URL parser takes more forms; none of what it refuses may get through here.
      if (written)
        expect(
          () => new URL(`http://${value.includes(':') ? `[${value}]` : value}/`),
        ).not.toThrow();
    }),
    RUNS,
  );
});

const inner = table('inner', {
  number: attr(1, u32, { kernel: 'X' }),
  names: many(2, text(15), { kernel: 'X' }),
});
const outer = table('outer', {
  first: attr(1, u8, { kernel: 'X' }),
  name: attr(3, text(127), { kernel: 'X' }),
  nested: attr(7, inner, { kernel: 'X' }),
  list: attr(9, array(inner), { kernel: 'X' }),
  kind: attr(10, text(15), { kernel: 'X' }),
  data: attr(11, union('kind', { inner }), { kernel: 'X' }),
});
const innerValue = fc.record(
  { number: fc.nat(0xffffffff), names: fc.array(plain(15), { minLength: 1, maxLength: 4 }) },
  { requiredKeys: [] },
);
const unknown = fc.array(
  fc.record({
    type: fc.integer({ min: 100, max: 0x3fff }),
    bytes: fc.uint8Array({ maxLength: 40 }),
  }),
  { minLength: 1, maxLength: 3 },
);

test('tables within tables, with what they do not know', () => {
  const values = fc.record(
    {
      first: fc.nat(255),
      name: plain(127),
      nested: innerValue,
      list: fc.array(innerValue),
      unknown,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(values, (value) => {
      expect(roundTrip(outer, value)).toEqual(value);
      const withUnion = { ...value, data: { number: 5 }, kind: 'inner' };
      expect(roundTrip(outer, withUnion)).toEqual(withUnion);
      const raw = { ...value, kind: 'other', data: new Uint8Array([1, 2, 3]) };
      expect(roundTrip(outer, raw)).toEqual(raw);
    }),
    RUNS,
  );
});

test('the path of every byte is the attribute it belongs to', () => {
  fc.assert(
    fc.property(innerValue, fc.array(innerValue), (nested, list) => {
      const w = new Writer();
      outer.encode(w, { first: 1, nested, list, kind: 'inner', data: nested });
      for (let at = 0; at < w.length; at++) {
        const path = outer.pathOf(w.bytes, 0, w.length, at);
        // Padding belongs to nobody.
        if (path === undefined) expect(w.bytes[at]).toBe(0);
        else
          expect(path).toMatch(
            /^(first|kind|nested(\.(number|names))?|list(\[\d+\](\.(number|names))?)?|data(\.(number|names))?)$/,
          );
      }
    }),
    { numRuns: 100 },
  );
});

test('an attribute that is too long is told by its path, at any depth', () => {
  const long = table('long', { bytes: attr(1, array(text(40_000)), { kernel: 'X' }) });
  const above = table('above', { inside: attr(2, long, { kernel: 'X' }) });
  const value = { inside: { bytes: ['x'.repeat(40_000), 'y'.repeat(40_000)] } };
  expect(() => above.encode(new Writer(), value, 'spec')).toThrow(
    expect.objectContaining({
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringContaining('spec.inside'),
    }),
  );
  // What just fits does.
  const fits = { inside: { bytes: ['x'.repeat(40_000), 'y'.repeat(25_000)] } };
  expect(roundTrip(above, fits)).toEqual(fits);
});

test('messages follow each other, each padded', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (bodies) => {
      const w = new Writer(1);
      bodies.forEach((body, i) => {
        const start = beginMessage(w, 100 + i, i, 7);
        w.raw(body);
        endMessage(w, start);
      });
      const seen = [...iterate(w.view, 0, w.length)];
      expect(seen.map(({ type, flags, sequence }) => [type, flags, sequence])).toEqual(
        bodies.map((_, i) => [100 + i, i, 7]),
      );
      expect(seen.map(({ from, to }) => w.bytes.slice(from, to))).toEqual(bodies);
    }),
    RUNS,
  );
});
