import { NetNs } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';

const get: Case = {
  name: 'get',
  title: 'get one link by name, sync',
  rounds: 10,
  count: 1_000,
  counts: { 'ip -j spawned': 5 },
  goals: [{ against: 'C', within: 12_000 }],
  async open(host) {
    const ns = NetNs.current();
    return {
      contestants: {
        ours: (count) => timed(count, () => ns.sync.link.get('bench0')),
        'ours, async': (count) => timed(count, () => ns.link.get('bench0')),
        C: (count) => host.floor('get', count, 'bench0'),
        'ip -j spawned': (count) =>
          timed(count, async () => JSON.parse(await host.spawnIp('-j link show dev bench0'))),
      },
      close: async () => ns.close(),
    };
  },
};

export default get;
