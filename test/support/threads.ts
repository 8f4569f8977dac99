import { readdirSync, readlinkSync } from 'node:fs';

/** The network namespaces that the threads of this process are in. */
export function threadNamespaces(): Set<string> {
  const found = new Set<string>();
  for (const task of readdirSync('/proc/self/task')) {
    try {
      found.add(readlinkSync(`/proc/self/task/${task}/ns/net`));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** What the process has open, as /proc/self/fd tells it. */
export function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return [];
    }
  });
}
