import { RoutedNetwork } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll } from '../harness/networks.ts';

type Endpoint = Awaited<ReturnType<RoutedNetwork['attach']>>;

const COUNT = 40;
const AT_ONCE = 20;
/** With --quick there are fewer, of both. */
const QUICK = 8;

/** Attaches on a routed network of its own that has so many endpoints already. */
async function withLive(live: number, count: number): Promise<number[]> {
  const network = await RoutedNetwork.create({ name: freshName('live'), subnet: '10.96.0.0/16' });
  try {
    const there = count < COUNT ? live / QUICK : live;
    for (let made = 0; made < there; made += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => network.attach()));
    }
    // As warm as the others, who have just made some.
    const endpoints: Endpoint[] = await Promise.all(
      Array.from({ length: AT_ONCE }, () => network.attach()),
    );
    const samples = await timed(count, async () => {
      endpoints.push(await network.attach());
    });
    await detachAll(endpoints);
    return samples;
  } finally {
    await network.delete();
  }
}

const attachLive: Case = {
  name: 'attach-live',
  title: 'whole attach of an anonymous namespace to a routed network with endpoints on it',
  rounds: 4,
  count: COUNT,
  warming: 2,
  goals: [
    { of: 'ours, 1,000 live', against: 'ours, none live', atMost: 1.3 },
    { of: 'ours, 4,000 live', against: 'ours, none live', atMost: 1.3 },
  ],
  async open() {
    return {
      contestants: {
        'ours, none live': (count) => withLive(0, count),
        'ours, 1,000 live': (count) => withLive(1_000, count),
        'ours, 4,000 live': (count) => withLive(4_000, count),
      },
    };
  },
};

export default attachLive;
