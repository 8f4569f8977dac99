import { NetNs } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll, type Endpoint, openBridge } from '../harness/networks.ts';
import { threadTimed } from '../harness/thread.ts';

const threadTime: Case = {
  name: 'thread-time',
  title: 'time of the JavaScript thread for one attach',
  rounds: 10,
  count: 50,
  warming: 30,
  goals: [{ within: 50_000 }],
  async open() {
    const network = await openBridge();
    return {
      contestants: {
        ours: async (count) => {
          const endpoints: Endpoint[] = [];
          const names = Array.from({ length: count }, () => freshName());
          const samples = await threadTimed(count, async (turn) => {
            endpoints.push(await network.attach(names[turn]));
          });
          await detachAll(endpoints);
          return samples;
        },
        'create + close': (count) =>
          threadTimed(count, async () => {
            const ns = await NetNs.create();
            ns.close();
          }),
      },
      close: () => network.delete(),
    };
  },
};

export default threadTime;
