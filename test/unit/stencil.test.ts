import { describe, expect, it } from 'vitest';
import { type Hole, Stencil } from '../../lib/netlink/stencil.ts';

interface Values {
  index: number;
  name: string;
}

const holes: Hole<Values>[] = [
  (into, { index }) => into.writeUInt32LE(index),
  (into, { name }) => into.write(name),
];

/** A message with the index twice, once unaligned, and the name in between. */
function write({ index, name }: Values): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xdeadbeef, true);
  view.setUint32(4, index, true);
  bytes.set(Buffer.from(name), 9);
  view.setUint32(21, index, true);
  return bytes;
}

const samples: [Values, Values] = [
  { index: 0x51525354, name: 'aaaa' },
  { index: 0x61626364, name: 'bbbb' },
];

describe('a stencil', () => {
  it('fills what it has seen to differ, and nothing else', () => {
    const stencil = Stencil.learn(write, holes, samples);
    for (const values of [
      { index: 1, name: 'web0' },
      { index: 0xffff_ffff, name: 'aaaa' },
      samples[1],
    ]) {
      expect(stencil?.fill(values)).toEqual(Buffer.from(write(values)));
    }
  });

  it('is not learned where more differs than the holes', () => {
    let turn = 0;
    const restless = (values: Values) => {
      const bytes = write(values);
      bytes[30] = turn++;
      return bytes;
    };
    expect(Stencil.learn(restless, holes, samples)).toBeUndefined();
    expect(Stencil.learn(write, holes.slice(1), samples)).toBeUndefined();
    const longer: [Values, Values] = [samples[0], { index: 0x61626364, name: 'bbbbb' }];
    expect(Stencil.learn(write, holes, longer)).toBeUndefined();
  });

  it('takes no constant for a hole that happens to have its bytes', () => {
    // The constant is the first sample's index, but not the second's.
    const constant = (values: Values) => {
      const bytes = write(values);
      new DataView(bytes.buffer).setUint32(0, samples[0].index, true);
      return bytes;
    };
    const values = { index: 7, name: 'web1' };
    expect(Stencil.learn(constant, holes, samples)?.fill(values)).toEqual(
      Buffer.from(constant(values)),
    );
  });

  it('refuses a value of another size', () => {
    const stencil = Stencil.learn(write, holes, samples);
    expect(() => stencil?.fill({ index: 1, name: 'longer' })).toThrow(RangeError);
  });
});
