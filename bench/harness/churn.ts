import type { Sustained } from './case.ts';

/** What can be taken away again. */
export interface Detachable {
  detach(): Promise<void>;
}

const second = 1_000_000_000;

/**
 * So many attaches are on their way at once: while one is in the kernel, the next is prepared. The
 * floor does one at a time, since a second thread would only wait for rtnl.
 */
const ABREAST = 3;

/**
 * Attaches flat out with `live` alive: each attach is timed, and an old endpoint is given up before
 * it. Detaching goes on beside it, as in a runtime that has better to do than to wait for it.
 */
export async function churn(
  seconds: number,
  live: number,
  attach: () => Promise<Detachable>,
  unfreed: () => number = () => 0,
): Promise<Sustained> {
  const ring: Detachable[] = [];
  const leaving = new Set<Promise<void>>();
  const give = (endpoint: Detachable) => {
    const gone = endpoint.detach().finally(() => leaving.delete(gone));
    leaving.add(gone);
  };
  for (let i = 0; i < live; i++) ring.push(await attach());
  const samples: number[] = [];
  const series: number[] = Array.from({ length: Math.ceil(seconds) }, () => 0);
  const begun = process.hrtime.bigint();
  const sinceBegun = () => Number(process.hrtime.bigint() - begun);
  let now = 0;
  let backlog = 0;
  const worker = async (first: number): Promise<void> => {
    for (let at = first; now < seconds * second; at = (at + ABREAST) % live) {
      give(ring[at]);
      const from = sinceBegun();
      ring[at] = await attach();
      now = sinceBegun();
      samples.push(now - from);
      const index = Math.floor(now / second);
      if (index < series.length) series[index] += 1;
      if (samples.length % 16 === 0) backlog = Math.max(backlog, unfreed());
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, (_, first) => worker(first)));
  const rss = `RSS ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MB`;
  for (const endpoint of ring) give(endpoint);
  await Promise.all(leaving);
  return { samples, seconds: now / second, series, notes: [`at most ${backlog} unfreed`, rss] };
}

/**
 * Attaches as they arrive, `rate` a second, with `live` alive; a sample is the time from the
 * arrival to ready, whether or not anybody was free to begin at once.
 */
export async function arrivals(
  seconds: number,
  live: number,
  rate: number,
  attach: () => Promise<Detachable>,
): Promise<Sustained> {
  const ring: Detachable[] = [];
  for (let i = 0; i < live; i++) ring.push(await attach());
  const pending: Promise<unknown>[] = [];
  const samples: number[] = [];
  const series: number[] = Array.from({ length: Math.ceil(seconds) }, () => 0);
  const begun = performance.now();
  const total = Math.floor(seconds * rate);
  // Who can't keep up is not waited for without end: what has arrived by then is what counts.
  const patience = seconds * 2_000;
  for (let done = 0; done < total && performance.now() - begun < patience; ) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * rate) + 1);
    for (; done < due; done++) {
      const arrival = begun + (done / rate) * 1_000;
      const leaver = ring.shift();
      if (leaver !== undefined) pending.push(leaver.detach());
      const ready = attach().then((endpoint) => {
        ring.push(endpoint);
        const now = performance.now();
        samples.push((now - arrival) * 1_000_000);
        series[Math.min(series.length - 1, Math.floor((now - begun) / 1_000))] += 1;
      });
      pending.push(ready);
    }
    // As the floor's, it sleeps: one of two processors that only waits would be missed.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  const took = (performance.now() - begun) / 1_000;
  await Promise.all(ring.map((endpoint) => endpoint.detach()));
  return { samples, seconds: took, series };
}
