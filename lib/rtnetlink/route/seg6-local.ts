import { boolean } from '../../check.ts';
import { bits, ipv4, ipv6, oneOf, text, u8, u32, u64 } from '../../wire/codecs.ts';
import { attr, type Infer, table } from '../../wire/schema.ts';
import { device } from '../device.ts';
import { routeTables } from '../names.ts';
import { checkSegments, routingHeader } from './srh.ts';

/** SEG6_LOCAL_ACTION_* of linux/seg6_local.h, by the words of ip-route(8). */
export const SEG6_LOCAL_ACTIONS = {
  End: 1,
  'End.X': 2,
  'End.T': 3,
  'End.DX2': 4,
  'End.DX6': 5,
  'End.DX4': 6,
  'End.DT6': 7,
  'End.DT4': 8,
  'End.B6': 9,
  'End.B6.Encaps': 10,
  'End.BM': 11,
  'End.S': 12,
  'End.AS': 13,
  'End.AM': 14,
  'End.BPF': 15,
  'End.DT46': 16,
} as const;

/** SEG6_LOCAL_BPF_PROG*. */
export const seg6LocalBpf = table('encap.bpf', {
  program: attr(1, u32, {
    kernel: 'SEG6_LOCAL_BPF_PROG',
    since: '4.18',
    doc: 'A descriptor; its id is told.',
  }),
  name: attr(2, text(255), { kernel: 'SEG6_LOCAL_BPF_PROG_NAME', since: '4.18' }),
});

/** SEG6_LOCAL_CNT_*. */
export const seg6LocalCounters = table('encap.counters', {
  packets: attr(2, u64, { kernel: 'SEG6_LOCAL_CNT_PACKETS', since: '5.13' }),
  bytes: attr(3, u64, { kernel: 'SEG6_LOCAL_CNT_BYTES', since: '5.13' }),
  errors: attr(4, u64, { kernel: 'SEG6_LOCAL_CNT_ERRORS', since: '5.13' }),
});

/** SEG6_LOCAL_FLV_*. */
export const seg6LocalFlavors = table('encap.flavors', {
  operations: attr(1, bits(u32, { psp: 2, usp: 4, usd: 8, nextCsid: 16 }), {
    kernel: 'SEG6_LOCAL_FLV_OPERATION',
    since: '6.1',
  }),
  blockBits: attr(2, u8, { kernel: 'SEG6_LOCAL_FLV_LCBLOCK_BITS', since: '6.1' }),
  functionBits: attr(3, u8, { kernel: 'SEG6_LOCAL_FLV_LCNODE_FN_BITS', since: '6.1' }),
});

/** SEG6_LOCAL_* of linux/seg6_local.h. */
export const seg6LocalEncap = table('encap', {
  action: attr(1, oneOf(u32, SEG6_LOCAL_ACTIONS), { kernel: 'SEG6_LOCAL_ACTION', since: '4.14' }),
  segments: attr(2, routingHeader, { kernel: 'SEG6_LOCAL_SRH', since: '4.14' }),
  table: attr(3, u32, { kernel: 'SEG6_LOCAL_TABLE', since: '4.14' }),
  nh4: attr(4, ipv4, { kernel: 'SEG6_LOCAL_NH4', since: '4.14' }),
  nh6: attr(5, ipv6, { kernel: 'SEG6_LOCAL_NH6', since: '4.14' }),
  iif: attr(6, device, { kernel: 'SEG6_LOCAL_IIF', since: '4.14' }),
  oif: attr(7, device, { kernel: 'SEG6_LOCAL_OIF', since: '4.14' }),
  bpf: attr(8, seg6LocalBpf, { kernel: 'SEG6_LOCAL_BPF', since: '4.18' }),
  vrfTable: attr(9, u32, { kernel: 'SEG6_LOCAL_VRFTABLE', since: '5.11' }),
  counters: attr(10, seg6LocalCounters, { kernel: 'SEG6_LOCAL_COUNTERS', since: '5.13' }),
  flavors: attr(11, seg6LocalFlavors, { kernel: 'SEG6_LOCAL_FLAVORS', since: '6.1' }),
});

type Wire = Infer<typeof seg6LocalEncap>;

/** What an endpoint of segment routing does with packets for this route (`encap seg6local`). */
export interface Seg6Local extends Pick<Wire, 'nh4' | 'nh6' | 'iif' | 'oif' | 'bpf' | 'flavors'> {
  type: 'seg6local';
  action: keyof typeof SEG6_LOCAL_ACTIONS | number;
  /** Of End.B6 and End.B6.Encaps: the segments in the order of travel. */
  segments?: string[];
  /** Of End.T, End.DT6: where the destination is looked up. A number, or a name of rt_tables. */
  table?: number | string;
  /** Of End.DT4, End.DT6, End.DT46: the table of a VRF link. */
  vrfTable?: number | string;
  /** Counts packets, bytes and errors (since 5.13). */
  count?: boolean;
  /** What has been counted; told, never set. */
  counters?: { packets?: number; bytes?: number; errors?: number };
}

/** End.B6 puts the header into the packet, whose own destination takes the last place. */
const INLINE = 'End.B6';

export function seg6LocalToWire(encap: Seg6Local, path: string): object {
  const { type: _type, segments, table, vrfTable, count, ...rest } = encap;
  const wire: Record<string, unknown> = { ...rest };
  if (segments !== undefined) {
    checkSegments(`${path}.segments`, segments);
    const reversed = segments.toReversed();
    wire.segments = encap.action === INLINE ? ['::', ...reversed] : reversed;
  }
  if (table !== undefined) wire.table = routeTables.number(`${path}.table`, table);
  if (vrfTable !== undefined) wire.vrfTable = routeTables.number(`${path}.vrfTable`, vrfTable);
  if (count !== undefined && boolean(`${path}.count`, count)) {
    wire.counters = { packets: 0, bytes: 0, errors: 0 };
  }
  return wire;
}

export function seg6LocalFromWire(wire: Wire): Seg6Local {
  const { action = 0, segments, table, vrfTable, counters, ...rest } = wire;
  const encap: Seg6Local = { type: 'seg6local', action, ...rest };
  if (segments !== undefined) {
    const order = segments.toReversed();
    encap.segments = action === INLINE ? order.slice(0, -1) : order;
  }
  if (table !== undefined) encap.table = routeTables.nameOrNumber(table);
  if (vrfTable !== undefined) encap.vrfTable = routeTables.nameOrNumber(vrfTable);
  if (counters !== undefined) Object.assign(encap, { count: true, counters });
  return encap;
}
