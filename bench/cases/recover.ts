import { BridgeNetwork } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';

const ENDPOINTS = 1_000;
const AT_ONCE = 20;

const recover: Case = {
  name: 'recover',
  title: 'open() of a network with 1,000 named endpoints, half of them with a published port',
  rounds: 4,
  count: 5,
  goals: [{ within: 1e9 }],
  async open() {
    const name = freshName('found');
    let network = await BridgeNetwork.create({ name, subnet: '10.97.0.0/16', masquerade: true });
    for (let i = 0; i < ENDPOINTS; i += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, j) =>
          network.attach({
            name: `${name}-${i + j}`,
            publish: j % 2 === 0 ? { hostPort: 20_000 + i + j, port: 80 } : undefined,
          }),
        ),
      );
    }
    await network.close();
    return {
      contestants: {
        ours: async (count) => {
          const opened: BridgeNetwork[] = [];
          return timed(count, async () => {
            // Closing the one before is cheap, and part of the figure.
            await opened.pop()?.close();
            network = await BridgeNetwork.open(name);
            opened.push(network);
            if (network.endpoints().length !== ENDPOINTS) throw new Error('not all were found');
          }).finally(() => network.close());
        },
      },
      async close() {
        const last = await BridgeNetwork.open(name);
        await last.delete();
      },
    };
  },
};

export default recover;
