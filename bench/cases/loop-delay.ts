import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../harness/case.ts';
import { detachAll, type Endpoint, openBridge } from '../harness/networks.ts';

/** The p99 of the event loop's delay while `work` goes on, in ns. */
async function delayDuring(work: () => Promise<unknown>): Promise<number[]> {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  await work();
  monitor.disable();
  return [monitor.percentile(99)];
}

const loopDelay: Case = {
  name: 'loop-delay',
  title: 'p99 delay of the event loop while 1,000 attaches go on',
  rounds: 3,
  count: 1_000,
  goals: [{ against: 'idle', within: 5_000_000 }],
  async open() {
    const network = await openBridge();
    return {
      contestants: {
        idle: () => delayDuring(() => sleep(500)),
        ours: async (count) => {
          const endpoints: Endpoint[] = [];
          const delays = await delayDuring(async () => {
            for (let done = 0; done < count; done += 50) {
              const many = Array.from({ length: Math.min(50, count - done) }, () =>
                network.attach(),
              );
              endpoints.push(...(await Promise.all(many)));
            }
          });
          await detachAll(endpoints);
          return delays;
        },
      },
      close: () => network.delete(),
    };
  },
};

export default loopDelay;
