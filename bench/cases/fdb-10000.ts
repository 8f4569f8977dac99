import { fdb, NetNs } from 'node-netns';
import { CommandFile, timedUndone } from '../harness/bulk.ts';
import type { Case } from '../harness/case.ts';

const macs = Array.from({ length: 10_000 }, (_, i) => {
  const low = (i & 0xff).toString(16).padStart(2, '0');
  return `02:77:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${low}`;
});

const fdb10000: Case = {
  name: 'fdb-10000',
  title: 'add 10,000 fdb entries',
  rounds: 6,
  count: 1,
  // At least 0.8 times the speed.
  goals: [{ against: 'bridge -batch', atMost: 1 / 0.8 }],
  async open(host) {
    const ns = NetNs.current();
    host.ip('link add port0 master bench0 type veth peer name port1');
    const commands = new CommandFile(macs.map((mac) => `fdb add ${mac} dev port0 master static`));
    const flush = () => ns.fdb.flush({ dev: 'bench0', brport: 'port0', static: true });
    const ours = () => {
      const { index } = ns.sync.link.get('port0');
      return ns.batch(
        macs.map((mac) => fdb.add({ dev: index, mac, master: true, state: 'static' })),
      );
    };
    const named = () =>
      ns.batch(macs.map((mac) => fdb.add({ dev: 'port0', mac, master: true, state: 'static' })));
    return {
      contestants: {
        ours: (count) => timedUndone(count, ours, flush),
        'ours, by name': (count) => timedUndone(count, named, flush),
        'bridge -batch': (count) => timedUndone(count, () => commands.run('bridge'), flush),
      },
      async close() {
        commands.close();
        await ns.link.delete('port0');
        ns.close();
      },
    };
  },
};

export default fdb10000;
