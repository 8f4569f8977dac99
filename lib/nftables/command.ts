import type { Messages } from '../netlink/messages.ts';
import type { Replies } from '../netlink/replies.ts';
import type { Request } from '../netlink/request.ts';
import { NLM_F_DUMP } from '../wire/message.ts';
import { Path } from '../wire/path.ts';
import type { Shape, Table, Values } from '../wire/schema.ts';
import { type Family, NETLINK_NETFILTER, NFPROTO } from './constants.ts';
import { NFGENMSG } from './schema.ts';

/**
 * A change of the ruleset as a value. Changes are sent as parts of a transaction, which the kernel
 * makes as a whole or not at all: see transaction.ts.
 */
export interface Command {
  /** The library's name of it, `rule.add`. */
  readonly operation: string;
  write(messages: Messages): void;
}

/** The table that an object belongs to. */
export interface TableRef {
  readonly family: Family;
  readonly table: string;
}

/** One message to nf_tables. In a batch it stays in the send of the message before it. */
export function writeMessage<S extends Shape>(
  messages: Messages,
  type: number,
  flags: number,
  syscall: string,
  family: Family,
  table: Table<S>,
  value: Values<S>,
  options: { hold?: boolean; barrier?: boolean },
): void {
  const w = messages.writer;
  messages.begin(type, flags, syscall, { header: NFGENMSG, table }, options);
  w.u8(NFPROTO[family]);
  w.u8(0);
  w.be16(0);
  table.encode(w, value, new Path(table.name));
  messages.end();
}

const IN_BATCH = { hold: true };

export function command<S extends Shape>(
  operation: string,
  type: number,
  flags: number,
  syscall: string,
  family: Family,
  table: Table<S>,
  value: Values<S>,
): Command {
  return {
    operation,
    write: (messages) =>
      writeMessage(messages, type, flags, syscall, family, table, value, IN_BATCH),
  };
}

/** A listing: the kernel sends a message for each object that matches `filter`. */
export function dump<S extends Shape, T>(
  operation: string,
  type: number,
  syscall: string,
  family: Family,
  table: Table<S>,
  filter: Values<S>,
  take: (value: Values<S>, family: Family | number, out: T[]) => void,
): Request<T[]> {
  return {
    operation,
    family: NETLINK_NETFILTER,
    write: (messages) =>
      writeMessage(messages, type, NLM_F_DUMP, syscall, family, table, filter, {}),
    read: (replies) => readAll(replies, table, take),
  };
}

const FAMILIES = new Map<number, Family>(
  (Object.keys(NFPROTO) as Family[]).map((name) => [NFPROTO[name], name]),
);

function readAll<S extends Shape, T>(
  replies: Replies,
  table: Table<S>,
  take: (value: Values<S>, family: Family | number, out: T[]) => void,
): T[] {
  const out: T[] = [];
  while (replies.next()) {
    const number = replies.bytes[replies.from];
    const value = table.decode(replies.bytes, replies.view, replies.from + NFGENMSG, replies.to);
    take(value, FAMILIES.get(number) ?? number, out);
  }
  return out;
}
