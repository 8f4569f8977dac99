import type { Stats } from 'node:fs';
import { stat, unlink } from 'node:fs/promises';
import { listNames } from '../netns/names.ts';
import { NetNs } from '../netns/netns.ts';
import { transaction } from '../nftables/transaction.ts';
import { link } from '../rtnetlink/link/api.ts';
import type { Course } from './course.ts';
import type { Members, Workshop } from './members.ts';
import { ENDPOINT_MODE } from './naming.ts';
import { portText, removePorts } from './ports.ts';
import type { Reaper } from './reaper.ts';
import type { Broken, Found } from './recovery.ts';

/** What `sweep` found half done, and took away. */
export interface Swept {
  /** Links of the host. */
  links: string[];
  /** Published ports that led to no endpoint: 'tcp 0.0.0.0:8080'. */
  ports: string[];
  /** Names in /run/netns on which nothing was mounted, or whose endpoint was half gone. */
  names: string[];
  /** Cards of the host whose move to a bridge, or back, was half done: they are as they were before. */
  cards: string[];
}

/** Takes away what a survey has found to be half made, half gone, or without an owner. */
export async function sweep(
  found: Found,
  shop: Workshop & { members: Members },
  course?: Course,
): Promise<Swept> {
  const { host, members, reaper, rules, seats } = shop;
  const swept: Swept = { links: [], ports: [], names: [], cards: [] };
  await part(found.orphans, course, async (orphans) => {
    await host.nft.batch([transaction(removePorts(orphans), { operation: 'network.sweep' })]);
    await rules.forget(orphans);
    swept.ports.push(...orphans.map(portText));
  });
  await part(found.broken, course, async (broken) => {
    await removeBroken(broken, reaper);
    for (const each of broken) {
      seats.unblock(each.link);
      swept.links.push(each.link);
      if (each.name !== undefined) swept.names.push(each.name);
    }
  });
  // Their namespaces went with the process, and the kernel is about to free them.
  await part(found.unreachable, course, async (unreachable) => {
    await Promise.all(unreachable.map((state) => members.remove(state)));
    swept.links.push(...unreachable.map(({ hostLink }) => hostLink));
  });
  swept.names.push(...(await sweepNames(course)));
  return swept;
}

/** Takes things off the list and away; back on it where that fails, for another sweep. */
async function part<T>(
  list: T[],
  course: Course | undefined,
  remove: (all: readonly T[]) => Promise<void>,
): Promise<void> {
  course?.check();
  const all = list.splice(0);
  if (all.length === 0) return;
  course?.begin();
  try {
    await remove(all);
  } catch (error) {
    list.push(...all);
    throw error;
  }
}

async function removeBroken(broken: readonly Broken[], reaper: Reaper): Promise<void> {
  const here = broken.filter(({ netns }) => netns === undefined);
  if (here.length > 0) await reaper.remove(here.map(({ index }) => index));
  for (const { netns, index, name } of broken) {
    await netns?.channel.run(link.delete(index)).catch(() => undefined);
    netns?.close();
    if (name !== undefined) await NetNs.delete(name).catch(() => undefined);
  }
}

/** Nobody takes so long, in ms, between making a name's file and mounting on it. */
const LEFTOVER_AGE = 1_000;
const S_ISVTX = 0o1000;

/** Made by a network for a name, and of no other use: nobody writes to it, or makes such a file. */
const isOurs = (file: Stats): boolean =>
  file.isFile() && file.size === 0 && (file.mode & S_ISVTX) === ENDPOINT_MODE;

/**
 * Takes away files in /run/netns on which a crash has left no namespace mounted, where a network has
 * made them: what `ip netns add` or `NetNs.create` have left is theirs.
 */
async function sweepNames(course: Course | undefined): Promise<string[]> {
  const gone: string[] = [];
  for (const { name, path, leftover } of await listNames()) {
    if (!leftover) continue;
    const made = await stat(path).catch(() => undefined);
    if (made === undefined || !isOurs(made)) continue;
    const age = Date.now() - made.ctimeMs;
    if (age < LEFTOVER_AGE) await new Promise((resolve) => setTimeout(resolve, LEFTOVER_AGE - age));
    course?.check();
    course?.begin();
    // Mounted on meanwhile: busy, and nobody's leftover.
    await unlink(path).then(
      () => gone.push(name),
      () => undefined,
    );
  }
  return gone;
}
