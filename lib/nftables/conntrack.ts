import type { Request } from '../netlink/request.ts';
import { nothing } from '../netlink/request.ts';
import { binary } from '../wire/codecs.ts';
import { be16, be32, u8 } from '../wire/numbers.ts';
import { attr, type Infer, table } from '../wire/schema.ts';
import { dump, writeMessage } from './command.ts';
import { CT_STATUS, type Family, NETLINK_NETFILTER } from './constants.ts';
import { NFGENMSG } from './schema.ts';

// linux/netfilter/nfnetlink_conntrack.h
const NFNL_SUBSYS_CTNETLINK = 1;
const message = (number: number): number => (NFNL_SUBSYS_CTNETLINK << 8) | number;
const IPCTNL_MSG_CT_GET = message(1);
const IPCTNL_MSG_CT_DELETE = message(2);
const IPCTNL_MSG_CT_GET_STATS = message(5);

const addresses = table('conntrack.addresses', {
  source4: attr(1, binary, { kernel: 'CTA_IP_V4_SRC' }),
  destination4: attr(2, binary, { kernel: 'CTA_IP_V4_DST' }),
  source6: attr(3, binary, { kernel: 'CTA_IP_V6_SRC' }),
  destination6: attr(4, binary, { kernel: 'CTA_IP_V6_DST' }),
});

const protocol = table('conntrack.protocol', {
  number: attr(1, u8, { kernel: 'CTA_PROTO_NUM' }),
  sourcePort: attr(2, be16, { kernel: 'CTA_PROTO_SRC_PORT' }),
  destinationPort: attr(3, be16, { kernel: 'CTA_PROTO_DST_PORT' }),
});

const tuple = table('conntrack.tuple', {
  addresses: attr(1, addresses, { kernel: 'CTA_TUPLE_IP' }),
  protocol: attr(2, protocol, { kernel: 'CTA_TUPLE_PROTO' }),
  zone: attr(3, be16, { kernel: 'CTA_TUPLE_ZONE' }),
});

const conntrackTable = table('conntrack', {
  original: attr(1, tuple, { kernel: 'CTA_TUPLE_ORIG' }),
  reply: attr(2, tuple, { kernel: 'CTA_TUPLE_REPLY' }),
  status: attr(3, be32, { kernel: 'CTA_STATUS' }),
  id: attr(12, be32, { kernel: 'CTA_ID' }),
  zone: attr(18, be16, { kernel: 'CTA_ZONE' }),
  statusMask: attr(26, be32, { kernel: 'CTA_STATUS_MASK', since: '5.18' }),
});

const statisticsTable = table('conntrack.statistics', {
  entries: attr(1, be32, { kernel: 'CTA_STATS_GLOBAL_ENTRIES', readonly: true }),
});

/** One direction of a connection that is tracked. */
export type Tuple = Infer<typeof tuple>;

/** A connection that is tracked, as far as is asked for here. */
export interface Tracked {
  family: Family | number;
  original: Tuple;
  /** How its answers come: from where it was led to. */
  reply: Tuple;
  id?: number;
  zone?: number;
}

/** Tracked connections of a namespace (conntrack(8)). */
export const conntrack = {
  /** How many there are: cheap, where a listing walks the table of all namespaces. */
  count(): Request<number> {
    return {
      operation: 'conntrack.count',
      family: NETLINK_NETFILTER,
      write: (m) =>
        writeMessage(
          m,
          IPCTNL_MSG_CT_GET_STATS,
          0,
          'IPCTNL_MSG_CT_GET_STATS',
          'unspecified',
          statisticsTable,
          {},
          {},
        ),
      read(replies) {
        if (!replies.next()) return 0;
        const { bytes, view, from, to } = replies;
        return statisticsTable.decode(bytes, view, from + NFGENMSG, to).entries ?? 0;
      },
    };
  },

  /** Those that were led to another destination than they asked for. */
  listTranslated: (): Request<Tracked[]> => list(CT_STATUS.dnat, CT_STATUS.dnat),

  /** Those that go where they asked to, with the address that they come from. */
  listPlain: (): Request<Tracked[]> => list(0, CT_STATUS.dnat | CT_STATUS.snat),

  /** Forgets one; ENOENT where it has ended meanwhile. */
  delete({ family, original, id, zone }: Tracked): Request<void> {
    return {
      operation: 'conntrack.delete',
      family: NETLINK_NETFILTER,
      write: (m) =>
        writeMessage(
          m,
          IPCTNL_MSG_CT_DELETE,
          0,
          'IPCTNL_MSG_CT_DELETE',
          family as Family,
          conntrackTable,
          { original, id, zone },
          {},
        ),
      read: nothing,
    };
  },
};

function list(wanted: number, mask: number): Request<Tracked[]> {
  // Kernels that don't filter by status send all of them.
  return dump(
    'conntrack.list',
    IPCTNL_MSG_CT_GET,
    'IPCTNL_MSG_CT_GET',
    'unspecified',
    conntrackTable,
    { status: wanted, statusMask: mask },
    ({ original, reply, status = 0, id, zone }, family, out: Tracked[]) => {
      if (original === undefined || reply === undefined) return;
      if ((status & mask) === wanted) out.push({ family, original, reply, id, zone });
    },
  );
}
