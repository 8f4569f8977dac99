import { BridgeNetwork, NetNs } from 'node-netns';
import { type Case, type Contestant, timed } from '../harness/case.ts';
import { Cni } from '../harness/cni.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll, type Endpoint } from '../harness/networks.ts';

const FIRST_PORT = 20_000;

/** Theirs get namespaces that are there already; ours makes its own, within the time. */
async function byPlugins(cni: Cni, count: number): Promise<number[]> {
  const names = Array.from({ length: count }, () => freshName('cni'));
  for (const name of names) (await NetNs.create(name)).close();
  const samples = await timed(count, (turn) => cni.add(names[turn], FIRST_PORT + turn));
  for (const [turn, name] of names.entries()) {
    await cni.delete(name, FIRST_PORT + turn);
    await NetNs.delete(name);
  }
  return samples;
}

const cni: Case = {
  name: 'cni',
  title:
    'attach with a published port and masquerade, beside bridge, host-local and portmap of CNI',
  rounds: 5,
  count: 40,
  counts: { CNI: 3 },
  warming: 20,
  goals: [{ against: 'CNI', fasterBy: 20 }],
  async open(host) {
    const network = await BridgeNetwork.create({
      name: freshName(),
      subnet: '10.94.0.0/16',
      masquerade: true,
    });
    const found = Cni.find();
    if (typeof found === 'string') console.error(`cni: without CNI: ${found}`);
    const theirs: Record<string, Contestant> =
      typeof found === 'string' ? {} : { CNI: (n: number) => byPlugins(found, n) };
    return {
      contestants: {
        ours: async (count) => {
          const endpoints: Endpoint[] = [];
          const names = Array.from({ length: count }, () => freshName());
          const samples = await timed(count, async (turn) => {
            const publish = { hostPort: FIRST_PORT + 1_000 + turn, port: 80 };
            endpoints.push(await network.attach({ name: names[turn], publish }));
          });
          await detachAll(endpoints);
          return samples;
        },
        ...theirs,
      },
      async close() {
        await network.delete();
        if (host.links().includes('cni-bench0')) host.ip('link delete cni-bench0');
      },
    };
  },
};

export default cni;
