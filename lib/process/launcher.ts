import { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NetlinkError } from '../errors.ts';
import { addonPath } from '../native.ts';
import { CLONE } from './clone-flags.ts';
import { superviseStart } from './start.ts';
import type { Unshare } from './unshare-options.ts';

/** What is to be done between Node's fork and the command's first instruction. */
export interface Preparation {
  /** /sys and /etc as `ip netns exec` shows them: the namespace's name, '' for one without. */
  view?: string | undefined;
  unshare?: Unshare | undefined;
  /** Descriptors of namespaces that only a process of one thread may enter. */
  user?: number | undefined;
  net?: number | undefined;
}

/** A small program beside the addon, which does that and executes the command: same process id. */
export const launcherPath: string = join(dirname(addonPath), 'netns-launcher');

/** What Node's spawn, exec, execFile and fork all hand to a ChildProcess, once they have read theirs. */
interface SpawnRequest {
  file: string;
  args: string[];
  stdio?: unknown;
  uid?: number | undefined;
  gid?: number | undefined;
}

/**
 * Calls one of node:child_process's functions so that its child starts by the launcher. All of
 * them end in ChildProcess.prototype.spawn, with everything they have made of their options: it is
 * replaced for this one synchronous call, so that no option has to be read a second time.
 */
export function launch<T>(preparation: Preparation, call: () => T): T {
  if (!existsSync(launcherPath)) {
    throw new NetlinkError(
      `${launcherPath} is not there, by which children get a view or namespaces: build the addon anew`,
      { code: 'ERR_NETNS_LAUNCHER_MISSING' },
    );
  }
  const { prototype } = ChildProcess;
  const original: unknown = Reflect.get(prototype, 'spawn');
  if (typeof original !== 'function')
    throw new Error('this Node has no ChildProcess.prototype.spawn');
  const restore = (): void => {
    Reflect.set(prototype, 'spawn', original);
  };
  Reflect.set(
    prototype,
    'spawn',
    function spawn(this: ChildProcess, request: SpawnRequest): unknown {
      restore();
      const { file, args } = request;
      const supervision = superviseStart(this, file, args, launcherPath);
      const result: unknown = Reflect.apply(original, this, [launched(request, preparation)]);
      supervision.begun();
      return result;
    },
  );
  try {
    return call();
  } finally {
    restore();
  }
}

/** The request with the launcher in front: its status and the namespaces are the last descriptors. */
function launched(request: SpawnRequest, preparation: Preparation): SpawnRequest {
  const { file, args, uid, gid, ...rest } = request;
  const stdio = stdioOf(request.stdio);
  const { unshare, view } = preparation;
  const options: string[] = [];
  for (const kind of ['user', 'net'] as const) {
    const fd = preparation[kind];
    if (fd !== undefined) options.push(kind, String(stdio.push(fd) - 1));
  }
  if (view !== undefined) options.push('view', view);
  if (unshare !== undefined) {
    options.push('flags', String(unshare.flags | (view === undefined ? 0 : CLONE.NEWNS)));
    if (unshare.proc) options.push('proc', '');
    if (unshare.hostname !== undefined) options.push('hostname', unshare.hostname);
    if (unshare.uids !== undefined) options.push('uids', unshare.uids);
    if (unshare.gids !== undefined) options.push('gids', unshare.gids);
  } else if (view !== undefined) {
    options.push('flags', String(CLONE.NEWNS));
  }
  // Mounting needs the privileges that these give up.
  const asUser = uid ?? unshare?.uid;
  const asGroup = gid ?? unshare?.gid;
  if (asUser !== undefined) options.push('uid', String(asUser));
  if (asGroup !== undefined) options.push('gid', String(asGroup));
  const status = stdio.push('pipe') - 1;
  return {
    ...rest,
    stdio,
    file: launcherPath,
    args: [launcherPath, String(status), ...options, '--', file, ...args],
  };
}

/** As Node completes it: three of a kind, pipes where nothing is said. */
function stdioOf(stdio: unknown): unknown[] {
  if (!Array.isArray(stdio)) {
    const kind = stdio ?? 'pipe';
    return [kind, kind, kind];
  }
  const list: unknown[] = [...stdio];
  while (list.length < 3) list.push('pipe');
  return list;
}
