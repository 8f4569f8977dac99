import { type Case, timed } from '../harness/case.ts';
import { freshName, removeByBatch } from '../harness/containers.ts';
import { openBridge } from '../harness/networks.ts';

const detach: Case = {
  name: 'detach',
  title: 'detach, until the link has gone and the address is free',
  rounds: 6,
  count: 20,
  counts: { 'ours, all at once': 200, 'ip -batch': 4 },
  goals: [{ of: 'ours, all at once', against: 'ip -batch', fasterBy: 5 }],
  async open(host) {
    const network = await openBridge();
    const many = (count: number) =>
      Promise.all(Array.from({ length: count }, () => network.attach()));
    return {
      contestants: {
        ours: async (count) => {
          const endpoints = await many(count);
          return timed(count, (turn) => endpoints[turn].detach());
        },
        'ours, all at once': async (count) => {
          const endpoints = await many(count);
          const from = process.hrtime.bigint();
          await Promise.all(endpoints.map((endpoint) => endpoint.detach()));
          return [Number(process.hrtime.bigint() - from) / count];
        },
        'ip -batch': async (count) => {
          const names = Array.from({ length: count }, () => freshName());
          await host.batchIp(
            names.flatMap((name) => [
              `netns add ${name}`,
              `link add ${name} master bench0 type veth peer name eth0 netns ${name}`,
            ]),
          );
          return timed(count, (turn) => removeByBatch(host, [names[turn]]));
        },
      },
      close: () => network.delete(),
    };
  },
};

export default detach;
