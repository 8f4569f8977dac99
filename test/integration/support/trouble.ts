// Does what its arguments say where something is in the way, and tells what came of it: see
// network-trouble.test.ts.
import { BridgeNetwork, NetNs } from '../../../lib/index.ts';

interface Told {
  code?: string;
  message?: string;
  syscall?: string;
}

const told = (error: unknown): Told => {
  const { code, message, syscall } = error as Told;
  return { code, message, syscall };
};

const options = { name: 'net0', subnet: '10.88.0.0/24' };

const TASKS: Record<string, () => Promise<unknown>> = {
  create: () => BridgeNetwork.create(options),
  masquerade: () => BridgeNetwork.create({ ...options, masquerade: true }),
  plain: () => BridgeNetwork.create({ ...options, forward: false }),
  async attach() {
    await using network = await BridgeNetwork.open('net0');
    await network.attach('late');
  },
  /** Published ports alone need nf_tables: the network works without. */
  async publish() {
    const network = await BridgeNetwork.create(options);
    const web = await network.attach('web');
    const links = (await NetNs.current().link.list()).map(({ name }) => name);
    const tries = [
      await web.publish({ hostPort: 8080, port: 80 }).catch(told),
      await network.attach({ name: 'db', publish: { hostPort: 8081 } }).catch(told),
    ];
    const after = (await NetNs.current().link.list()).map(({ name }) => name);
    const state = { ports: web.ports, stats: network.stats(), same: `${links}` === `${after}` };
    await network.delete();
    return { tries, state };
  },
};

const answers: unknown[] = [];
for (const task of process.argv.slice(2)) {
  try {
    const made = await TASKS[task]();
    answers.push(made === undefined || made instanceof BridgeNetwork ? {} : made);
  } catch (error) {
    answers.push(told(error));
  }
}
process.stdout.write(JSON.stringify(answers), () => process.exit());
