import type { Messages } from '../netlink/messages.ts';
import { nothing, type Request } from '../netlink/request.ts';
import type { Command } from './command.ts';
import { writeMessage } from './command.ts';
import {
  NETLINK_NETFILTER,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFT_MSG_GETGEN,
} from './constants.ts';
import { batchTable, generationTable, NFGENMSG } from './schema.ts';

export interface TransactionOptions {
  /** Fails with ERESTART when the ruleset is no longer the one of this generation. Linux 4.14. */
  generation?: number;
  /** The library's name of what is done, for errors: 'publish'. */
  operation?: string;
}

// A batch is one send: the kernel reads nothing that follows it in the same one.
const BEGIN = { barrier: true, noAck: true };
const END = { hold: true, noAck: true };

/** Makes all changes at once, or none of them: packets see the ruleset before or the one after. */
export function transaction(
  commands: readonly Command[],
  options: TransactionOptions = {},
): Request<void> {
  const { generation } = options;
  return {
    operation: options.operation ?? commands[0]?.operation ?? 'transaction',
    family: NETLINK_NETFILTER,
    write(messages) {
      if (commands.length === 0) return;
      mark(messages, NFNL_MSG_BATCH_BEGIN, 'NFNL_MSG_BATCH_BEGIN', generation, BEGIN);
      for (const command of commands) command.write(messages);
      mark(messages, NFNL_MSG_BATCH_END, 'NFNL_MSG_BATCH_END', undefined, END);
    },
    read: nothing,
  };
}

function mark(
  messages: Messages,
  type: number,
  syscall: string,
  generation: number | undefined,
  options: { barrier?: boolean; hold?: boolean; noAck: boolean },
): void {
  const w = messages.writer;
  messages.begin(type, 0, syscall, { header: NFGENMSG, table: batchTable }, options);
  w.u8(0);
  w.u8(0);
  w.be16(NFNL_SUBSYS_NFTABLES);
  if (generation !== undefined) batchTable.encode(w, { generation });
  messages.end();
}

/** The ruleset's generation: it changes with every transaction of anybody. */
export function generation(): Request<number> {
  return {
    operation: 'generation.get',
    family: NETLINK_NETFILTER,
    write(messages) {
      writeMessage(
        messages,
        NFT_MSG_GETGEN,
        0,
        'NFT_MSG_GETGEN',
        'unspecified',
        generationTable,
        {},
        { barrier: true },
      );
    },
    read(replies) {
      if (!replies.next()) return 0;
      const value = generationTable.decode(
        replies.bytes,
        replies.view,
        replies.from + NFGENMSG,
        replies.to,
      );
      return value.id ?? 0;
    },
  };
}
