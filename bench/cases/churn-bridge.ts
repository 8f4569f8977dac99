import type { Case } from '../harness/case.ts';
import { churn } from '../harness/churn.ts';
import { openBridge } from '../harness/networks.ts';

const live = 32;

const churnBridge: Case = {
  name: 'churn-bridge',
  title: 'sustained attach + destroy on a bridge, 32 live',
  rounds: 3,
  count: 10,
  lasting: true,
  goals: [{ against: 'C', rateAtLeast: 0.95 }],
  async open(host) {
    const network = await openBridge();
    return {
      contestants: {
        ours: (seconds) =>
          churn(
            seconds,
            live,
            () => network.attach(),
            () => network.stats().unfreed,
          ),
        C: (seconds) => host.floorChurn('bridge', live, seconds),
      },
      close: () => network.delete(),
    };
  },
};

export default churnBridge;
