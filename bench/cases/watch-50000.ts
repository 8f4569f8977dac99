import { NetNs } from 'node-netns';
import { CommandFile } from '../harness/bulk.ts';
import { type Case, timed } from '../harness/case.ts';

const TABLE = 7_778;
const EVENTS = 50_000;

/** 25,000 routes come and go. */
const commands = Array.from({ length: EVENTS }, (_, i) => {
  const at = i >> 1;
  const verb = i % 2 === 0 ? 'add' : 'delete';
  return `route ${verb} blackhole 10.78.${at >> 8}.${at & 0xff}/32 table ${TABLE}`;
});

/** Hears all events that another process causes; those that were lost must have been told. */
async function watching(ns: NetNs, cause: () => Promise<void>): Promise<void> {
  const watch = await ns.watch(['route']).ready();
  const caused = cause();
  let heard = 0;
  for await (const event of watch) {
    if (event.type === 'overrun') {
      console.error(`watch-50000: an overrun was told after ${heard} events`);
      break;
    }
    if (event.topic === 'route' && event.route.table === TABLE) heard++;
    if (heard === EVENTS) break;
  }
  await caused;
}

const watch50000: Case = {
  name: 'watch-50000',
  title: 'hear 50,000 events as they are caused',
  rounds: 3,
  count: 1,
  goals: [{ against: 'ip -batch, unheard', atMost: 1.5 }],
  async open() {
    const ns = NetNs.current();
    const file = new CommandFile(commands);
    return {
      contestants: {
        ours: (count) => timed(count, () => watching(ns, () => file.run('ip'))),
        'ip -batch, unheard': (count) => timed(count, () => file.run('ip')),
      },
      async close() {
        file.close();
        ns.close();
      },
    };
  },
};

export default watch50000;
