import { readdirSync, readlinkSync } from 'node:fs';

/** Processes that are looked at before others get their turn. */
const AT_ONCE = 256;

let next: Promise<ReadonlySet<string>> | undefined;

/**
 * The network namespaces that processes are in, as 'net:[4026531840]', by their main threads. One
 * look serves all who asked before it began.
 */
export function occupied(): Promise<ReadonlySet<string>> {
  next ??= new Promise((resolve) => {
    setImmediate(() => {
      next = undefined;
      resolve(look());
    });
  });
  return next;
}

async function look(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let seen = 0;
  for (const entry of readdirSync('/proc')) {
    const first = entry.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    try {
      found.add(readlinkSync(`/proc/${entry}/ns/net`));
    } catch {
      // Ended meanwhile, or not ours to see.
    }
    if (++seen % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}
