import { readText } from '../wire/texts.ts';

/**
 * Userdata: what the kernel keeps without reading it, written as libnftnl writes it so that
 * `nft list ruleset` shows it. Entries of u8 type, u8 length, bytes (libnftnl/udata.h).
 */
const COMMENT = 0;
const SET_KEY_BYTE_ORDER = 0;
const SET_DATA_BYTE_ORDER = 1;
const SET_COMMENT = 7;

/** The most that fits behind a length of one byte, less the NUL. nft itself stops at 128. */
export const MAX_COMMENT = 127;

const utf8 = new TextEncoder();

function entry(type: number, payload: Uint8Array): number[] {
  return [type, payload.length, ...payload];
}

function textEntry(type: number, text: string): number[] {
  return entry(type, utf8.encode(`${text}\0`));
}

// Tags repeat for every element of a network: their bytes are made once.
const tags = new Map<string, Uint8Array>();

/** The userdata of a table, chain, rule or element that holds a comment. */
export function comment(text: string): Uint8Array {
  let bytes = tags.get(text);
  if (bytes === undefined) {
    if (tags.size > 256) tags.clear();
    bytes = new Uint8Array(textEntry(COMMENT, text));
    tags.set(text, bytes);
  }
  return bytes;
}

/** BYTEORDER_HOST_ENDIAN 1 and BYTEORDER_BIG_ENDIAN 2 of nft; 0 for concatenations. */
export type ByteOrder = 0 | 1 | 2;

/** A set's userdata: what nft needs to show keys as they were typed. */
export function setUserdata(key: ByteOrder, data?: ByteOrder, text?: string): Uint8Array {
  const number = (value: ByteOrder): Uint8Array => new Uint8Array([value, 0, 0, 0]);
  const bytes = entry(SET_KEY_BYTE_ORDER, number(key));
  if (data !== undefined) bytes.push(...entry(SET_DATA_BYTE_ORDER, number(data)));
  if (text !== undefined) bytes.push(...textEntry(SET_COMMENT, text));
  return new Uint8Array(bytes);
}

function find(userdata: Uint8Array | undefined, wanted: number): string | undefined {
  if (userdata === undefined) return undefined;
  for (let at = 0; at + 2 <= userdata.length; at += 2 + userdata[at + 1]) {
    if (userdata[at] !== wanted) continue;
    return readText(userdata, at + 2, Math.min(userdata[at + 1], userdata.length - at - 2));
  }
  return undefined;
}

/** The comment in the userdata of a table, chain, rule or element. */
export function commentOf(userdata: Uint8Array | undefined): string | undefined {
  return find(userdata, COMMENT);
}

export function setCommentOf(userdata: Uint8Array | undefined): string | undefined {
  return find(userdata, SET_COMMENT);
}
