import { BridgeNetwork, RoutedNetwork } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll } from '../harness/networks.ts';

// Their addresses are set when they are taken; so is whatever else is asked for by option.
const pool = { low: 0, high: 256, addressed: false };

const burstAtTake: Case = {
  name: 'burst-at-take',
  title: 'a burst of 200 from a pool of 256, address set at take: wall time of all',
  rounds: 6,
  count: 200,
  goals: [{ within: 12_000_000 }, { of: 'ours, bridge', within: 12_000_000 }],
  async open(host) {
    const routed = await RoutedNetwork.create({
      name: freshName('p'),
      subnet: '10.95.0.0/16',
      pool,
    });
    const bridge = await BridgeNetwork.create({
      name: freshName('p'),
      subnet: '10.94.0.0/16',
      pool,
    });
    const burst = (network: RoutedNetwork | BridgeNetwork) => async (count: number) => {
      await network.prewarm(256 - network.stats().pool.ready);
      const from = process.hrtime.bigint();
      const endpoints = await Promise.all(Array.from({ length: count }, () => network.attach()));
      const took = Number(process.hrtime.bigint() - from);
      await detachAll(endpoints);
      return [took];
    };
    return {
      contestants: {
        ours: burst(routed),
        'ours, bridge': burst(bridge),
        // The floor's are on a bridge; what it takes for each is added up.
        'C, bridge': async (count) => {
          const each = await host.floor('take', count);
          return [each.reduce((sum, ns) => sum + ns, 0)];
        },
      },
      close: async () => {
        await routed.delete();
        await bridge.delete();
      },
    };
  },
};

export default burstAtTake;
