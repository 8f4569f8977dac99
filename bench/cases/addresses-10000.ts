import { address, NetNs } from 'node-netns';
import { CommandFile, timedUndone } from '../harness/bulk.ts';
import type { Case } from '../harness/case.ts';

const texts = Array.from({ length: 10_000 }, (_, i) => `10.60.${i >> 8}.${i & 255}/32`);

const addresses10000: Case = {
  name: 'addresses-10000',
  title: 'add 10,000 addresses',
  rounds: 4,
  count: 1,
  // At least 0.8 times the speed.
  goals: [{ against: 'ip -batch', atMost: 1 / 0.8 }],
  async open(host) {
    const ns = NetNs.current();
    const commands = new CommandFile(texts.map((text) => `address add ${text} dev many0`));
    const afresh = async () => {
      await ns.link.delete('many0').catch(() => undefined);
      await host.batchIp(['link add many0 type bridge', 'link set many0 up']);
    };
    await afresh();
    const ours = () => {
      const dev = ns.sync.link.get('many0').index;
      return ns.batch(texts.map((text) => address.add({ dev, address: text })));
    };
    return {
      contestants: {
        ours: (count) => timedUndone(count, ours, afresh),
        'ip -batch': (count) => timedUndone(count, () => commands.run('ip'), afresh),
      },
      async close() {
        commands.close();
        await ns.link.delete('many0');
        ns.close();
      },
    };
  },
};

export default addresses10000;
