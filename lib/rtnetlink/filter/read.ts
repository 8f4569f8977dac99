import type { Replies } from '../../netlink/replies.ts';
import type { Infer } from '../../wire/schema.ts';
import { formatFilterParent } from '../qdisc/handle.ts';
import { tcmsg } from '../qdisc/schema.ts';
import type { Filter } from './api.ts';
import { type FilterProtocol, PROTOCOLS } from './constants.ts';
import { formatFilterHandle } from './handle.ts';
import { filterTable } from './schema.ts';

const PROTOCOL_NAMES = new Map<number, FilterProtocol>();
for (const name of Object.keys(PROTOCOLS) as FilterProtocol[])
  PROTOCOL_NAMES.set(PROTOCOLS[name], name);

export function read(r: Replies): Filter | undefined {
  const header = tcmsg.read(r.bytes, r.view, r.from, r.to - r.from);
  const found = filterTable.decode(r.bytes, r.view, r.from + tcmsg.size, r.to);
  // What a dump tells of a priority itself, before its filters.
  if (found.options === undefined && header.handle === 0) return undefined;
  return filterOf(header, found);
}

/** What an event tells: a filter, or that all of a priority have gone (handle '0'). */
export function readFilterEvent(r: Replies): Filter {
  const header = tcmsg.read(r.bytes, r.view, r.from, r.to - r.from);
  return filterOf(header, filterTable.decode(r.bytes, r.view, r.from + tcmsg.size, r.to));
}

function filterOf(header: ReturnType<typeof tcmsg.read>, found: Infer<typeof filterTable>): Filter {
  const { kind = '', options, chain } = found;
  const protocol = ((header.info & 0xff) << 8) | ((header.info >>> 8) & 0xff);
  const filter = {
    dev: header.ifindex,
    kind,
    parent: formatFilterParent(header.parent),
    priority: header.info >>> 16,
    protocol: PROTOCOL_NAMES.get(protocol) ?? protocol,
    handle: formatFilterHandle(kind, header.handle),
    chain: chain ?? 0,
  };
  if (options instanceof Uint8Array) Object.assign(filter, { options });
  else if (options !== undefined) Object.assign(filter, options);
  return filter;
}
