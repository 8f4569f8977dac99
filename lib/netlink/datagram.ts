import { addon } from '../native.ts';

/**
 * What a socket that a plan has opened takes and gives at once, on this thread: for questions that
 * the kernel answers within the call, and for looking whether anything has come.
 */

/** Sends the first `length` bytes; returns how many went, or a negative errno. */
export function send(fd: number, bytes: Uint8Array, length: number): number {
  return addon.send(fd, bytes, length);
}

/** Takes what has come: its real length, -11 (EAGAIN) where nothing has, or another negative errno. */
export function receive(fd: number, into: Uint8Array): number {
  return addon.receive(fd, into);
}
