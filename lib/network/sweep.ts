import { stat, unlink } from 'node:fs/promises';
import { listNames } from '../netns/names.ts';
import { NetNs } from '../netns/netns.ts';
import { transaction } from '../nftables/transaction.ts';
import { link } from '../rtnetlink/link/api.ts';
import type { Members, Workshop } from './members.ts';
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
}

/** Takes away what a survey has found to be half made, half gone, or without an owner. */
export async function sweep(found: Found, shop: Workshop & { members: Members }): Promise<Swept> {
  const { broken, orphans, unreachable } = found;
  const { host, members, reaper, seats } = shop;
  if (orphans.length > 0) {
    await host.nft.batch([transaction(removePorts(orphans), { operation: 'network.sweep' })]);
  }
  // Their namespaces went with the process, and the kernel is about to free them.
  const dying = unreachable.map((state) => members.remove(state));
  await removeBroken(broken, reaper);
  for (const each of broken) seats.unblock(each.link);
  await Promise.all(dying);
  return {
    links: [...broken.map((each) => each.link), ...unreachable.map(({ hostLink }) => hostLink)],
    ports: orphans.map(portText),
    names: [...broken.flatMap(({ name }) => name ?? []), ...(await sweepNames())],
  };
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

/** Takes away files in /run/netns on which a crash has left no namespace mounted. */
async function sweepNames(): Promise<string[]> {
  const gone: string[] = [];
  for (const { name, path, leftover } of await listNames()) {
    if (!leftover) continue;
    const made = await stat(path).catch(() => undefined);
    if (made === undefined || !made.isFile() || made.size > 0) continue;
    const age = Date.now() - made.ctimeMs;
    if (age < LEFTOVER_AGE) await new Promise((resolve) => setTimeout(resolve, LEFTOVER_AGE - age));
    // Mounted on meanwhile: busy, and nobody's leftover.
    await unlink(path).then(
      () => gone.push(name),
      () => undefined,
    );
  }
  return gone;
}
