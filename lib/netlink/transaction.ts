import { NetlinkError } from '../errors.ts';
import { DecodeError } from '../wire/errors.ts';
import { failure } from './failure.ts';
import type { Completion } from './lane.ts';
import { Messages } from './messages.ts';
import type { PlanWriter } from './plan.ts';
import { Replies } from './replies.ts';
import type { Request } from './request.ts';
import {
  exported,
  firstRecord,
  RECORD_ERROR,
  RECORD_HEADER,
  RECORD_REPLIES,
  RECORD_SYSCALL,
  recordText,
  syscallOf,
} from './result.ts';

/** A dump that was interrupted is asked again this often before it is told as an error. */
export const DUMP_TRIES = 8;

const NLMSG_HEADER = 16;
const ENODEV = -19;

/** Buffers of transactions that are over: the next one writes into them. */
const spare: Messages[] = [];
/** One cursor for all: `read` takes what it needs before it returns. */
const replies = new Replies();

/** What the kernel said of one message beyond its answers. */
interface Told {
  message: number;
  errno: number;
  text: string;
  offset: number;
  syscall: string | undefined;
}

/**
 * Requests that are sent together, and what became of them. The messages are kept until then: the
 * kernel tells the attribute that it refuses as an offset into them.
 */
export class Transaction implements Completion {
  readonly messages: Messages;
  readonly requests: Request<unknown>[] = [];
  /** For each request its answer, or the error that it failed with. */
  readonly values: unknown[] = [];
  readonly errors: (NetlinkError | undefined)[] = [];
  /** The first failure, which ended the plan. */
  error: NetlinkError | undefined;
  /** The first answer that could not be read: what was asked has been done all the same. */
  unread: NetlinkError | undefined;

  readonly #label: string;
  readonly #keep: (fd: number) => void;
  readonly #done: ((transaction: Transaction) => void) | undefined;
  // The first message of each request.
  readonly #starts: number[] = [];
  #step = 0;

  /**
   * @param label how errors name the namespace
   * @param keep takes the socket that the plan has opened
   */
  constructor(
    label: string,
    keep: (fd: number) => void,
    done?: (transaction: Transaction) => void,
  ) {
    this.messages = spare.pop() ?? new Messages();
    this.messages.reset();
    this.#label = label;
    this.#keep = keep;
    this.#done = done;
  }

  /** Appends a request's messages. What it throws is a bad argument of its caller. */
  add(request: Request<unknown>): void {
    this.#starts.push(this.messages.count);
    this.requests.push(request);
    request.write(this.messages);
  }

  /** Takes the request that was added last out again. */
  removeLast(): void {
    this.messages.truncate(this.#starts.pop() ?? 0);
    this.requests.pop();
  }

  /** Appends the steps that open what the messages name, and the one that sends them. */
  write(plan: PlanWriter, fd: number): void {
    const { paths } = this.messages;
    const firstPath = plan.slots;
    for (const path of paths) plan.open(plan.slot(), 0, path);
    this.#step = plan.steps;
    plan.transact(fd, this.messages, firstPath, DUMP_TRIES);
  }

  /** From now on the plan is the lane's: what it names stays open until `end`. */
  begin(): void {
    for (const hold of this.messages.holds) hold.begin();
  }

  /** The plan has run, or never will. */
  end(): void {
    for (const hold of this.messages.holds) hold.end();
    spare.push(this.messages);
  }

  complete(errno: number, step: number, message: number, result: Uint8Array, length: number): void {
    const view = new DataView(result.buffer, result.byteOffset, length);
    for (let i = 0; i < exported(view); i++) this.#keep(view.getInt32(8 + i * 8, true));
    const within = errno === 0 || step === this.#step;
    if (within) this.#settle(errno, result, view, length);
    if (errno !== 0 && this.error === undefined) {
      this.error = within
        ? this.#failure({
            message,
            errno,
            text: '',
            offset: 0,
            syscall: syscallOf(view, step, length),
          })
        : this.#outside(errno, step, view, length);
    }
    this.end();
    this.#done?.(this);
  }

  /** Answers and errors, request by request: the records stand in the order of the messages. */
  #settle(errno: number, result: Uint8Array, view: DataView, length: number): void {
    const { requests } = this;
    let at = firstRecord(view);
    for (let i = 0; i < requests.length; i++) {
      const end = i + 1 < requests.length ? this.#starts[i + 1] : this.messages.count;
      let told: Told | undefined;
      let syscall: string | undefined;
      replies.reset(result, view);
      for (let size = 0; at < length; at += size) {
        size = view.getUint32(at, true);
        if (view.getUint16(at + 4, true) !== this.#step) continue;
        const message = view.getUint32(at + 8, true);
        if (message >= end) break;
        const kind = view.getUint16(at + 6, true);
        if (kind === RECORD_REPLIES) replies.addRegion(at + RECORD_HEADER, at + size);
        else if (kind === RECORD_SYSCALL) syscall = recordText(view, at + RECORD_HEADER, at + size);
        else if (kind === RECORD_ERROR) {
          told ??= {
            message,
            errno: view.getInt32(at + 12, true),
            offset: view.getUint32(at + RECORD_HEADER, true),
            text: recordText(view, at + RECORD_HEADER + 4, at + size),
            syscall,
          };
        }
      }
      if (told !== undefined) this.#fail(i, told, errno !== 0);
      // What came back of a failed batch stands in no relation to the rest: only errors are told.
      else if (errno === 0) this.#read(i);
    }
  }

  #read(request: number): void {
    try {
      this.values[request] = this.requests[request].read(replies);
    } catch (error) {
      this.errors[request] = this.#unread(request, error);
      this.unread ??= this.errors[request];
    }
  }

  // Bytes that no table understands are that request's failure; anything else is ours to see.
  #unread(request: number, error: unknown): NetlinkError {
    if (error instanceof NetlinkError) return error;
    if (!(error instanceof DecodeError)) throw error;
    return new NetlinkError(`${this.requests[request].operation}: ${error.message}`, {
      code: error.code,
      attribute: error.path,
      netns: this.#label,
      cause: error,
    });
  }

  #fail(request: number, told: Told, ends: boolean): void {
    const error = this.#failure(told, this.requests.length > 1 ? request : undefined);
    this.errors[request] = error;
    if (ends) this.error ??= error;
  }

  #failure(told: Told, request?: number): NetlinkError {
    const { messages } = this;
    const schema = messages.schemas[told.message];
    const start = messages.offsets[told.message];
    const { bytes, view } = messages.writer;
    const attribute =
      told.offset > 0
        ? schema?.table.pathOf(
            bytes,
            start + NLMSG_HEADER + schema.header,
            start + view.getUint32(start, true),
            start + told.offset,
          )
        : undefined;
    return failure(told.errno, {
      operation: this.#operationOf(told.message),
      syscall: told.syscall ?? messages.syscalls[told.message],
      netns: this.#label,
      kernelMessage: told.text,
      attribute,
      request,
      hint: this.#hint(told),
    });
  }

  #hint(told: Told): string | undefined {
    if (told.errno !== ENODEV || told.text !== '') return undefined;
    const subject = this.messages.subjects[told.message];
    const names = subject === undefined ? this.messages.namesIn(told.message) : [subject];
    return names.length > 0
      ? `there is no link '${names.join("' or '")}'`
      : 'there is no such link';
  }

  /** A step before the sending failed: the namespace was not entered, or a file not opened. */
  #outside(errno: number, step: number, view: DataView, length: number): NetlinkError {
    const path = this.messages.paths[step - (this.#step - this.messages.paths.length)];
    return failure(errno, {
      operation: this.requests.length === 1 ? this.requests[0].operation : 'batch',
      syscall: syscallOf(view, step, length),
      netns: this.#label,
      hint: path === undefined ? undefined : `there is no namespace ${path}`,
    });
  }

  #operationOf(message: number): string {
    let at = this.#starts.length - 1;
    while (at > 0 && this.#starts[at] > message) at--;
    return this.requests[at]?.operation ?? 'batch';
  }
}
