import { describe, expect, test } from 'vitest';
import { readLink } from '../../lib/rtnetlink/link/api.ts';
import { linkTable } from '../../lib/rtnetlink/link/schema.ts';
import { routeTable } from '../../lib/rtnetlink/route/schema.ts';
import { DecodeError } from '../../lib/wire/errors.ts';
import { iterate } from '../../lib/wire/message.ts';
import { Writer } from '../../lib/wire/writer.ts';
import { allTables, sampleOf } from '../support/tables.ts';

/** A generator of the same numbers in every run (xorshift32), so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const INTERESTING = [0, 1, 3, 4, 5, 0x7f, 0x80, 0xff];

/** Damages a message: bits, bytes, lengths, a cut, a piece copied elsewhere. Answers its new length. */
function damage(bytes: Uint8Array, length: number, next: (below: number) => number): number {
  for (let times = 1 + next(4); times > 0; times--) {
    const at = next(length);
    const way = next(6);
    if (way === 0) bytes[at] ^= 1 << next(8);
    else if (way === 1) bytes[at] = next(256);
    else if (way === 2) bytes[at & ~3] = INTERESTING[next(INTERESTING.length)];
    else if (way === 3) bytes[(at & ~3) + 2] = next(70);
    else if (way === 4) bytes.copyWithin(at, next(length), next(length));
    else length = Math.max(1, length - next(Math.min(length, 40)));
  }
  return length;
}

/** Reads damaged copies; the errors' paths, and how many were read without one. */
function readDamaged(
  rounds: number,
  seed: number,
  original: Uint8Array,
  read: (bytes: Uint8Array, view: DataView, length: number) => void,
): { good: number; paths: Set<string> } {
  const next = numbers(seed);
  const bytes = new Uint8Array(original.length);
  const view = new DataView(bytes.buffer);
  const paths = new Set<string>();
  let good = 0;
  for (let i = 0; i < rounds; i++) {
    bytes.set(original);
    const length = damage(bytes, original.length, next);
    try {
      read(bytes, view, length);
      good++;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (error.path === undefined || error.path === '')
        throw new Error(`no path: ${error.message}`);
      if (error.offset < 0 || error.offset > original.length)
        throw new Error(`offset ${error.offset}`);
      paths.add(error.path);
    }
  }
  return { good, paths };
}

const tables = [...(await allTables())].filter(([table]) => Object.keys(table.shape).length > 0);
const EACH = Math.ceil(200_000 / tables.length);

describe('200,000 damaged messages end in values or in a DecodeError with a path', () => {
  test.each(tables.map(([table, file]) => ({ table, title: `${file}: ${table.name}` })))(
    '$title',
    ({ table }) => {
      const w = new Writer();
      table.encode(w, sampleOf(table));
      const { good } = readDamaged(
        EACH,
        0x5eed + w.length,
        w.bytes.slice(0, w.length),
        (bytes, view, length) => {
          table.decode(bytes, view, 0, length);
        },
      );
      // Damage that never matters, or always, would test nothing.
      expect(good).toBeGreaterThan(0);
    },
  );

  test('a whole link, as the kernel sends it', () => {
    const w = new Writer();
    w.zeros(16);
    linkTable.encode(w, {
      name: 'veth0',
      mtu: 1500,
      address: '02:00:00:00:00:01',
      operState: 'up',
      linkMode: 'default',
      group: 0,
      alias: 'an alias',
      propList: { altNames: ['another-name'] },
      afSpec: { inet: { conf: [1, 2, 3] }, inet6: { addrGenMode: 'eui64', token: '::1' } },
      linkinfo: {
        kind: 'bridge',
        data: { ageingTime: 30000, vlanFiltering: true, bridgeId: '8000.020000000001' },
        portKind: 'bridge',
        port: { state: 'forwarding', cost: 2 },
      },
    });
    const { good, paths } = readDamaged(
      20_000,
      77,
      w.bytes.slice(0, w.length),
      (bytes, view, length) => {
        readLink(bytes, view, 0, length);
      },
    );
    expect(good).toBeGreaterThan(1000);
    expect([...paths].some((path) => path.startsWith('linkinfo.data'))).toBe(true);
    expect([...paths].some((path) => path.startsWith('linkinfo.port'))).toBe(true);
  });

  test('a route of several ways, each with an encapsulation', () => {
    const w = new Writer();
    const encap = { encapType: 'mpls' as const, encap: { labels: [100, 200] } };
    routeTable.encode(w, {
      dst: '10.0.0.0',
      metrics: { mtu: 1400, lock: { mtu: true } },
      multipath: [
        { dev: 2, flags: 0, weight: 1, attributes: { gateway: '10.0.0.1', ...encap } },
        { dev: 3, flags: 4, weight: 2, attributes: { via: 'fe80::1' } },
      ],
    });
    const { paths } = readDamaged(20_000, 78, w.bytes.slice(0, w.length), (bytes, view, length) => {
      routeTable.decode(bytes, view, 0, length);
    });
    expect([...paths].some((path) => path.startsWith('multipath'))).toBe(true);
  });

  test('a datagram of several messages', () => {
    const w = new Writer();
    for (let i = 0; i < 5; i++) {
      w.u32(24);
      w.u16(16);
      w.zeros(18);
    }
    const { good, paths } = readDamaged(
      20_000,
      79,
      w.bytes.slice(0, w.length),
      (_bytes, view, length) => {
        let last = -1;
        for (const { from, to } of iterate(view, 0, length)) {
          // Always on, never beyond the end: a zero length would go on for ever.
          if (from <= last || to > length) throw new Error('went astray');
          last = from;
        }
      },
    );
    expect(good).toBeGreaterThan(100);
    expect([...paths]).toEqual(['nlmsghdr']);
  });
});
