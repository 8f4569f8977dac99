import { type Case, timed } from '../harness/case.ts';
import {
  attachByBatch,
  attachBySpawning,
  freshName,
  removeByBatch,
} from '../harness/containers.ts';
import type { Host } from '../harness/host.ts';
import { detachAll, type Endpoint, openBridge } from '../harness/networks.ts';

async function byIp(
  host: Host,
  count: number,
  attach: (host: Host, name: string) => Promise<void>,
): Promise<number[]> {
  const names = Array.from({ length: count }, () => freshName());
  const samples = await timed(count, (turn) => attach(host, names[turn]));
  await removeByBatch(host, names);
  return samples;
}

const attach: Case = {
  name: 'attach',
  title: 'whole attach: named namespace, veth born inside, bridge port, address, default route',
  rounds: 10,
  count: 40,
  counts: { 'ip spawned': 5, 'ip -batch': 10, pyroute2: 10 },
  warming: 40,
  goals: [
    { against: 'C', atMost: 1.1 },
    { against: 'ip spawned', fasterBy: 15 },
    { against: 'ip -batch', fasterBy: 5 },
    { against: 'pyroute2', fasterBy: 6 },
  ],
  async open(host) {
    const network = await openBridge();
    const { pyroute2 } = host;
    return {
      contestants: {
        ours: async (count) => {
          const endpoints: Endpoint[] = [];
          const names = Array.from({ length: count }, () => freshName());
          const samples = await timed(count, async (turn) => {
            endpoints.push(await network.attach(names[turn]));
          });
          await detachAll(endpoints);
          return samples;
        },
        C: (count) => host.floor('attach', count, 'bridge-named'),
        'ip spawned': (count) => byIp(host, count, attachBySpawning),
        'ip -batch': (count) => byIp(host, count, attachByBatch),
        ...(pyroute2 === undefined ? {} : { pyroute2 }),
      },
      close: () => network.delete(),
    };
  },
};

export default attach;
