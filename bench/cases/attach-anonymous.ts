import { type Case, timed } from '../harness/case.ts';
import { detachAll, type Endpoint, openBridge } from '../harness/networks.ts';

const attachAnonymous: Case = {
  name: 'attach-anonymous',
  title: 'whole attach of an anonymous namespace',
  rounds: 10,
  count: 40,
  warming: 40,
  goals: [{ against: 'C', atMost: 1.1 }],
  async open(host) {
    const network = await openBridge();
    return {
      contestants: {
        ours: async (count) => {
          const endpoints: Endpoint[] = [];
          const samples = await timed(count, async () => {
            endpoints.push(await network.attach());
          });
          await detachAll(endpoints);
          return samples;
        },
        C: (count) => host.floor('attach', count, 'bridge'),
      },
      close: () => network.delete(),
    };
  },
};

export default attachAnonymous;
