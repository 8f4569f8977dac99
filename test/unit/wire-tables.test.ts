import { describe, expect, test } from 'vitest';
import type { Codec } from '../../lib/wire/codecs.ts';
import { Path } from '../../lib/wire/path.ts';
import type { Attribute } from '../../lib/wire/schema.ts';
import { Writer } from '../../lib/wire/writer.ts';
import {
  type AnyTable,
  allTables,
  attributesOf,
  readAs,
  sampleOf,
  samplesOf,
} from '../support/tables.ts';

const tables = [...(await allTables())];
const NESTED = 0x8000;

function encoded(table: AnyTable, value: object): Writer {
  const w = new Writer(16);
  table.encode(w, value);
  return w;
}

/** A value of a union needs the sibling that says which it is. */
function unionSamples(
  attribute: Attribute<unknown>,
  siblings: AnyTable,
): [value: unknown, selected: unknown][] {
  const { codec } = attribute;
  const { members = {} } = codec as Codec<unknown> & { members?: Record<string, Codec<unknown>> };
  const selector = attributesOf(siblings).find(({ key }) => key === codec.selector);
  expect(selector, `${codec.selector} beside a union`).toBeDefined();
  return Object.entries(members).flatMap(([kind, member]) =>
    samplesOf(member).map((value): [unknown, unknown] => [value, kind]),
  );
}

test('the tables are found', () => {
  expect(tables.length).toBeGreaterThan(60);
  const names = tables.map(([table]) => table.name);
  for (const name of ['link', 'bridge', 'bridge_slave', 'vxlan', 'address', 'route', 'metrics']) {
    expect(names).toContain(name);
  }
});

describe.each(tables.map(([table, file]) => ({ table, title: `${file}: ${table.name}` })))(
  '$title',
  ({ table }) => {
    const attributes = attributesOf(table);

    test('numbers fit and are each read by one key', () => {
      const seen = new Map<number, string>();
      for (const { key, number, kernel } of attributes) {
        expect(number, key).toBeGreaterThanOrEqual(0);
        expect(number, key).toBeLessThan(0x4000);
        expect(kernel, key).toMatch(/^[A-Z][A-Za-z0-9_]+$/);
        // Two faces of one number would leave one of them without a reader.
        expect(seen.get(number), `${key} has the number of ${seen.get(number)}`).toBeUndefined();
        seen.set(number, key);
      }
    });

    test('every attribute survives a round trip', () => {
      for (const attribute of attributes) {
        const { key, codec, many } = attribute;
        const cases: [object, unknown][] =
          codec.selector === undefined
            ? samplesOf(codec).map((value) => [
                { [key]: many ? [value, value] : value },
                many ? [value, value] : value,
              ])
            : unionSamples(attribute, table).map(([value, kind]) => [
                { [String(codec.selector)]: kind, [key]: value },
                value,
              ]);
        expect(cases.length, `${table.name}.${key} (${codec.type}) has no samples`).toBeGreaterThan(
          0,
        );
        for (const [object, value] of cases) {
          const w = encoded(table, object);
          const back = table.decode(w.bytes, w.view, 0, w.length) as Record<string, unknown>;
          // More may come back than was said: what follows from it (tbf's latency).
          expect({ value: back[readAs(table, key)] }, `${table.name}.${key}`).toMatchObject({
            value,
          });
          // Attributes may change places (a union is read last), so not the bytes but their meaning.
          if (codec.selector !== undefined) continue;
          const again = encoded(table, back);
          expect(again.length, `${table.name}.${key} written again`).toBe(w.length);
          expect(table.decode(again.bytes, again.view, 0, again.length)).toEqual(back);
        }
      }
    });

    test('its header is right, and its place is named', () => {
      for (const { key, codec, number } of attributes) {
        if (codec.selector !== undefined) continue;
        const [value] = samplesOf(codec);
        const w = encoded(table, {
          [key]: attributes.find((each) => each.key === key)?.many ? [value] : value,
        });
        expect(w.view.getUint16(2, true), key).toBe(number | (codec.nested ? NESTED : 0));
        expect(table.pathOf(w.bytes, 0, w.length, 0), key).toBe(key);
        const inside = table.pathOf(w.bytes, 0, w.length, w.view.getUint16(0, true) - 1);
        expect(inside?.split(/[.[]/)[0], key).toBe(key);
      }
    });

    test('all at once: the same whether read the first time or the hundredth', () => {
      const w = encoded(table, sampleOf(table));
      const first = table.decode(w.bytes, w.view, 0, w.length);
      for (let i = 0; i < 30; i++) {
        const again = table.decode(w.bytes, w.view, 0, w.length);
        expect(again).toEqual(first);
        expect(Object.keys(again)).toEqual(Object.keys(first));
      }
      // One attribute less: the shape learnt must not invent it.
      const [gone] = Object.keys(first);
      if (gone !== undefined) {
        const { [gone]: _gone, ...rest } = first as Record<string, unknown>;
        const less = encoded(table, rest);
        expect(Object.keys(table.decode(less.bytes, less.view, 0, less.length))).toEqual(
          Object.keys(rest),
        );
      }
    });

    test('what it does not know is kept, and a misspelling is told', () => {
      const unknown = [{ type: 0x3ff0, bytes: new Uint8Array([1, 2, 3]) }];
      const w = encoded(table, { unknown });
      expect(table.decode(w.bytes, w.view, 0, w.length)).toEqual({ unknown });
      expect(() => table.encode(new Writer(), { misspelt: 1 } as object, new Path('spec'))).toThrow(
        /^spec\.misspelt is not an option/,
      );
    });
  },
);
