import { RoutedNetwork } from 'node-netns';
import type { Case, Sustained } from '../harness/case.ts';
import { freshName } from '../harness/containers.ts';
import { oneConnection } from '../harness/tenant.ts';

const second = 1_000_000_000;

/** Takes, uses and gives back for some seconds, so many at a time; a sample is one whole cycle. */
async function cycles(network: RoutedNetwork, seconds: number, width: number): Promise<Sustained> {
  const samples: number[] = [];
  const series: number[] = Array.from({ length: Math.ceil(seconds) }, () => 0);
  const begun = process.hrtime.bigint();
  const now = () => Number(process.hrtime.bigint() - begun);
  const worker = async () => {
    for (let from = now(); from < seconds * second; ) {
      const endpoint = await network.attach();
      await oneConnection(endpoint.netns);
      // The tenant was a plan: there is no process to look for.
      const { recycled, because } = await endpoint.recycle({ processesGone: true });
      if (!recycled) throw new Error(`not given back: ${because}`);
      const to = now();
      samples.push(to - from);
      const at = Math.floor(to / second);
      if (at < series.length) series[at] += 1;
      from = to;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return { samples, seconds: now() / second, series };
}

/** The case of one way to look at what is given back. */
export function recycleCase(
  name: string,
  recycle: 'watched' | 'verified',
  what: string,
  rate: number,
): Case {
  return {
    name,
    title: `take, one TCP connection, give back: ${what}`,
    rounds: 3,
    count: 5,
    lasting: true,
    goals: [{ rateAtLeast: rate }],
    async open() {
      const network = await RoutedNetwork.create({
        name: freshName('p'),
        subnet: '10.93.0.0/16',
        pool: { low: 0, high: 16, addressed: false, recycle },
      });
      await network.prewarm(16);
      return {
        contestants: {
          ours: (seconds) => cycles(network, seconds, 8),
          'one at a time': (seconds) => cycles(network, seconds, 1),
        },
        close: () => network.delete(),
      };
    },
  };
}

export default recycleCase('recycle', 'watched', 'sockets and notices looked at', 4_000);
