import { Replies } from '../netlink/replies.ts';
import { nothing, type Request } from '../netlink/request.ts';
import { address } from '../rtnetlink/address/api.ts';
import { trafficClass } from '../rtnetlink/class/api.ts';
import { AF_INET } from '../rtnetlink/families.ts';
import { fdb } from '../rtnetlink/fdb/api.ts';
import type { Filter } from '../rtnetlink/filter/api.ts';
import { readFilterEvent } from '../rtnetlink/filter/read.ts';
import { link } from '../rtnetlink/link/api.ts';
import { mdb } from '../rtnetlink/mdb/api.ts';
import { neighbour } from '../rtnetlink/neighbour/api.ts';
import { listNetconf } from '../rtnetlink/netconf/read.ts';
import { nexthop } from '../rtnetlink/nexthop/api.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import { qdisc } from '../rtnetlink/qdisc/api.ts';
import { question } from '../rtnetlink/requests.ts';
import { route } from '../rtnetlink/route/api.ts';
import { rule } from '../rtnetlink/rule/api.ts';
import { vlan } from '../rtnetlink/vlan/api.ts';

/** What can be watched: where the kernel tells of it, and how it is read. */
interface Topic<T> {
  /** RTNLGRP_* of linux/rtnetlink.h. */
  readonly groups: readonly number[];
  /** nlmsg_type of what is new or changed, and of what has gone. */
  readonly news: number;
  readonly gone: number;
  /** The address family that tells two topics of one message type apart. */
  readonly isOurs?: (family: number) => boolean;
  /** Lists objects of this kind: its `read` reads the events. */
  readonly list: () => Request<T[]>;
}

const topic = <T>(of: Topic<T>): Topic<T> => of;

const AF_BRIDGE = 7;
const notOfBridge = (family: number): boolean => family !== AF_BRIDGE;
const ofBridge = (family: number): boolean => family === AF_BRIDGE;
// Any link: what an event tells is read by itself.
const someLink = { dev: 1 };

export const TOPICS = {
  link: topic({ groups: [1], news: 16, gone: 17, isOurs: notOfBridge, list: () => link.list() }),
  address: topic({ groups: [5, 9], news: 20, gone: 21, list: () => address.list() }),
  route: topic({
    groups: [7, 11],
    news: 24,
    gone: 25,
    list: () => route.list({ table: 'all' }),
  }),
  neighbour: topic({
    groups: [3],
    news: 28,
    gone: 29,
    isOurs: notOfBridge,
    list: () => neighbour.list(),
  }),
  rule: topic({ groups: [8, 19], news: 32, gone: 33, list: () => rule.list() }),
  nsid: topic({ groups: [28], news: 88, gone: 89, list: () => nsid.list() }),
  fdb: topic({ groups: [3], news: 28, gone: 29, isOurs: ofBridge, list: () => fdb.list() }),
  mdb: topic({ groups: [26], news: 84, gone: 85, list: () => mdb.list() }),
  vlan: topic({ groups: [33], news: 112, gone: 113, list: () => vlan.states() }),
  nexthop: topic({ groups: [32], news: 104, gone: 105, list: () => nexthop.list() }),
  qdisc: topic({ groups: [4], news: 36, gone: 37, list: () => qdisc.list() }),
  trafficClass: topic({
    groups: [4],
    news: 40,
    gone: 41,
    list: () => trafficClass.list(someLink),
  }),
  filter: topic({
    groups: [4],
    news: 44,
    gone: 45,
    list: (): Request<Filter[]> => question('filter.list', nothing, readFilterEvent),
  }),
  netconf: topic({ groups: [24, 25], news: 80, gone: 81, list: () => listNetconf(AF_INET) }),
} as const;

export type TopicName = keyof typeof TOPICS;

type ObjectOf<N extends TopicName> = (typeof TOPICS)[N] extends Topic<infer T> ? T : never;

/** One change: the object under its topic's name. */
export type TopicEvent = {
  [N in TopicName]: {
    type: 'new' | 'delete';
    topic: N;
    /** The id of the namespace it happened in, where all that have one are watched. */
    nsid?: number;
    /** After an overrun: not a change, but how things stand. */
    state?: true;
  } & { [K in N]: ObjectOf<N> };
}[TopicName];

const replies = new Replies();

/** What reads the events of a topic, made once. */
const readers = new Map<TopicName, Request<unknown[]>>();

function readerOf(name: TopicName): Request<unknown[]> {
  let reader = readers.get(name);
  if (reader === undefined) {
    reader = TOPICS[name].list();
    readers.set(name, reader);
  }
  return reader;
}

/** What a datagram tells of the topics that are watched. */
export function eventsIn(
  topics: readonly TopicName[],
  bytes: Uint8Array,
  view: DataView,
  nsid: number | undefined,
): TopicEvent[] {
  const events: TopicEvent[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > bytes.length) break;
    const type = view.getUint16(at + 4, true);
    for (const name of topics) {
      const { news, gone, isOurs } = TOPICS[name] as Topic<unknown>;
      if (type !== news && type !== gone) continue;
      if (isOurs !== undefined && !isOurs(bytes[at + 16])) continue;
      replies.reset(bytes, view);
      replies.addRegion(at, at + length);
      for (const object of readerOf(name).read(replies)) {
        events.push(event(type === news ? 'new' : 'delete', name, object, nsid));
      }
    }
    at += (length + 3) & ~3;
  }
  return events;
}

export function event(
  type: 'new' | 'delete',
  topic: TopicName,
  object: unknown,
  nsid: number | undefined,
  state?: true,
): TopicEvent {
  const made: Record<string, unknown> = { type, topic, [topic]: object };
  if (nsid !== undefined) made.nsid = nsid;
  if (state !== undefined) made.state = state;
  return made as unknown as TopicEvent;
}
