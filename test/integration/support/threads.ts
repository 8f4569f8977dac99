import { readdirSync, readlinkSync } from 'node:fs';

/** Threads of this process that are not in its main thread's namespace: 'comm in net:[…]'. */
export function strayThreads(): string[] {
  const home = readlinkSync('/proc/self/ns/net');
  const stray: string[] = [];
  for (const id of readdirSync('/proc/self/task')) {
    try {
      const where = readlinkSync(`/proc/self/task/${id}/ns/net`);
      if (where !== home) stray.push(`${id} in ${where}`);
    } catch {
      // ended meanwhile
    }
  }
  return stray;
}
