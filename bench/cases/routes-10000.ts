import { NetNs, route } from 'node-netns';
import { CommandFile, timedUndone } from '../harness/bulk.ts';
import type { Case } from '../harness/case.ts';

const TABLE = 7_777;
const destinations = Array.from({ length: 10_000 }, (_, i) => `10.77.${i >> 8}.${i & 0xff}/32`);

const routes10000: Case = {
  name: 'routes-10000',
  title: 'add 10,000 routes',
  rounds: 6,
  count: 1,
  // At least 0.8 times the speed.
  goals: [{ against: 'ip -batch', atMost: 1 / 0.8 }],
  async open() {
    const ns = NetNs.current();
    const commands = new CommandFile(
      destinations.map((dst) => `route add ${dst} via 10.88.0.9 dev bench0 table ${TABLE}`),
    );
    const flush = () => ns.route.flush({ table: TABLE });
    const ours = () =>
      ns.batch(
        destinations.map((dst) =>
          route.add({ dst, via: '10.88.0.9', dev: 'bench0', table: TABLE }),
        ),
      );
    return {
      contestants: {
        ours: (count) => timedUndone(count, ours, flush),
        'ip -batch': (count) => timedUndone(count, () => commands.run('ip'), flush),
      },
      async close() {
        commands.close();
        ns.close();
      },
    };
  },
};

export default routes10000;
