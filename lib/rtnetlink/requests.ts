import type { Messages } from '../netlink/messages.ts';
import type { Replies } from '../netlink/replies.ts';
import { nothing, type Request } from '../netlink/request.ts';

/** NETLINK_ROUTE of linux/netlink.h. */
export const NETLINK_ROUTE = 0;

/** A change: acknowledged, nothing to read. */
export function change(operation: string, write: (messages: Messages) => void): Request<void> {
  return { operation, family: NETLINK_ROUTE, write, read: nothing };
}

/** A question; `each` reads the answer under the cursor, and may decline it with undefined. */
export function question<T>(
  operation: string,
  write: (messages: Messages) => void,
  each: (replies: Replies) => T | undefined,
): Request<T[]> {
  return {
    operation,
    family: NETLINK_ROUTE,
    write,
    read(replies) {
      const found: T[] = [];
      while (replies.next()) {
        const one = each(replies);
        if (one !== undefined) found.push(one);
      }
      return found;
    },
  };
}

/** A question with one answer, or none. */
export function questionOne<T>(
  operation: string,
  write: (messages: Messages) => void,
  each: (replies: Replies) => T | undefined,
): Request<T | undefined> {
  return {
    operation,
    family: NETLINK_ROUTE,
    write,
    read(replies) {
      let found: T | undefined;
      while (replies.next()) found ??= each(replies);
      return found;
    },
  };
}
