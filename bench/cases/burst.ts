import { BridgeNetwork } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll } from '../harness/networks.ts';

const burst: Case = {
  name: 'burst',
  title: 'a burst of 200 attaches from a pool of 256: wall time of all',
  rounds: 6,
  count: 200,
  goals: [{ within: 2_000_000 }],
  async open() {
    const network = await BridgeNetwork.create({ name: freshName('pool'), subnet: '10.96.0.0/16' });
    const all = async (count: number) => {
      const from = process.hrtime.bigint();
      const endpoints = await Promise.all(Array.from({ length: count }, () => network.attach()));
      const took = Number(process.hrtime.bigint() - from);
      await detachAll(endpoints);
      return [took];
    };
    return {
      contestants: {
        ours: async (count) => {
          await network.prewarm(256);
          return all(count);
        },
        'from scratch': async (count) => {
          // What the burst before has left in the pool is taken first.
          const { ready } = network.stats().pool;
          const left = await Promise.all(Array.from({ length: ready }, () => network.attach()));
          const took = await all(count);
          await detachAll(left);
          return took;
        },
      },
      close: () => network.delete(),
    };
  },
};

export default burst;
