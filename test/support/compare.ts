import { expect } from 'vitest';

/** How one key of `ip -j` is made from what this library read. */
export type Words<T> = Record<string, (ours: T) => unknown>;

/**
 * Compares an object of iproute2 with ours, key by key: every key that it shows must have a word
 * here, and the same value.
 */
export function expectSame<T>(
  theirs: Record<string, unknown>,
  ours: T,
  words: Words<T>,
  path = '',
): void {
  for (const [key, value] of Object.entries(theirs)) {
    const word = words[key];
    if (word === undefined)
      throw new Error(
        `ip shows '${path}${key}': ${JSON.stringify(value)}, and nothing here compares it`,
      );
    expect(word(ours), `${path}${key}`).toEqual(value);
  }
}
