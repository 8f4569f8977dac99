import { NetNs } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';

const list: Case = {
  name: 'list-1000',
  title: 'list 1,000 links',
  rounds: 10,
  count: 20,
  counts: { 'ip -j spawned': 2 },
  goals: [{ against: 'C', atMost: 1.5 }],
  async open(host) {
    const pairs = Array.from({ length: 500 }, (_, i) => i);
    await host.batchIp(pairs.map((i) => `link add many${i} type veth peer name more${i}`));
    const ns = NetNs.current();
    return {
      contestants: {
        ours: (count) => timed(count, () => ns.link.list()),
        'ours, sync': (count) => timed(count, () => ns.sync.link.list()),
        C: (count) => host.floor('list', count),
        'ip -j spawned': (count) =>
          timed(count, async () => JSON.parse(await host.spawnIp('-j link show'))),
      },
      close: () => {
        ns.close();
        return host.batchIp(pairs.map((i) => `link delete many${i}`));
      },
    };
  },
};

export default list;
