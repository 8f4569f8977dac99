import { readdirSync } from 'node:fs';
import { NetlinkError } from '../errors.ts';
import { addon } from '../native.ts';
import type { Dev } from '../netlink/request.ts';
import { link } from '../rtnetlink/link/api.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import { Hold, handles } from './hold.ts';
import { listNames } from './names.ts';
import { NetNs } from './netns.ts';

const O_RDONLY = 0;

/** The other end of a veth or netkit pair, wherever it is. Its `netns` is the caller's to close. */
export interface Peer {
  name: string;
  index: number;
  netns: NetNs;
}

/**
 * Finds the other end of a pair: its ifindex and the id of its namespace are attributes of this
 * end (IFLA_LINK, IFLA_LINK_NETNSID); of all namespaces that can be reached, the one with that id
 * holds it.
 */
export async function peerOf(ns: NetNs, dev: Dev): Promise<Peer> {
  const near = await ns.channel.run(link.get(dev));
  if (near.link === undefined || near.link === 0) {
    throw new NetlinkError(
      `link.peer: '${near.name}' (${near.kind ?? 'no kind'}) has no other end`,
      {
        code: 'ERR_NO_PEER',
      },
    );
  }
  const netns = near.linkNetnsId === undefined ? reopened(ns) : await withId(ns, near.linkNetnsId);
  if (netns === undefined) {
    throw new NetlinkError(
      `link.peer: the other end of '${near.name}' has index ${near.link} in a namespace that neither a name, a process nor a handle reaches`,
      { code: 'ERR_PEER_UNREACHABLE' },
    );
  }
  try {
    const far = await netns.channel.run(link.get(near.link));
    return { name: far.name, index: far.index, netns };
  } catch (error) {
    netns.close();
    throw error;
  }
}

function reopened(ns: NetNs): NetNs {
  return NetNs.open({ fd: ns.fd });
}

/** The namespace that `ns` knows by an id, among those that can be reached. */
async function withId(ns: NetNs, id: number): Promise<NetNs | undefined> {
  const candidates = await reachable();
  try {
    const ids = await ns.channel.batch(candidates.map(({ fd }) => nsid.get({ fd })));
    const at = ids.indexOf(id);
    if (at < 0) return undefined;
    const [found] = candidates.splice(at, 1);
    return new NetNs(new Hold(found.fd, found.name));
  } finally {
    for (const { fd } of candidates) addon.close(fd);
  }
}

/** A descriptor for each namespace that has a name, a handle or a process. */
export async function reachable(): Promise<{ fd: number; name?: string }[]> {
  const named = (await listNames()).filter((entry) => !entry.leftover);
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const paths: [path: string, name?: string][] = [
    ...named.map(({ path, name }): [string, string] => [path, name]),
    ...[...handles].map(({ fd, name }): [string, string?] => [`/proc/self/fd/${fd}`, name]),
    ...pids.map((pid): [string] => [`/proc/${pid}/ns/net`]),
  ];
  const found = new Map<number, { fd: number; name?: string }>();
  for (const [path, name] of paths) {
    const fd = addon.open(path, O_RDONLY);
    // What has gone meanwhile, or is not ours to see, is not reachable.
    if (fd < 0) continue;
    const inode = Number(addon.fstat(fd)[1]);
    if (found.has(inode)) addon.close(fd);
    else found.set(inode, { fd, name });
  }
  return [...found.values()];
}
