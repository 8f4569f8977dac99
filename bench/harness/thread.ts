import { readFileSync } from 'node:fs';

/** ns that the JavaScript thread has run on a CPU so far; the kernel's own account. */
export function threadTime(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);
}

/** ns of the JavaScript thread for each of `count` turns: taken over all of them, so one figure. */
export async function threadTimed(
  count: number,
  work: (turn: number) => Promise<unknown>,
): Promise<number[]> {
  const from = threadTime();
  for (let turn = 0; turn < count; turn++) await work(turn);
  return [(threadTime() - from) / count];
}
