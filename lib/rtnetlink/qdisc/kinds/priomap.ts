import { invalidValue, outOfRange } from '../../../errors.ts';
import type { Codec } from '../../../wire/codecs.ts';

/** A row of exactly `count` numbers of one byte inside a C struct. */
export function fixedBytes(count: number): Codec<number[]> {
  return {
    type: `u8[${count}]`,
    size: count,
    alignment: 1,
    samples: [Array.from({ length: count }, (_, i) => i % 3)],
    write(w, value, path) {
      if (!Array.isArray(value) || value.length !== count) {
        throw invalidValue(path.toString(), value, `an array of ${count} numbers`);
      }
      value.forEach((byte, i) => {
        if (!Number.isInteger(byte) || byte < 0 || byte > 255) {
          throw outOfRange(`${path}[${i}]`, byte, 'a whole number from 0 to 255');
        }
        w.u8(byte);
      });
    },
    read: (bytes, _view, at, length) =>
      Array.from(bytes.subarray(at, at + Math.min(count, length))),
  };
}
