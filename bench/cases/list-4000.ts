import { NetNs } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';

/** One message deletes them all, by their group. */
const GROUP = 4000;

const list: Case = {
  name: 'list-4000',
  title: 'list 4,000 links',
  rounds: 8,
  count: 5,
  counts: { 'ip -j spawned': 1 },
  goals: [{ against: 'C', atMost: 1.5 }],
  async open(host) {
    const pairs = Array.from({ length: 2_000 }, (_, i) => i);
    await host.batchIp(
      pairs.map((i) => `link add many${i} group ${GROUP} type veth peer name more${i}`),
    );
    const ns = NetNs.current();
    return {
      contestants: {
        ours: (count) => timed(count, () => ns.link.list()),
        'ours, sync': (count) => timed(count, () => ns.sync.link.list()),
        'ours, of one master': (count) => timed(count, () => ns.link.list({ master: 'bench0' })),
        C: (count) => host.floor('list', count),
        'ip -j spawned': (count) =>
          timed(count, async () => JSON.parse(await host.spawnIp('-j link show'))),
      },
      async close() {
        await ns.link.deleteGroup(GROUP);
        ns.close();
      },
    };
  },
};

export default list;
