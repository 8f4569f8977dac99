import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Dev } from '../../netlink/request.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';
import { Path } from '../../wire/path.ts';
import type { Infer } from '../../wire/schema.ts';
import { NLA_F_NESTED } from '../../wire/writer.ts';
import { TCA_OPTIONS } from './constants.ts';
import type { OptionsCodec } from './kind.ts';
import type { statisticsTable } from './schema.ts';
import { tcmsg } from './schema.ts';

/** linux/rtnetlink.h */
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;

export function writeTcmsg(
  m: Messages,
  dev: Dev | undefined,
  handle: number,
  parent: number,
  info = 0,
): void {
  const w = m.writer;
  w.zeros(4);
  if (dev === undefined) w.u32(0);
  else m.linkIndex(dev);
  w.u32(handle);
  w.u32(parent);
  w.u32(info);
}

/**
 * Writes TCA_OPTIONS straight, so that its errors are told by the caller's own flat keys
 * (`qdisc.rate`), which the message keeps one level down.
 */
export function writeOptions(
  m: Messages,
  root: string,
  codec: OptionsCodec<object> | undefined,
  options: Record<string, unknown>,
  raw: Uint8Array | undefined,
): void {
  const w = m.writer;
  if (codec === undefined) {
    if (raw === undefined) return;
    const start = w.begin(TCA_OPTIONS);
    w.raw(raw);
    w.end(start);
    return;
  }
  if (!codec.always && Object.keys(options).length === 0) return;
  const start = w.begin(codec.nested ? TCA_OPTIONS | NLA_F_NESTED : TCA_OPTIONS);
  codec.write(w, options, new Path(root));
  w.end(start);
}

/** Asks for the index of a link that a dump can't be filtered by: the answer comes before the dump's. */
export function writeIndexQuestion(m: Messages, dev: Dev | undefined): void {
  if (typeof dev !== 'string') return;
  m.begin(RTM_GETLINK, 0, 'RTM_GETLINK');
  m.writer.zeros(4);
  m.linkIndex(dev);
  m.writer.zeros(8);
  m.end();
}

/** Takes the answer to `writeIndexQuestion`; undefined when the present reply is another. */
export function readIndexAnswer(r: Replies): number | undefined {
  return r.type === RTM_NEWLINK ? r.view.getUint32(r.from + 4, true) : undefined;
}

export function beginDump(m: Messages, type: number, syscall: string): void {
  m.begin(type, NLM_F_DUMP, syscall, { header: tcmsg.size, table: NO_TABLE });
}

const NO_TABLE = { pathOf: () => undefined };

/** What has passed. */
export interface TrafficStatistics {
  bytes: number;
  packets: number;
  drops: number;
  overlimits: number;
  requeues: number;
  /** Packets that wait. */
  queueLength: number;
  /** Bytes that wait. */
  backlog: number;
  /** The estimator's rates, with one. */
  bytesPerSecond?: number;
  packetsPerSecond?: number;
}

export function readStatistics(
  stats: Infer<typeof statisticsTable> | undefined,
): TrafficStatistics | undefined {
  if (stats === undefined) return undefined;
  const statistics: TrafficStatistics = {
    bytes: stats.basic?.bytes ?? 0,
    packets: stats.packets64 ?? stats.basic?.packets ?? 0,
    drops: stats.queue?.drops ?? 0,
    overlimits: stats.queue?.overlimits ?? 0,
    requeues: stats.queue?.requeues ?? 0,
    queueLength: stats.queue?.queueLength ?? 0,
    backlog: stats.queue?.backlog ?? 0,
  };
  const rate = stats.rate64 ?? stats.rate;
  if (rate !== undefined) {
    statistics.bytesPerSecond = rate.bytes;
    statistics.packetsPerSecond = rate.packets;
  }
  return statistics;
}
