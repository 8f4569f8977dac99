import { RoutedNetwork } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { churn } from '../harness/churn.ts';
import { freshName } from '../harness/containers.ts';

/** With --quick, where the count is one second, there are fewer. */
const aliveFor = (seconds: number): number => (seconds > 1 ? 4_000 : 500);

const churn4000: Case = {
  name: 'churn-4000',
  title: 'sustained attach + destroy, routed, 4,000 live',
  rounds: 2,
  count: 10,
  lasting: true,
  warming: 0,
  goals: [{ against: 'C', rateAtLeast: 0.9 }],
  async open(host) {
    const network = await RoutedNetwork.create({ name: freshName(), subnet: '10.91.0.0/16' });
    return {
      contestants: {
        ours: (seconds) =>
          churn(
            seconds,
            aliveFor(seconds),
            () => network.attach(),
            () => network.stats().unfreed,
          ),
        C: (seconds) => host.floorChurn('routed', aliveFor(seconds), seconds),
      },
      close: () => network.delete(),
    };
  },
};

export default churn4000;
