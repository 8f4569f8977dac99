import type { Held, Messages } from './messages.ts';
import type { Replies } from './replies.ts';

/** A link, named or by its ifindex. Names that a batch creates itself may be used in it. */
export type Dev = string | number;

/**
 * A namespace as a request may name it: a handle, the name of one in /run/netns, the namespace of
 * a process, or a descriptor that an earlier step of the same plan opens.
 */
export type NetNsRef =
  | string
  | { readonly fd: number }
  | { readonly fd: number; readonly hold: Held }
  | { readonly pid: number }
  | { readonly slot: number };

/** How long an operation may take, and what ends it early. */
export interface CallOptions {
  /** Ends the call: what the kernel has not started is never sent; the error's `started` tells. */
  signal?: AbortSignal | undefined;
  /** Milliseconds, 1 to 2^31-1; no limit unless given. */
  timeout?: number | undefined;
}

/**
 * What is to be asked of the kernel, as a value: pure, so that it can be tested without one, sent
 * with others in one system call, and written again to find the attribute an error points at.
 */
export interface Request<T> {
  /** The library's name of the operation, as in `link.add`. */
  readonly operation: string;
  /** The netlink protocol: NETLINK_ROUTE 0, NETLINK_NETFILTER 12, NETLINK_GENERIC 16. */
  readonly family: number;
  write(messages: Messages): void;
  read(replies: Replies): T;
}

/** An operation that must hear an answer before it knows the rest: a flush lists, then deletes. */
export interface Composed<T, A = unknown> {
  readonly operation: string;
  readonly first: Request<A>;
  next(answer: A): Request<unknown>[];
  result(answer: A, rest: unknown[]): T;
}

/** The read of a request that is only acknowledged. */
export function nothing(): void {}
