import { readdir, readlink, stat } from 'node:fs/promises';
import { listNames } from './names.ts';

/** How many links of /proc are read at a time: enough for the pool, few enough to be fair. */
const AT_ONCE = 64;

/** The processes whose main thread is in the namespace with this inode number, in order. */
export async function processesIn(inode: number): Promise<number[]> {
  const wanted = `net:[${inode}]`;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    const some = pids.slice(at, at + AT_ONCE);
    // A process that ended meanwhile, or is not ours to see, is in no namespace of ours.
    const links = await Promise.all(
      some.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')),
    );
    for (let i = 0; i < some.length; i++) if (links[i] === wanted) found.push(some[i]);
  }
  return found.sort((a, b) => a - b);
}

/** The names in /run/netns of the namespace that a process is in. */
export async function namesOfProcess(pid: number): Promise<string[]> {
  const { ino } = await stat(`/proc/${pid}/ns/net`);
  return (await listNames()).filter((entry) => entry.inode === ino).map((entry) => entry.name);
}
