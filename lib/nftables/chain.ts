import type { Request } from '../netlink/request.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../wire/message.ts';
import { type Command, command, dump, type TableRef } from './command.ts';
import {
  type ChainType,
  type Family,
  HOOKS,
  NFT_MSG_DELCHAIN,
  NFT_MSG_GETCHAIN,
  NFT_MSG_NEWCHAIN,
  PRIORITY,
} from './constants.ts';
import { chainTable } from './schema.ts';
import { comment, commentOf } from './userdata.ts';

/** What makes a chain a base chain: where netfilter asks it. */
export interface ChainHook {
  type: ChainType;
  hook: keyof typeof HOOKS;
  /** A name ('dstnat') or a number; a lower one is asked earlier. */
  priority: keyof typeof PRIORITY | number;
  policy?: 'accept' | 'drop';
}

export interface ChainSpec extends TableRef, Partial<ChainHook> {
  name: string;
  comment?: string;
}

export interface ChainInfo {
  family: Family | number;
  table: string;
  name: string;
  handle: number;
  type?: string;
  /** The number of the hook, see HOOKS. */
  hook?: number;
  priority?: number;
  policy?: 'accept' | 'drop' | number;
  comment?: string;
}

export const chain = {
  /** Makes a chain; with type, hook and priority a base chain. */
  add(spec: ChainSpec): Command {
    const { priority } = spec;
    const value = {
      table: spec.table,
      name: spec.name,
      hook:
        spec.hook === undefined || priority === undefined
          ? undefined
          : {
              hook: HOOKS[spec.hook],
              priority: typeof priority === 'number' ? priority : PRIORITY[priority],
            },
      policy: spec.hook === undefined ? undefined : (spec.policy ?? 'accept'),
      type: spec.type,
      userdata: spec.comment === undefined ? undefined : comment(spec.comment),
    };
    const flags = NLM_F_CREATE | NLM_F_EXCL;
    return command(
      'chain.add',
      NFT_MSG_NEWCHAIN,
      flags,
      'NFT_MSG_NEWCHAIN',
      spec.family,
      chainTable,
      value,
    );
  },

  delete(ref: TableRef, name: string): Command {
    const value = { table: ref.table, name };
    return command(
      'chain.delete',
      NFT_MSG_DELCHAIN,
      0,
      'NFT_MSG_DELCHAIN',
      ref.family,
      chainTable,
      value,
    );
  },

  /** All chains of all tables, or those of the tables of one family. */
  list(family: Family = 'unspecified'): Request<ChainInfo[]> {
    return dump(
      'chain.list',
      NFT_MSG_GETCHAIN,
      'NFT_MSG_GETCHAIN',
      family,
      chainTable,
      {},
      (value, of, out) => {
        out.push({
          family: of,
          table: value.table ?? '',
          name: value.name ?? '',
          handle: value.handle ?? 0,
          type: value.type,
          hook: value.hook?.hook,
          priority: value.hook?.priority,
          policy: value.policy,
          comment: commentOf(value.userdata),
        });
      },
    );
  },
};
