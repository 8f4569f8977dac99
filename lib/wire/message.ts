import { DecodeError } from './errors.ts';
import type { Writer } from './writer.ts';

/** struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port. */
export const NLMSG_HEADER = 16;

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_ECHO = 0x8;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP_FILTERED = 0x20;
/** For requests that get: NLM_F_ROOT | NLM_F_MATCH. */
export const NLM_F_DUMP = 0x300;
/** For requests that make. */
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
/** For requests that delete. */
export const NLM_F_NONREC = 0x100;
export const NLM_F_BULK = 0x200;

export function nlmsgAlign(length: number): number {
  return (length + 3) & ~3;
}

/** Writes a message's header; returns its place, for `endMessage`. */
export function beginMessage(w: Writer, type: number, flags: number, sequence = 0): number {
  const start = w.length;
  w.u32(0);
  w.u16(type);
  w.u16(flags);
  w.u32(sequence);
  w.u32(0);
  return start;
}

export function endMessage(w: Writer, start: number): void {
  w.patch32(start, w.length - start);
  w.align();
}

/** A message's frame; `from` and `to` bound its body. */
export interface Message {
  type: number;
  flags: number;
  sequence: number;
  from: number;
  to: number;
}

/** The messages of a datagram. A length that does not fit is a DecodeError, never a hang. */
export function* iterate(view: DataView, from: number, to: number): Generator<Message> {
  let at = from;
  while (at + NLMSG_HEADER <= to) {
    const length = view.getUint32(at, true);
    if (length < NLMSG_HEADER || at + length > to) {
      throw new DecodeError(`a message of ${length} bytes does not fit`, at, 'nlmsghdr');
    }
    yield {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      from: at + NLMSG_HEADER,
      to: at + length,
    };
    at += nlmsgAlign(length);
  }
}
