import { Writer } from '../wire/writer.ts';
import type { Dev, NetNsRef } from './request.ts';

const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_DUMP = 0x300;

/** How the native transport treats a message: must match native/exchange.h. */
export const MESSAGE_BARRIER = 1;
export const MESSAGE_OPTIONAL = 2;
export const MESSAGE_NO_ACK = 4;
export const MESSAGE_HOLD = 8;
export const MESSAGE_NEEDS = 16;
export const MESSAGE_TAKES_BACK = 32;

/** What a reference is patched with, right before its message is sent. */
export const REFERENCE_IFINDEX = 0;
export const REFERENCE_DESCRIPTOR = 1;
/** Not known natively: the descriptor of an own OPEN step, made a REFERENCE_DESCRIPTOR by the plan. */
export const REFERENCE_PATH = 2;

/** What names the attribute that an error points at: the fixed header's size and the table behind it. */
export interface Schema {
  readonly header: number;
  readonly table: {
    pathOf(bytes: Uint8Array, from: number, to: number, offset: number): string | undefined;
  };
}

/** What a message says of itself beyond its bytes. */
export interface MessageOptions {
  /** Sent only after all earlier ones are acknowledged. */
  readonly barrier?: boolean;
  /** Its error is no failure. */
  readonly optional?: boolean;
  /** The kernel sends no acknowledgement of its own (nfnetlink's batch marks). */
  readonly noAck?: boolean;
  /** Stays in one send with the message before it (an nfnetlink batch is atomic). */
  readonly hold?: boolean;
  /** Sent only when the request's messages before it have succeeded. */
  readonly needs?: boolean;
  /** Sent only when the request's first message has succeeded and one behind it has not. */
  readonly takesBack?: boolean;
}

/** A handle that must not close its descriptor between the two. */
export interface Held {
  begin(): void;
  end(): void;
}

const PLAIN: MessageOptions = {};

/**
 * Netlink messages being written: one buffer, and beside it what the native transport must know of
 * each. Reused from batch to batch, so that the hot path makes no objects.
 */
export class Messages {
  readonly writer = new Writer();
  count = 0;
  readonly offsets: number[] = [];
  readonly flags: number[] = [];
  readonly references: number[] = [];
  readonly syscalls: string[] = [];
  readonly schemas: (Schema | undefined)[] = [];
  /** The link that a message is about, where the kernel looks its name up itself. */
  readonly subjects: (string | undefined)[] = [];

  referenceCount = 0;
  readonly referenceOffsets: number[] = [];
  readonly referenceKinds: number[] = [];
  readonly referenceValues: (string | number)[] = [];
  /** Files to be opened before anything is sent: namespaces told by name or by process. */
  readonly paths: string[] = [];

  /** The handles whose descriptors are named: kept open until the messages are sent. */
  readonly holds: Held[] = [];

  // Names of links that messages since the last barrier bring into being or take away.
  #changed: string[] = [];

  constructor() {
    this.writer.links = this;
  }

  reset(): void {
    this.writer.reset();
    this.count = 0;
    this.referenceCount = 0;
    // Setting a length is a call, and most often there is nothing to forget.
    if (this.paths.length > 0) this.paths.length = 0;
    if (this.holds.length > 0) this.holds.length = 0;
    if (this.#changed.length > 0) this.#changed.length = 0;
    this.#here();
  }

  // Where the next message begins is known before it does: `truncate` may cut at any count.
  #here(): void {
    this.offsets[this.count] = this.writer.length;
    this.references[this.count] = this.referenceCount;
  }

  /**
   * Begins a message; its body is written to `writer`, then `end` is called.
   * NLM_F_REQUEST is added, and NLM_F_ACK to all but dumps.
   */
  begin(
    type: number,
    flags: number,
    syscall: string,
    schema?: Schema,
    options: MessageOptions = PLAIN,
  ): void {
    const at = this.count;
    this.syscalls[at] = syscall;
    this.schemas[at] = schema;
    this.subjects[at] = undefined;
    this.flags[at] =
      (options.barrier ? MESSAGE_BARRIER : 0) |
      (options.optional ? MESSAGE_OPTIONAL : 0) |
      (options.noAck ? MESSAGE_NO_ACK : 0) |
      (options.hold ? MESSAGE_HOLD : 0) |
      (options.needs ? MESSAGE_NEEDS | MESSAGE_BARRIER : 0) |
      (options.takesBack ? MESSAGE_TAKES_BACK | MESSAGE_BARRIER | MESSAGE_OPTIONAL : 0);
    const acknowledged = (flags & NLM_F_DUMP) === NLM_F_DUMP || options.noAck ? 0 : NLM_F_ACK;
    this.writer.u32(0);
    this.writer.u16(type);
    this.writer.u16(flags | NLM_F_REQUEST | acknowledged);
    this.writer.u32(0);
    this.writer.u32(0);
  }

  end(): void {
    const start = this.offsets[this.count];
    this.writer.patch32(start, this.writer.length - start);
    this.writer.align();
    this.count++;
    this.#here();
  }

  /** Writes a u32: the index itself, or room for that of the link with this name. */
  linkIndex(dev: Dev): void {
    if (typeof dev === 'number') {
      this.writer.u32(dev);
      return;
    }
    // A name that this very batch changes means something else once those messages are done.
    if (this.#changed.length > 0 && this.#changed.includes(dev)) this.#barrier();
    this.#reference(REFERENCE_IFINDEX, dev);
  }

  /** Writes a u32: the descriptor of a namespace. */
  netns(ref: NetNsRef): void {
    if (typeof ref === 'string') this.#opened(`/run/netns/${ref}`);
    else if ('slot' in ref) this.#reference(REFERENCE_DESCRIPTOR, ~ref.slot);
    else if ('pid' in ref) this.#opened(`/proc/${ref.pid}/ns/net`);
    else {
      // A reference, not the number alone: another process may run the plan and has another one.
      this.#reference(REFERENCE_DESCRIPTOR, ref.fd);
      if ('hold' in ref) this.holds.push(ref.hold);
    }
  }

  /** Names the link that the message being written is about, for its error. */
  aboutLink(name: string): void {
    this.subjects[this.count] = name;
  }

  /** The message being written creates, renames or removes the link of this name. */
  changesLink(name: string): void {
    this.#changed.push(name);
  }

  /** Takes the message at `count` and all behind it out again. */
  truncate(count: number): void {
    this.writer.length = this.offsets[count];
    this.referenceCount = this.references[count];
    this.paths.length = 0;
    for (let i = 0; i < this.referenceCount; i++) {
      if (this.referenceKinds[i] === REFERENCE_PATH)
        this.paths.length = Number(this.referenceValues[i]) + 1;
    }
    this.count = count;
  }

  /** The names of links that a message holds. */
  namesIn(message: number): string[] {
    const end = message + 1 < this.count ? this.references[message + 1] : this.referenceCount;
    return this.referenceValues
      .slice(this.references[message], end)
      .filter((value) => typeof value === 'string');
  }

  #barrier(): void {
    this.flags[this.count] |= MESSAGE_BARRIER;
    this.#changed.length = 0;
  }

  #opened(path: string): void {
    let index = this.paths.indexOf(path);
    if (index < 0) index = this.paths.push(path) - 1;
    this.#reference(REFERENCE_PATH, index);
  }

  #reference(kind: number, value: string | number): void {
    const at = this.referenceCount++;
    this.referenceOffsets[at] = this.writer.length;
    this.referenceKinds[at] = kind;
    this.referenceValues[at] = value;
    this.writer.u32(0);
  }
}
