import { RoutedNetwork } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { arrivals } from '../harness/churn.ts';
import { freshName } from '../harness/containers.ts';

const live = 256;
const rate = 800;

const arrivalsCase: Case = {
  name: 'arrivals',
  title: 'arrivals at 800 a second, routed, 256 live: arrival to ready',
  rounds: 3,
  count: 10,
  lasting: true,
  goals: [{ of: 'ours, pool', at: 'p99', within: 3_000_000 }],
  async open(host) {
    const pooled = await RoutedNetwork.create({
      name: freshName('pool'),
      subnet: '10.97.0.0/16',
      pool: { low: 256, high: 512 },
    });
    const plain = await RoutedNetwork.create({ name: freshName(), subnet: '10.98.0.0/16' });
    await pooled.prewarm(512);
    return {
      contestants: {
        'ours, pool': (seconds) => arrivals(seconds, live, rate, () => pooled.attach()),
        ours: (seconds) => arrivals(seconds, live, rate, () => plain.attach()),
        'C, no pool': (seconds) => host.floorChurn('routed', live, seconds, rate),
      },
      close: async () => {
        await pooled.delete();
        await plain.delete();
      },
    };
  },
};

export default arrivalsCase;
