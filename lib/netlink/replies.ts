import { NLMSG_HEADER, nlmsgAlign } from '../wire/message.ts';

/**
 * A cursor over the kernel's answers to one request. One object serves all requests of a result:
 * `read` must take what it needs before it returns.
 */
export class Replies {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** The message under the cursor: its nlmsg_type, nlmsg_flags and its body's first and end byte. */
  type = 0;
  flags = 0;
  from = 0;
  to = 0;

  // Pairs of first and end byte: one region for each message of the request that was answered.
  #regions: number[] = [];
  #region = 0;
  #at = 0;
  #end = 0;

  reset(bytes: Uint8Array, view: DataView): void {
    this.bytes = bytes;
    this.view = view;
    this.#regions.length = 0;
    this.#region = this.#at = this.#end = 0;
  }

  addRegion(from: number, to: number): void {
    this.#regions.push(from, to);
  }

  /** Moves to the next answer; false when there is none. */
  next(): boolean {
    while (this.#at >= this.#end) {
      if (this.#region >= this.#regions.length) return false;
      this.#at = this.#regions[this.#region];
      this.#end = this.#regions[this.#region + 1];
      this.#region += 2;
    }
    const length = this.view.getUint32(this.#at, true);
    // The kernel's own framing is checked natively; a zero here would loop for ever all the same.
    if (length < NLMSG_HEADER || this.#at + length > this.#end) {
      throw new RangeError(`a netlink message of ${length} bytes at ${this.#at} does not fit`);
    }
    this.type = this.view.getUint16(this.#at + 4, true);
    this.flags = this.view.getUint16(this.#at + 6, true);
    this.from = this.#at + NLMSG_HEADER;
    this.to = this.#at + length;
    this.#at += nlmsgAlign(length);
    return true;
  }
}
