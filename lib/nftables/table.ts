import type { Request } from '../netlink/request.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../wire/message.ts';
import { type Command, command, dump } from './command.ts';
import { type Family, NFT_MSG_DELTABLE, NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE } from './constants.ts';
import { tableTable } from './schema.ts';
import { comment, commentOf } from './userdata.ts';

export interface TableSpec {
  family: Family;
  name: string;
  /** Shown by `nft list ruleset`. Linux 5.10. */
  comment?: string;
}

export interface TableInfo {
  family: Family | number;
  name: string;
  handle: number;
  comment?: string;
}

export const table = {
  /** Makes a table; EEXIST where there is one of this name. */
  add(spec: TableSpec): Command {
    const value = {
      name: spec.name,
      flags: {},
      userdata: spec.comment === undefined ? undefined : comment(spec.comment),
    };
    const flags = NLM_F_CREATE | NLM_F_EXCL;
    return command(
      'table.add',
      NFT_MSG_NEWTABLE,
      flags,
      'NFT_MSG_NEWTABLE',
      spec.family,
      tableTable,
      value,
    );
  },

  /** Deletes a table with all that is in it. */
  delete(family: Family, name: string): Command {
    return command('table.delete', NFT_MSG_DELTABLE, 0, 'NFT_MSG_DELTABLE', family, tableTable, {
      name,
    });
  },

  list(family: Family = 'unspecified'): Request<TableInfo[]> {
    return dump(
      'table.list',
      NFT_MSG_GETTABLE,
      'NFT_MSG_GETTABLE',
      family,
      tableTable,
      {},
      (value, of, out) => {
        out.push({
          family: of,
          name: value.name ?? '',
          handle: value.handle ?? 0,
          comment: commentOf(value.userdata),
        });
      },
    );
  },
};
