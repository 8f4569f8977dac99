import { RoutedNetwork } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { churn } from '../harness/churn.ts';
import { freshName } from '../harness/containers.ts';

const live = 32;

const churnRouted: Case = {
  name: 'churn-routed',
  title: 'sustained attach + destroy, routed, 32 live',
  rounds: 3,
  count: 10,
  lasting: true,
  goals: [
    { against: 'C', rateAtLeast: 0.92 },
    { at: 'p99', within: 5_000_000 },
  ],
  async open(host) {
    const network = await RoutedNetwork.create({ name: freshName(), subnet: '10.98.0.0/16' });
    return {
      contestants: {
        ours: (seconds) =>
          churn(
            seconds,
            live,
            () => network.attach(),
            () => network.stats().unfreed,
          ),
        C: (seconds) => host.floorChurn('routed', live, seconds),
      },
      close: () => network.delete(),
    };
  },
};

export default churnRouted;
