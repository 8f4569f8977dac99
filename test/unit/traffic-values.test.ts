import { describe, expect, test } from 'vitest';
import { trafficClass } from '../../lib/rtnetlink/class/api.ts';
import { actionKinds, actions } from '../../lib/rtnetlink/filter/actions/index.ts';
import { type FilterSpec, filter } from '../../lib/rtnetlink/filter/api.ts';
import { formatFilterHandle, parseFilterHandle } from '../../lib/rtnetlink/filter/handle.ts';
import { filterKinds } from '../../lib/rtnetlink/filter/kinds/index.ts';
import { type QdiscSpec, qdisc } from '../../lib/rtnetlink/qdisc/api.ts';
import { formatHandle, formatParent, parseHandle } from '../../lib/rtnetlink/qdisc/handle.ts';
import type { OptionsCodec } from '../../lib/rtnetlink/qdisc/kind.ts';
import { classKinds, qdiscKinds } from '../../lib/rtnetlink/qdisc/kinds/index.ts';
import {
  cellLogFor,
  rateTable,
  transmitSize,
  transmitTicks,
} from '../../lib/rtnetlink/qdisc/rate.ts';
import {
  bytesPerSecond,
  microseconds,
  nanoseconds,
  percent,
  share,
  sizeInBytes,
} from '../../lib/rtnetlink/qdisc/units.ts';
import { Path } from '../../lib/wire/path.ts';
import { Writer } from '../../lib/wire/writer.ts';
import { bodies } from './support/attributes.ts';

/** A value written and read again. */
function roundTrip<V>(
  codec: { write: OptionsCodec<V>['write']; read: OptionsCodec<V>['read'] },
  value: V,
): V {
  const w = new Writer();
  codec.write(w, value, new Path('options'));
  const bytes = w.bytes.slice(0, w.length);
  return codec.read(bytes, new DataView(bytes.buffer), 0, bytes.length);
}

/** Numbers that the kernel keeps as times come back to a part in ten thousand. */
function nearly(value: unknown): unknown {
  if (typeof value === 'number') {
    return value === 0
      ? 0
      : expect.closeTo(value, value > 100 ? -Math.floor(Math.log10(value)) + 2 : 2);
  }
  if (Array.isArray(value)) return value.map(nearly);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, nearly(each)]));
}

describe('options come back as they were told', () => {
  const kinds: [string, OptionsCodec<object>][] = [
    ...Object.entries(qdiscKinds),
    ...Object.entries(classKinds).map(
      ([name, codec]) => [`class ${name}`, codec] as [string, OptionsCodec<object>],
    ),
    ...Object.entries(filterKinds).map(
      ([name, codec]) => [`filter ${name}`, codec] as [string, OptionsCodec<object>],
    ),
    ...Object.entries(actionKinds).map(
      ([name, codec]) => [`action ${name}`, codec] as [string, OptionsCodec<object>],
    ),
  ];
  const cases = kinds.flatMap(([name, codec]) =>
    (codec.samples ?? []).map((sample) => ({ name, codec, sample })),
  );

  test('there is one of every kind that has any', () => {
    const without = kinds
      .filter(([, codec]) => (codec.samples ?? []).length === 0)
      .map(([name]) => name);
    expect(without.sort()).toEqual(['clsact', 'ingress', 'mq', 'noqueue']);
  });

  test.each(cases)('$name $sample', ({ codec, sample }) => {
    const back = roundTrip(codec, sample);
    expect(back).toMatchObject(nearly(sample) as object);
  });

  test('actions keep their order, and unknown kinds their bytes', () => {
    const told = [
      { kind: 'gact', control: 'pipe', index: 3, cookie: new Uint8Array([1, 2]) },
      { kind: 'strange', options: new Uint8Array([1, 0, 0, 0]) },
      { kind: 'mirred', action: 'mirror', direction: 'ingress', dev: 5, control: 'pipe', index: 0 },
    ] as const;
    expect(roundTrip(actions, [...told])).toEqual(told);
  });
});

describe('units', () => {
  test.each([
    ['10mbit', 1_250_000],
    ['1gbit', 125_000_000],
    ['1.5mbit', 187_500],
    ['125kbps', 125_000],
    ['8mibit', 1_048_576],
    ['100', undefined],
    [8000, 1000],
    ['10 mbit', 1_250_000],
  ])('rate %s', (text, bytes) => {
    if (bytes === undefined)
      expect(() => bytesPerSecond('rate', text)).toThrow(/rate must be bits/);
    else expect(bytesPerSecond('rate', text)).toBe(bytes);
  });

  test.each([
    ['32kb', 32768],
    ['32k', 32768],
    ['1mb', 1_048_576],
    ['64kbit', 8192],
    [1500, 1500],
  ])('size %s', (text, bytes) => {
    expect(sizeInBytes('burst', text)).toBe(bytes);
  });

  test.each([
    ['20ms', 20_000_000],
    ['1.5s', 1_500_000_000],
    ['500us', 500_000],
    ['100ns', 100],
    [2, 2_000_000],
  ])('time %s', (text, ns) => {
    expect(nanoseconds('delay', text)).toBe(ns);
  });

  test('what is none of them', () => {
    expect(() => sizeInBytes('burst', '5kg')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => sizeInBytes('burst', -1)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => nanoseconds('delay', Number.NaN)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => microseconds('delay', '2h')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => bytesPerSecond('rate', 7)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => share('loss', 101)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => share('loss', '1%')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  test('percentages', () => {
    for (const value of [0, 0.1, 1, 12.5, 50, 99.9, 100])
      expect(percent(share('loss', value))).toBe(value);
    expect(share('loss', 100)).toBe(0xffffffff);
  });
});

describe('rates', () => {
  test('ticks are 64 ns', () => {
    expect(transmitTicks(1_000_000, 1000)).toBe(15625);
    expect(transmitSize(1_000_000, 15625)).toBe(1000);
    // A rate so low that the time is over 32 bits is held at the largest.
    expect(transmitTicks(1, 0xffffffff)).toBe(0xffffffff);
  });

  test('a table covers the MTU in 256 cells', () => {
    expect([1500, 0, 2047, 2048, 9000, 65535].map(cellLogFor)).toEqual([3, 3, 3, 4, 6, 8]);
    const { spec, table } = rateTable(1_000_000, { mtu: 1500, mpu: 64 });
    expect(spec).toEqual({
      cellLog: 3,
      linkLayer: 1,
      overhead: 0,
      cellAlign: -1,
      mpu: 64,
      rate: 1_000_000,
    });
    const view = new DataView(table.buffer);
    // Cells below the least size cost as much as it does.
    expect(view.getUint32(0, true)).toBe(transmitTicks(1_000_000, 64));
    expect(view.getUint32(255 * 4, true)).toBe(transmitTicks(1_000_000, 2048));
  });
});

describe('handles', () => {
  test.each([
    ['1:', 0x10000],
    ['1:a', 0x1000a],
    ['ffff:fff2', 0xfffffff2],
    [':30', 0x30],
  ])('%s', (text, number) => {
    expect(parseHandle('handle', text)).toBe(number);
    expect(parseHandle('handle', number)).toBe(number);
  });

  test('and back', () => {
    expect([0x10000, 0x1000a, 0xffff0000].map(formatHandle)).toEqual(['1:', '1:a', 'ffff:']);
    expect([0xffffffff, 0xfffffff1, 0x10000].map(formatParent)).toEqual(['root', 'ingress', '1:']);
    expect(parseFilterHandle('handle', '800::801')).toBe(0x80000801);
    expect(formatFilterHandle('u32', 0x80000801)).toBe('800::801');
    expect(formatFilterHandle('u32', 0x80000000)).toBe('800:');
    expect(formatFilterHandle('fw', 7)).toBe(7);
  });

  test.each(['', ':', '1', 'g:', '12345:1', '1:2:3'])('%j is none', (text) => {
    expect(() => parseHandle('handle', text)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});

describe('what is wrong is told by its path before anything is sent', () => {
  test.each([
    [{ kind: 'tbf', dev: 'a', burst: 1, limit: 1 }, 'qdisc.rate', 'ERR_INVALID_ARG_TYPE'],
    [{ kind: 'tbf', dev: 'a', rate: 8e6, burst: 1 }, 'qdisc.limit', 'ERR_INVALID_ARG_VALUE'],
    [
      { kind: 'tbf', dev: 'a', rate: 8e6, burst: 1, limit: 1, latency: 1 },
      'qdisc.limit',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      { kind: 'tbf', dev: 'a', rate: 8e6, burst: 1, limit: 1, peakRate: 9e6 },
      'qdisc.mtu',
      'ERR_INVALID_ARG_VALUE',
    ],
    [{ kind: 'tbf', dev: 'a', rat: 8e6, burst: 1, limit: 1 }, 'qdisc.rat', 'ERR_INVALID_ARG_VALUE'],
    [
      { kind: 'netem', dev: 'a', loss: 1, lossGemodel: { p: 1 } },
      'qdisc.loss',
      'ERR_INVALID_ARG_VALUE',
    ],
    [{ kind: 'netem', dev: 'a', reorder: 5 }, 'qdisc.delay', 'ERR_INVALID_ARG_VALUE'],
    [
      { kind: 'netem', dev: 'a', slot: { minDelai: 1 } },
      'qdisc.slot.minDelai',
      'ERR_INVALID_ARG_VALUE',
    ],
    [{ kind: 'prio', dev: 'a', priomap: [1, 2] }, 'priomap', 'ERR_INVALID_ARG_VALUE'],
    [{ kind: 'htb', dev: 'a', handle: '1:1' }, 'qdisc.handle', 'ERR_INVALID_ARG_VALUE'],
    [{ kind: 'ingress', dev: 'a', parent: '1:' }, 'qdisc.parent', 'ERR_INVALID_ARG_VALUE'],
    [
      { kind: 'pfifo', dev: 'a', options: new Uint8Array(4) },
      'qdisc.options',
      'ERR_INVALID_ARG_VALUE',
    ],
    [{ kind: 'strange', dev: 'a', limit: 4 }, 'qdisc.limit', 'ERR_INVALID_ARG_VALUE'],
    [{ kind: 'pfifo', dev: 'a b' }, 'qdisc.dev', 'ERR_INVALID_ARG_VALUE'],
  ])('qdisc %j', (spec, path, code) => {
    expect(() => bodies(qdisc.add(spec as QdiscSpec))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(path) }),
    );
  });

  test.each([
    [
      { kind: 'u32', dev: 'a', match: [{ ip: { src: 'fd00::/8' } }] },
      'filter.match[0].ip.src',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      { kind: 'u32', dev: 'a', match: [{ ip: { sorce: '10.0.0.0/8' } }] },
      'filter.match[0].ip.sorce',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      { kind: 'u32', dev: 'a', match: [{ value: 1, mask: -1, offset: 0 }] },
      'filter.match[0].mask',
      'ERR_OUT_OF_RANGE',
    ],
    [{ kind: 'flower', dev: 'a', dstPort: 80 }, 'filter.dstPort', 'ERR_INVALID_ARG_VALUE'],
    [
      { kind: 'flower', dev: 'a', ipProto: 'tcp', dstPort: { min: 9, max: 8 } },
      'filter.dstPort.max',
      'ERR_OUT_OF_RANGE',
    ],
    [{ kind: 'flower', dev: 'a', srcMac: '02' }, 'filter.srcMac', 'ERR_INVALID_ARG_VALUE'],
    [
      { kind: 'matchall', dev: 'a', actions: [{ kind: 'mirred', action: 'redirect' }] },
      'dev',
      'ERR_INVALID_ARG_TYPE',
    ],
    [
      { kind: 'matchall', dev: 'a', actions: [{ kind: 'police', burst: 5 }] },
      'rate',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      { kind: 'matchall', dev: 'a', actions: [{ kind: 'gact', control: 'dorp' }] },
      'control',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      { kind: 'matchall', dev: 'a', actions: [{ kind: 'strange', level: 1 }] },
      'filter.actions[0].level',
      'ERR_INVALID_ARG_VALUE',
    ],
    [{ kind: 'matchall', dev: 'a', priority: 0 }, 'filter.priority', 'ERR_OUT_OF_RANGE'],
    [{ kind: 'matchall', dev: 'a', protocol: 'ipx' }, 'filter.protocol', 'ERR_INVALID_ARG_VALUE'],
  ])('filter %j', (spec, path, code) => {
    expect(() => bodies(filter.add(spec as FilterSpec))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(path) }),
    );
  });

  test('class', () => {
    expect(() =>
      bodies(trafficClass.add({ dev: 'a', classId: '1:1', kind: 'htb', rate: 'fast' })),
    ).toThrow(/class\.rate must be bits a second/);
    expect(() => trafficClass.delete({ dev: 'a', classId: 'x' })).toThrow(
      /class\.classId must be a handle/,
    );
  });
});
