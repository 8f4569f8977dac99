import { NetNs } from 'node-netns';
import { type Case, timed } from '../harness/case.ts';

const lookup: Case = {
  name: 'lookup',
  title: 'change a link by its name, among 1,000: the name becomes an index by one ioctl',
  rounds: 6,
  count: 400,
  counts: { 'list and search': 10, 'ip spawned': 3 },
  goals: [
    { against: 'by index', within: 5_000 },
    { against: 'list and search', fasterBy: 20 },
  ],
  async open(host) {
    const pairs = Array.from({ length: 500 }, (_, i) => i);
    await host.batchIp(pairs.map((i) => `link add find${i} type veth peer name found${i}`));
    const ns = NetNs.current();
    const { index } = ns.sync.link.get('found499');
    return {
      contestants: {
        ours: (count) => timed(count, () => ns.sync.link.set('found499', { group: 7 })),
        'by index': (count) => timed(count, () => ns.sync.link.set(index, { group: 7 })),
        'list and search': (count) =>
          timed(count, () => {
            const found = ns.sync.link.list().find(({ name }) => name === 'found499');
            ns.sync.link.set(found?.index ?? 0, { group: 7 });
          }),
        'ip spawned': (count) => timed(count, () => host.spawnIp('link set found499 group 7')),
      },
      close: () => {
        ns.close();
        return host.batchIp(pairs.map((i) => `link delete find${i}`));
      },
    };
  },
};

export default lookup;
