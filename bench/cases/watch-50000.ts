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

/** How long the last events may take once all have been caused. */
const PATIENCE = 10_000;

/** Hears all events that another process causes; fails where some were lost and nothing told it. */
async function watching(ns: NetNs, cause: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const watch = await ns.watch(['route'], { signal: stop.signal }).ready();
  let heard = 0;
  let late: NodeJS.Timeout | undefined;
  const caused = cause().then(() => {
    late = setTimeout(() => stop.abort(new Error(`lost: ${EVENTS - heard} events`)), PATIENCE);
  });
  for await (const event of watch) {
    if (event.type === 'overrun') {
      console.error(`watch-50000: told of an overrun after ${heard} events`);
      break;
    }
    if (event.topic === 'route' && event.route.table === TABLE) heard++;
    if (heard === EVENTS) break;
  }
  await caused;
  clearTimeout(late);
}

const watch50000: Case = {
  name: 'watch-50000',
  title: 'hear 50,000 events as they are caused',
  rounds: 3,
  count: 1,
  // The goal is that none is lost, or that it is told: a contestant fails otherwise.
  goals: [],
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
