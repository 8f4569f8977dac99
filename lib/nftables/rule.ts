import type { Request } from '../netlink/request.ts';
import { NLM_F_APPEND, NLM_F_CREATE } from '../wire/message.ts';
import { type Command, command, dump, type TableRef } from './command.ts';
import { NFT_MSG_DELRULE, NFT_MSG_GETRULE, NFT_MSG_NEWRULE } from './constants.ts';
import type { Expression } from './expressions.ts';
import { ruleTable } from './schema.ts';
import { comment, commentOf } from './userdata.ts';

export interface RuleSpec extends TableRef {
  chain: string;
  expressions: readonly Expression[];
  /** At most 127 bytes. */
  comment?: string;
  /** Before the chain's first rule; after its last unless given. */
  first?: boolean;
}

export interface RuleInfo {
  chain: string;
  /** Names the rule in `delete`. Never used again by the table. */
  handle: number;
  comment?: string;
  expressions: Expression[];
}

export const rule = {
  add(spec: RuleSpec): Command {
    const value = {
      table: spec.table,
      chain: spec.chain,
      expressions: [...spec.expressions],
      userdata: spec.comment === undefined ? undefined : comment(spec.comment),
    };
    const flags = NLM_F_CREATE | (spec.first ? 0 : NLM_F_APPEND);
    return command(
      'rule.add',
      NFT_MSG_NEWRULE,
      flags,
      'NFT_MSG_NEWRULE',
      spec.family,
      ruleTable,
      value,
    );
  },

  delete(ref: TableRef, chain: string, handle: number): Command {
    const value = { table: ref.table, chain, handle };
    return command(
      'rule.delete',
      NFT_MSG_DELRULE,
      0,
      'NFT_MSG_DELRULE',
      ref.family,
      ruleTable,
      value,
    );
  },

  /** Deletes all rules of a chain. */
  flush(ref: TableRef, chain: string): Command {
    const value = { table: ref.table, chain };
    return command(
      'rule.flush',
      NFT_MSG_DELRULE,
      0,
      'NFT_MSG_DELRULE',
      ref.family,
      ruleTable,
      value,
    );
  },

  /** The rules of a table, or of one of its chains, in order. */
  list(ref: TableRef, chain?: string): Request<RuleInfo[]> {
    const filter = { table: ref.table, chain };
    return dump(
      'rule.list',
      NFT_MSG_GETRULE,
      'NFT_MSG_GETRULE',
      ref.family,
      ruleTable,
      filter,
      (value, _of, out) => {
        // A kernel that does not know the filter sends all tables' rules.
        if (value.table !== ref.table || (chain !== undefined && value.chain !== chain)) return;
        out.push({
          chain: value.chain ?? '',
          handle: value.handle ?? 0,
          comment: commentOf(value.userdata),
          expressions: (value.expressions ?? []) as Expression[],
        });
      },
    );
  },
};
