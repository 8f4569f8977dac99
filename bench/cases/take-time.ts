import { RoutedNetwork } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll } from '../harness/networks.ts';
import { threadTimed } from '../harness/thread.ts';

const takeTime: Case = {
  name: 'take-time',
  title: 'time of the JavaScript thread for one attach from the pool',
  rounds: 8,
  count: 200,
  warming: 4,
  goals: [{ within: 10_000 }],
  async open() {
    const make = (addressed: boolean, subnet: string) =>
      RoutedNetwork.create({
        name: freshName('p'),
        subnet,
        pool: { low: 0, high: 256, addressed },
      });
    const addressed = await make(true, '10.86.0.0/16');
    const blank = await make(false, '10.87.0.0/16');
    type Endpoints = Awaited<ReturnType<RoutedNetwork['attach']>>[];
    const taken =
      (
        network: RoutedNetwork,
        measure: (count: number, work: () => Promise<unknown>) => Promise<number[]>,
      ) =>
      async (count: number) => {
        await network.prewarm(count - network.stats().pool.ready);
        const endpoints: Endpoints = [];
        const samples = await measure(count, async () => {
          endpoints.push(await network.attach());
        });
        await detachAll(endpoints);
        return samples;
      };
    return {
      contestants: {
        // It waits for nothing, so that all of its time is the thread's; too short for the scheduler.
        ours: taken(addressed, timed),
        'ours, address at take': taken(blank, threadTimed),
      },
      close: async () => {
        await addressed.delete();
        await blank.delete();
      },
    };
  },
};

export default takeTime;
