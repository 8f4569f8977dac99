import { invalidValue } from '../errors.ts';
import { type Bits, bits, type Codec, type IntegerCodec } from '../wire/codecs.ts';

/**
 * Flags with a mask of those that change: two numbers one after the other, as in
 * struct ifla_vlan_flags and br_boolopt_multi. The flags named are changed, true or false; the
 * others stay.
 */
export function flagsAndMask<const M extends Record<string, number>>(
  base: IntegerCodec,
  masks: M,
): Codec<Bits<keyof M & string>> {
  const inner = bits(base, masks);
  const width = base.size;
  return {
    type: `${inner.type}, with a mask`,
    size: width * 2,
    samples: inner.samples,
    write(w, value, path) {
      inner.write(w, value, path);
      let mask = 0;
      for (const key in value) {
        if (key === 'other') throw invalidValue(`${path}.other`, value.other, 'left out');
        const named: Record<string, boolean | number | undefined> = value;
        if (named[key] !== undefined) mask |= masks[key];
      }
      base.write(w, mask >>> 0, path);
    },
    read: (bytes, view, at, length) => inner.read(bytes, view, at, length),
  };
}
