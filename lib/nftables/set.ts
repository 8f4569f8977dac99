import type { Request } from '../netlink/request.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../wire/message.ts';
import { type Command, command, dump, type TableRef } from './command.ts';
import { NFT_MSG_DELSET, NFT_MSG_GETSET, NFT_MSG_NEWSET } from './constants.ts';
import { type DatatypeName, datatype } from './datatypes.ts';
import { setTable } from './schema.ts';
import { setCommentOf, setUserdata } from './userdata.ts';

export interface SetSpec extends TableRef {
  name: string;
  /** The key's types: several are a concatenation ('inet_proto . inet_service'). */
  key: readonly DatatypeName[];
  /** The value's types: makes the set a map. */
  data?: readonly DatatypeName[];
  /** Elements are ranges, each a start and, with the flag intervalEnd, an end that is not part of it. */
  interval?: boolean;
  /** Without a name that others see, unchangeable, gone with the rule that uses it. */
  anonymous?: boolean;
  comment?: string;
  /** By which rules and elements in the same transaction may name it. */
  id?: number;
}

export interface SetInfo {
  name: string;
  handle: number;
  flags: { map?: boolean; interval?: boolean; anonymous?: boolean };
  comment?: string;
}

/** The kernel puts a number for %d: the name of a set without one. */
export const ANONYMOUS = '__set%d';

export const set = {
  add(spec: SetSpec): Command {
    const key = datatype('set.key', spec.key);
    const data = spec.data === undefined ? undefined : datatype('set.data', spec.data);
    const value = {
      table: spec.table,
      name: spec.name,
      flags: {
        anonymous: spec.anonymous,
        constant: spec.anonymous,
        interval: spec.interval,
        map: data !== undefined,
      },
      keyType: key.id,
      keyLen: key.size,
      dataType: data?.id,
      dataLen: data?.size,
      id: spec.id ?? 0,
      userdata: setUserdata(key.order, data?.order, spec.comment),
    };
    const flags = NLM_F_CREATE | NLM_F_EXCL;
    return command(
      'set.add',
      NFT_MSG_NEWSET,
      flags,
      'NFT_MSG_NEWSET',
      spec.family,
      setTable,
      value,
    );
  },

  delete(ref: TableRef, name: string): Command {
    const value = { table: ref.table, name };
    return command('set.delete', NFT_MSG_DELSET, 0, 'NFT_MSG_DELSET', ref.family, setTable, value);
  },

  list(ref: TableRef): Request<SetInfo[]> {
    const filter = { table: ref.table };
    return dump(
      'set.list',
      NFT_MSG_GETSET,
      'NFT_MSG_GETSET',
      ref.family,
      setTable,
      filter,
      (value, _of, out) => {
        const { map, interval, anonymous } = value.flags ?? {};
        out.push({
          name: value.name ?? '',
          handle: value.handle ?? 0,
          flags: { map, interval, anonymous },
          comment: setCommentOf(value.userdata),
        });
      },
    );
  },
};
