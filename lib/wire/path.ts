/**
 * Where in an argument the encoder stands: `link.peer.mtu`. A stack of keys, joined only when an
 * error needs the text, so that the good way costs an array store for each attribute.
 */
export class Path {
  readonly #keys: (string | number)[];
  #depth = 0;

  constructor(root: string) {
    this.#keys = [root];
  }

  /** Back to the root, for one path that serves call after call (an error leaves it inside). */
  reset(): this {
    this.#depth = 0;
    return this;
  }

  /** Names the attribute being written at the present depth. */
  set(key: string | number): void {
    this.#keys[this.#depth] = key;
  }

  /** Goes inside the attribute named last. */
  enter(): void {
    this.#depth++;
  }

  leave(): void {
    this.#depth--;
  }

  /** The object at the present depth: the attribute named last is not part of it. */
  holder(): string {
    return join(this.#keys, this.#depth);
  }

  toString(): string {
    return join(this.#keys, this.#depth + 1);
  }
}

function join(keys: readonly (string | number)[], depth: number): string {
  let text = '';
  for (let i = 0; i < depth && i < keys.length; i++) {
    const key = keys[i];
    text += typeof key === 'number' ? `[${key}]` : text === '' ? key : `.${key}`;
  }
  return text;
}
