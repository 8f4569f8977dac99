import { existsSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';

/** Where iproute2 keeps its names, and so do we (NETNS_RUN_DIR of ip(8)). */
export const RUN_DIR = '/run/netns';

/** A name in /run/netns. */
export interface NetNsEntry {
  name: string;
  /** Its file, /run/netns/NAME. */
  path: string;
  /** The inode number of the namespace, as in `net:[4026531840]`; 0 for a leftover. */
  inode: number;
  /** The id by which the caller's own namespace knows it, where one is assigned. */
  nsid?: number;
  /** A file on which no namespace is mounted: what a crash between the two steps leaves behind. */
  leftover?: true;
}

export function pathOf(name: string): string {
  return `${RUN_DIR}/${name}`;
}

/** Everything in /run/netns, sorted by name; none where nobody has made the directory. */
export async function listNames(): Promise<NetNsEntry[]> {
  const names = await readdir(RUN_DIR).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  // All namespace files live on one file system of their own, nsfs: its device tells them apart.
  const nsfs = (await stat('/proc/self/ns/net')).dev;
  const entries = await Promise.all(names.sort().map((name) => entry(name, nsfs)));
  return entries.filter((found) => found !== undefined);
}

/** Undefined where the name has gone since it was read. */
async function entry(name: string, nsfs: number): Promise<NetNsEntry | undefined> {
  const path = pathOf(name);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.dev !== nsfs) return { name, path, inode: 0, leftover: true };
  return { name, path, inode: found.ino };
}

export function nameExists(name: string): boolean {
  return existsSync(pathOf(name));
}

/** Whether a name is a mere file, on which no namespace is mounted. */
export function isLeftover(name: string): boolean {
  const found = statSync(pathOf(name), { throwIfNoEntry: false });
  return found !== undefined && found.dev !== statSync('/proc/self/ns/net').dev;
}
