import { NetNs } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';

const create: Case = {
  name: 'create',
  title: 'create + close an anonymous namespace',
  rounds: 8,
  count: 200,
  counts: { 'ip spawned': 10 },
  warming: 10,
  goals: [{ against: 'C', atMost: 1.1 }],
  async open(host) {
    return {
      contestants: {
        ours: (count) =>
          timed(count, async () => {
            const ns = await NetNs.create();
            ns.close();
          }),
        'ours, sync': (count) => timed(count, () => NetNs.createSync().close()),
        C: (count) => host.floor('create', count),
        'ip spawned': (count) =>
          timed(count, async () => {
            const name = freshName();
            await host.spawnIp(`netns add ${name}`);
            await host.spawnIp(`netns delete ${name}`);
          }),
      },
    };
  },
};

export default create;
