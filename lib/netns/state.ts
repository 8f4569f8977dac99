import { NetlinkError } from '../errors.ts';
import type { Channel } from '../netlink/channel.ts';
import type { Request } from '../netlink/request.ts';
import { trafficClass } from '../rtnetlink/class/api.ts';
import { AF_INET, AF_INET6 } from '../rtnetlink/families.ts';
import { type Filter, filter } from '../rtnetlink/filter/api.ts';
import { listNetconf } from '../rtnetlink/netconf/read.ts';
import { type Qdisc, qdisc } from '../rtnetlink/qdisc/api.ts';
import { TOPICS, type TopicName } from './topics.ts';

type Lister = (channel: Channel) => Promise<unknown[]>;

/** Where the kernel has no list of all: those of each link, or of each place. */
const LISTERS: Partial<Record<TopicName, Lister>> = {
  trafficClass: async (channel) => {
    const devs = new Set((await channel.run(qdisc.list())).map(({ dev }) => dev));
    return each(
      channel,
      [...devs].map((dev) => trafficClass.list({ dev })),
    );
  },
  filter: async (channel) => {
    const places = (await channel.run(qdisc.list())).flatMap(placesOf);
    const classes = (await LISTERS.trafficClass?.(channel)) as { dev: number; classId: string }[];
    places.push(...classes.map(({ dev, classId }) => ({ dev, parent: classId })));
    const found = await each<Filter>(
      channel,
      places.map((place) => filter.list(place)),
    );
    // Filters of a class are told with those of its qdisc by some kinds.
    return [...new Map(found.map((one) => [JSON.stringify(keyOf(one)), one])).values()];
  },
  netconf: (channel) => each(channel, [AF_INET, AF_INET6].map(listNetconf)),
};

const keyOf = ({ dev, parent, chain, priority, protocol, handle }: Filter) => [
  dev,
  parent,
  chain,
  priority,
  protocol,
  handle,
];

/** Where filters of a qdisc hang. */
function placesOf({ dev, kind, handle }: Qdisc): { dev: number; parent: string }[] {
  if (kind === 'clsact') return ['ingress', 'egress'].map((parent) => ({ dev, parent }));
  if (kind === 'ingress') return [{ dev, parent: 'ingress' }];
  return handle === '0:' ? [] : [{ dev, parent: handle }];
}

async function each<T>(channel: Channel, requests: Request<T[]>[]): Promise<T[]> {
  const lists = await Promise.all(
    requests.map((request) =>
      channel.run(request).catch((error) => {
        // What has gone meanwhile has nothing left.
        if (error instanceof NetlinkError && /^(ENODEV|EINVAL|ENOENT)$/.test(error.code)) return [];
        throw error;
      }),
    ),
  );
  return lists.flat();
}

/** How things stand with a topic; nothing where the kernel does not have it. */
export async function stateOf(channel: Channel, topic: TopicName): Promise<unknown[]> {
  const lister = LISTERS[topic];
  try {
    return await (lister === undefined
      ? channel.run<unknown[]>(TOPICS[topic].list())
      : lister(channel));
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'EOPNOTSUPP') return [];
    throw error;
  }
}
