import { BridgeNetwork } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll, type Endpoint } from '../harness/networks.ts';

const FIRST_PORT = 20_000;

const attachPublish: Case = {
  name: 'attach-publish',
  title: 'whole attach with a published port, on a network that masquerades',
  rounds: 10,
  count: 40,
  warming: 40,
  // The floor attaches alone: no rules, no port.
  goals: [{ against: 'C', atMost: 1.5 }],
  async open(host) {
    const network = await BridgeNetwork.create({
      name: freshName(),
      subnet: '10.98.0.0/16',
      masquerade: true,
    });
    return {
      contestants: {
        ours: async (count) => {
          const endpoints: Endpoint[] = [];
          const samples = await timed(count, async (turn) => {
            const publish = { hostPort: FIRST_PORT + turn, port: 80 };
            endpoints.push(await network.attach({ publish }));
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

export default attachPublish;
