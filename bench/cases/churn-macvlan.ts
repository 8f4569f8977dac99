import { MacvlanNetwork } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { churn } from '../harness/churn.ts';
import { freshName } from '../harness/containers.ts';

const live = 32;

const churnMacvlan: Case = {
  name: 'churn-macvlan',
  title: 'sustained attach + destroy, macvlan, 32 live',
  rounds: 3,
  count: 10,
  lasting: true,
  goals: [{ against: 'C', rateAtLeast: 0.92 }],
  async open(host) {
    const network = await MacvlanNetwork.create({
      name: freshName('mv'),
      parent: 'parent0',
      subnet: '10.92.0.0/16',
      hostAddress: '10.92.255.250',
    });
    return {
      contestants: {
        ours: (seconds) =>
          churn(
            seconds,
            live,
            () => network.attach(),
            () => network.stats().unfreed,
          ),
        C: (seconds) => host.floorChurn('macvlan', live, seconds),
      },
      close: () => network.delete(),
    };
  },
};

export default churnMacvlan;
