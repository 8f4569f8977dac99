import { invalidType } from '../../errors.ts';
import {
  be16,
  be32,
  binary,
  bits,
  bool,
  type Codec,
  ip,
  ipv4,
  ipv6,
  oneOf,
  s32,
  text,
  u8,
  u32,
  u64,
} from '../../wire/codecs.ts';
import { DecodeError } from '../../wire/errors.ts';
import { attr, type Infer, struct, table, union } from '../../wire/schema.ts';
import { device, deviceOrNone } from '../device.ts';
import { ROUTER_PREFERENCES } from './constants.ts';
import { encapTables, encapType } from './encap.ts';

/** struct rtmsg of linux/rtnetlink.h. */
export const rtmsg = struct('rtmsg', {
  family: u8,
  dstLength: u8,
  srcLength: u8,
  tos: u8,
  table: u8,
  protocol: u8,
  scope: u8,
  type: u8,
  flags: u32,
});

/** struct rtvia: an address of another family than the route's. */
export const via: Codec<string> = {
  type: 'struct rtvia',
  samples: ['fe80::1', '10.0.0.1'],
  write(w, value, path) {
    if (typeof value !== 'string') throw invalidType(path.toString(), value, 'an IP address');
    w.u16(value.includes(':') ? 10 : 2);
    (value.includes(':') ? ipv6 : ipv4).write(w, value, path);
  },
  read(bytes, view, at, length) {
    if (length < 6) throw new DecodeError('shorter than struct rtvia', at);
    return ip.read(bytes, view, at + 2, length - 2, undefined);
  },
};

/** RTAX_*: what TCP and others are told about a path. Times in milliseconds, sizes in bytes. */
const metricShape = {
  lock: attr(
    1,
    bits(u32, {
      mtu: 4,
      window: 8,
      rtt: 16,
      rttvar: 32,
      ssthresh: 64,
      cwnd: 128,
      advmss: 256,
      reordering: 512,
      hopLimit: 1024,
      initCwnd: 2048,
      features: 4096,
      rtoMin: 8192,
      initRwnd: 16384,
    }),
    { kernel: 'RTAX_LOCK', doc: 'metrics that path MTU discovery and TCP may not change' },
  ),
  mtu: attr(2, u32, { kernel: 'RTAX_MTU' }),
  window: attr(3, u32, { kernel: 'RTAX_WINDOW' }),
  rtt: attr(4, u32, { kernel: 'RTAX_RTT', doc: 'eighths of a millisecond' }),
  rttvar: attr(5, u32, { kernel: 'RTAX_RTTVAR', doc: 'quarters of a millisecond' }),
  ssthresh: attr(6, u32, { kernel: 'RTAX_SSTHRESH' }),
  cwnd: attr(7, u32, { kernel: 'RTAX_CWND' }),
  advmss: attr(8, u32, { kernel: 'RTAX_ADVMSS' }),
  reordering: attr(9, u32, { kernel: 'RTAX_REORDERING' }),
  hopLimit: attr(10, u32, { kernel: 'RTAX_HOPLIMIT' }),
  initCwnd: attr(11, u32, { kernel: 'RTAX_INITCWND' }),
  features: attr(12, bits(u32, { ecn: 1, sack: 2, timestamp: 4, allfrag: 8, tcpUsecTs: 16 }), {
    kernel: 'RTAX_FEATURES',
  }),
  rtoMin: attr(13, u32, { kernel: 'RTAX_RTO_MIN' }),
  initRwnd: attr(14, u32, { kernel: 'RTAX_INITRWND' }),
  quickAck: attr(15, u32, { kernel: 'RTAX_QUICKACK' }),
  congestionControl: attr(16, text(15), { kernel: 'RTAX_CC_ALGO' }),
  fastopenNoCookie: attr(17, u32, { kernel: 'RTAX_FASTOPEN_NO_COOKIE', since: '4.15' }),
} as const;

export const metricsTable = table('metrics', metricShape);
export type RouteMetrics = Infer<typeof metricsTable>;

/** RTA_* that a next hop of several has inside. */
const hopShape = {
  gateway: attr(5, ip, { kernel: 'RTA_GATEWAY' }),
  flow: attr(11, u32, { kernel: 'RTA_FLOW' }),
  via: attr(18, via, { kernel: 'RTA_VIA', since: '4.1' }),
  newDst: attr(19, binary, { kernel: 'RTA_NEWDST', since: '4.1', readonly: true }),
  encapType: attr(21, encapType, { kernel: 'RTA_ENCAP_TYPE', since: '4.3' }),
  encap: attr(22, union('encapType', encapTables), { kernel: 'RTA_ENCAP', since: '4.3' }),
} as const;

export const hopTable = table('nexthop', hopShape);

/** A next hop on the wire: struct rtnexthop, then attributes. */
export interface WireHop {
  dev: number | string;
  flags: number;
  weight: number;
  attributes: Infer<typeof hopTable>;
}

const RTNEXTHOP = 8;

/** RTA_MULTIPATH: several of struct rtnexthop, each with attributes. */
const multipath: Codec<WireHop[]> = {
  type: 'struct rtnexthop, each with attributes',
  alignment: 4,
  samples: [
    [
      { dev: 2, flags: 0, weight: 1, attributes: { gateway: '10.0.0.1' } },
      { dev: 3, flags: 4, weight: 256, attributes: {} },
    ],
  ],
  write(w, hops, path) {
    path.enter();
    hops.forEach((hop, i) => {
      path.set(i);
      const start = w.length;
      w.u16(0);
      w.u8(hop.flags);
      w.u8(hop.weight - 1);
      deviceOrNone.write(w, hop.dev, path);
      hopTable.write(w, hop.attributes, path);
      w.patch16(start, w.length - start);
    });
    path.leave();
  },
  read(bytes, view, at, length) {
    const hops: WireHop[] = [];
    for (let from = at; from + RTNEXTHOP <= at + length; ) {
      const size = view.getUint16(from, true);
      if (size < RTNEXTHOP || from + size > at + length)
        throw new DecodeError(`a next hop of ${size} bytes`, from);
      hops.push({
        dev: view.getInt32(from + 4, true),
        flags: bytes[from + 2],
        weight: bytes[from + 3] + 1,
        attributes: hopTable.readInto(bytes, view, from + RTNEXTHOP, from + size, {}),
      });
      from += (size + 3) & ~3;
    }
    return hops;
  },
};

/** struct rta_cacheinfo. */
const cacheInfo = struct('rta_cacheinfo', {
  clntref: u32,
  lastuse: u32,
  expires: s32,
  error: u32,
  used: u32,
  id: u32,
  ts: u32,
  tsage: u32,
});

const mfcStats = struct('rta_mfc_stats', { packets: u64, bytes: u64, wrongIf: u64 });

/** RTA_* of linux/rtnetlink.h. */
export const routeTable = table('route', {
  dst: attr(1, ip, { kernel: 'RTA_DST' }),
  from: attr(2, ip, { kernel: 'RTA_SRC' }),
  iif: attr(3, device, { kernel: 'RTA_IIF' }),
  dev: attr(4, device, { kernel: 'RTA_OIF' }),
  ...hopShape,
  metric: attr(6, u32, { kernel: 'RTA_PRIORITY' }),
  src: attr(7, ip, { kernel: 'RTA_PREFSRC' }),
  metrics: attr(8, metricsTable, { kernel: 'RTA_METRICS' }),
  multipath: attr(9, multipath, { kernel: 'RTA_MULTIPATH' }),
  cacheInfo: attr(12, cacheInfo, { kernel: 'RTA_CACHEINFO', readonly: true }),
  table: attr(15, u32, { kernel: 'RTA_TABLE' }),
  mark: attr(16, u32, { kernel: 'RTA_MARK' }),
  mfcStats: attr(17, mfcStats, { kernel: 'RTA_MFC_STATS', readonly: true }),
  pref: attr(20, oneOf(u8, ROUTER_PREFERENCES), { kernel: 'RTA_PREF', since: '4.1' }),
  expires: attr(23, u32, { kernel: 'RTA_EXPIRES', since: '4.5' }),
  pad: attr(24, binary, { kernel: 'RTA_PAD', readonly: true }),
  uid: attr(25, u32, { kernel: 'RTA_UID', since: '4.10' }),
  ttlPropagate: attr(26, bool, { kernel: 'RTA_TTL_PROPAGATE', since: '4.12' }),
  ipProto: attr(27, u8, { kernel: 'RTA_IP_PROTO', since: '4.18' }),
  sport: attr(28, be16, { kernel: 'RTA_SPORT', since: '4.18' }),
  dport: attr(29, be16, { kernel: 'RTA_DPORT', since: '4.18' }),
  nhid: attr(30, u32, { kernel: 'RTA_NH_ID', since: '5.3' }),
  flowLabel: attr(31, be32, { kernel: 'RTA_FLOWLABEL', since: '6.15' }),
});

export { ip6Encap, ipEncap, mplsEncap, seg6Encap } from './encap.ts';
