const HEADER = 16;
const MAX_SLOTS = 256;
const MAX_EXPORTS = 32;
const encoder = new TextEncoder();

/**
 * The bytes of a plan: its header, and steps behind each other, each with its operands. One object
 * is used again and again: nothing but numbers is written.
 */
export class PlanBytes {
  bytes = new Uint8Array(4096);
  protected view = new DataView(this.bytes.buffer);
  protected at = HEADER;
  #step = 0;
  #exports = 0;
  #flags = 0;
  /** How many slots are taken, and how many steps written. */
  slots = 0;
  steps = 0;

  reset(): void {
    this.at = HEADER;
    this.#exports = 0;
    this.#flags = 0;
    this.slots = 0;
    this.steps = 0;
  }

  /** Completes the plan; returns how many of `bytes` it takes. */
  finish(): number {
    const view = this.view;
    view.setUint32(0, this.at, true);
    view.setUint32(4, this.steps, true);
    view.setUint32(8, this.#exports, true);
    view.setUint32(12, this.#flags, true);
    return this.at;
  }

  /** A slot for a descriptor that a step opens. */
  slot(): number {
    if (this.slots === MAX_SLOTS)
      throw new RangeError(`a plan holds ${MAX_SLOTS} descriptors at most`);
    return this.slots++;
  }

  /** Hands the slot's descriptor to JavaScript when the plan succeeds; the others are closed. */
  export(slot: number): void {
    if (slot >= MAX_EXPORTS)
      throw new RangeError(`only the first ${MAX_EXPORTS} slots are exported`);
    this.#exports |= 1 << slot;
  }

  /** For tests: the lane can't come home, and is retired. */
  failHome(): void {
    this.#flags |= 0x80000000;
  }

  protected begin(operation: number, flags: number): void {
    this.reserve(8);
    this.#step = this.at;
    this.view.setUint16(this.at, operation, true);
    this.view.setUint16(this.at + 2, flags, true);
    this.at += 8;
    this.steps++;
  }

  protected end(): void {
    this.view.setUint32(this.#step + 4, this.at - this.#step, true);
  }

  protected number(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.at, value, true);
    this.at += 4;
  }

  // u32 length, the bytes, a NUL, padding.
  protected text(text: string): void {
    const start = this.at;
    this.number(0);
    this.view.setUint32(start, this.characters(text), true);
    this.reserve(4);
    this.bytes[this.at++] = 0;
    this.pad();
  }

  protected raw(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.reserve(bytes.length + 4);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
    this.bytes[this.at++] = 0;
    this.pad();
  }

  /** Writes the bytes of a string; returns how many. */
  protected characters(text: string): number {
    const start = this.at;
    this.reserve(text.length * 3 + 4);
    const { bytes } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.at = start + encoder.encodeInto(text, bytes.subarray(start)).written;
        return this.at - start;
      }
      bytes[start + i] = code;
    }
    this.at = start + text.length;
    return text.length;
  }

  protected pad(): void {
    this.reserve(4);
    while ((this.at & 3) !== 0) this.bytes[this.at++] = 0;
  }

  protected reserve(room: number): void {
    if (this.bytes.length - this.at >= room) return;
    let size = this.bytes.length * 2;
    while (size - this.at < room) size *= 2;
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
