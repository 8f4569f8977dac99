import type { Request } from '../netlink/request.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../wire/message.ts';
import { type Command, command, dump, type TableRef } from './command.ts';
import { NFT_MSG_DELSETELEM, NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM } from './constants.ts';
import { elementListTable } from './schema.ts';
import { comment, commentOf } from './userdata.ts';

/** An element: bytes in network order, see bytes.ts. */
export interface Element {
  key: Uint8Array;
  /** Of a map. */
  data?: Uint8Array;
  /** The first key that is no longer part of the range begun by the element before. */
  intervalEnd?: boolean;
  comment?: string;
}

export interface SetRef extends TableRef {
  readonly set: string;
  /** The set's id, where the same transaction makes it. */
  readonly setId?: number;
}

/** Elements that one message holds: its list may not grow over 65,535 bytes. */
export const MAX_ELEMENTS = 256;

function value(ref: SetRef, elements: readonly Element[], withData: boolean) {
  return {
    table: ref.table,
    set: ref.set,
    setId: ref.setId,
    elements: elements.map((element) => ({
      flags: element.intervalEnd ? { intervalEnd: true } : undefined,
      key: { value: element.key },
      data: withData && element.data !== undefined ? { value: element.data } : undefined,
      userdata: withData && element.comment !== undefined ? comment(element.comment) : undefined,
    })),
  };
}

export const element = {
  /** Adds elements, at most 256; EEXIST where the key is in the set already. */
  add(ref: SetRef, elements: readonly Element[]): Command {
    const flags = NLM_F_CREATE | NLM_F_EXCL;
    const body = value(ref, elements, true);
    return command(
      'element.add',
      NFT_MSG_NEWSETELEM,
      flags,
      'NFT_MSG_NEWSETELEM',
      ref.family,
      elementListTable,
      body,
    );
  },

  /** Deletes elements by their keys; ENOENT where one is not in the set. */
  delete(ref: SetRef, elements: readonly Element[]): Command {
    const body = value(ref, elements, false);
    return command(
      'element.delete',
      NFT_MSG_DELSETELEM,
      0,
      'NFT_MSG_DELSETELEM',
      ref.family,
      elementListTable,
      body,
    );
  },

  /** Empties a set. */
  flush(ref: SetRef): Command {
    const body = { table: ref.table, set: ref.set };
    return command(
      'element.flush',
      NFT_MSG_DELSETELEM,
      0,
      'NFT_MSG_DELSETELEM',
      ref.family,
      elementListTable,
      body,
    );
  },

  list(ref: SetRef): Request<Element[]> {
    const filter = { table: ref.table, set: ref.set };
    return dump(
      'element.list',
      NFT_MSG_GETSETELEM,
      'NFT_MSG_GETSETELEM',
      ref.family,
      elementListTable,
      filter,
      (list, _of, out) => {
        for (const { key, data, flags, userdata } of list.elements ?? []) {
          if (key?.value === undefined) continue;
          out.push({
            key: key.value,
            data: data?.value,
            intervalEnd: flags?.intervalEnd,
            comment: commentOf(userdata),
          });
        }
      },
    );
  },
};
