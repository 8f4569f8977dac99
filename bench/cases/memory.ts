import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RoutedNetwork } from 'node-netns';
import type { Case } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { detachAll } from '../harness/networks.ts';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

async function heap(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage().heapUsed;
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

const memory: Case = {
  name: 'memory',
  title: 'JavaScript heap for each live sandbox',
  rounds: 4,
  count: 400,
  unit: 'bytes',
  goals: [{ within: 4_096 }],
  async open() {
    const plain = await RoutedNetwork.create({ name: freshName(), subnet: '10.90.0.0/16' });
    const pooled = await RoutedNetwork.create({
      name: freshName('p'),
      subnet: '10.89.0.0/16',
      pool: { low: 0, high: 1, addressed: false },
    });
    const held = async (network: RoutedNetwork, count: number) => {
      const before = await heap();
      const open = descriptors();
      const endpoints = await Promise.all(Array.from({ length: count }, () => network.attach()));
      const each = (await heap()) - before;
      const more = (descriptors() - open) / count;
      if (more > 2.1) throw new Error(`${more} descriptors for each`);
      await detachAll(endpoints);
      return [each / count];
    };
    return {
      contestants: {
        ours: (count) => held(plain, count),
        'ours, from a pool': (count) => held(pooled, count),
      },
      close: async () => {
        await plain.delete();
        await pooled.delete();
      },
    };
  },
};

export default memory;
