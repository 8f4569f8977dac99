import { Messages } from '../../lib/netlink/messages.ts';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_IFALIAS = 20;

/** Messages written by hand, without the library's schemas. */
export function messages(...write: ((messages: Messages) => void)[]): Messages {
  const all = new Messages();
  all.reset();
  for (const each of write) each(all);
  return all;
}

function ifinfomsg(all: Messages, index: number, flags = 0, change = 0): void {
  all.writer.u32(0);
  all.writer.u32(index);
  all.writer.u32(flags);
  all.writer.u32(change);
}

function text(all: Messages, type: number, value: string): void {
  const at = all.writer.begin(type);
  all.writer.string(value);
  all.writer.end(at);
}

/** A new bridge. */
export function newBridge(name: string, options = {}) {
  return (all: Messages): void => {
    all.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 'RTM_NEWLINK', undefined, options);
    ifinfomsg(all, 0);
    text(all, IFLA_IFNAME, name);
    const info = all.writer.begin(IFLA_LINKINFO);
    text(all, IFLA_INFO_KIND, 'bridge');
    all.writer.end(info);
    all.end();
  };
}

/** Asks for one link, by the index its name is resolved to natively. */
export function getLink(name: string | number, options = {}) {
  return (all: Messages): void => {
    all.begin(RTM_GETLINK, 0, 'RTM_GETLINK', undefined, options);
    all.writer.u32(0);
    all.linkIndex(name);
    all.writer.u32(0);
    all.writer.u32(0);
    all.end();
  };
}

export function deleteLink(name: string | number, options = {}) {
  return (all: Messages): void => {
    all.begin(RTM_DELLINK, 0, 'RTM_DELLINK', undefined, options);
    all.writer.u32(0);
    all.linkIndex(name);
    all.writer.u32(0);
    all.writer.u32(0);
    all.end();
  };
}

/** Sets a link's alias. */
export function setAlias(name: string | number, alias: string, options = {}) {
  return (all: Messages): void => {
    all.begin(RTM_NEWLINK, 0, 'RTM_NEWLINK', undefined, options);
    all.writer.u32(0);
    all.linkIndex(name);
    all.writer.u32(0);
    all.writer.u32(0);
    text(all, IFLA_IFALIAS, alias);
    all.end();
  };
}

export function dumpLinks() {
  return (all: Messages): void => {
    all.begin(RTM_GETLINK, NLM_F_DUMP, 'RTM_GETLINK');
    ifinfomsg(all, 0);
    all.end();
  };
}

/** The names and indexes in a record of RTM_NEWLINK messages. */
export function linksIn(payload: Uint8Array): { index: number; name: string }[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const links: { index: number; name: string }[] = [];
  for (let at = 0; at + 16 <= payload.length; ) {
    const length = view.getUint32(at, true);
    if (view.getUint16(at + 4, true) !== RTM_NEWLINK) throw new Error('not a link');
    let name = '';
    for (let attribute = at + 32; attribute < at + length; ) {
      const size = view.getUint16(attribute, true);
      if (view.getUint16(attribute + 2, true) === IFLA_IFNAME) {
        name = Buffer.from(payload.subarray(attribute + 4, attribute + size - 1)).toString();
      }
      attribute += (size + 3) & ~3;
    }
    links.push({ index: view.getInt32(at + 20, true), name });
    at += (length + 3) & ~3;
  }
  return links;
}
