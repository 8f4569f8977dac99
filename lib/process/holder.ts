import { writeFileSync } from 'node:fs';
import { NetlinkError } from '../errors.ts';
import { addon, type HolderToken, type PollHandle } from '../native.ts';
import { failure } from '../netlink/failure.ts';

/** The texts of a user namespace's maps. */
export interface IdMaps {
  uids: string;
  gids: string;
}

/**
 * A forked process that keeps namespaces. It has no program of its own and no descriptor of this
 * process's, and ends when this process does, whichever way.
 */
export class Holder {
  readonly pid: number;
  /** Where plans for it go. */
  readonly control: number;
  /** Its user namespace. */
  readonly user: number;
  readonly #token: HolderToken;
  readonly #poll: PollHandle;
  readonly #pidfd: number;
  #ended = false;
  #users = 0;
  #underway = 0;
  #told: (() => void) | undefined;

  /**
   * @param flags CLONE_NEW*
   * @param serves whether it runs plans
   * @param maps of its user namespace, where it has one of its own
   */
  constructor(operation: string, flags: number, serves: boolean, maps: IdMaps | undefined) {
    const started = addon.startHolder(flags, serves);
    if (typeof started === 'number') {
      throw failure(started, {
        operation,
        syscall: serves ? 'unshare' : 'clone3',
        hint: hintOf(started),
      });
    }
    [this.pid, this.control, this.user, this.#token] = started;
    this.#pidfd = addon.pidfdOpen(this.pid);
    this.#poll = addon.poll(this.#pidfd, () => this.close());
    this.#poll.unref();
    try {
      if (maps !== undefined) writeMaps(operation, this.pid, maps);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Calls back once it has ended, whoever ended it. */
  onEnd(callback: () => void): void {
    this.#told = callback;
  }

  check(operation: string): void {
    if (!this.#ended) return;
    throw new NetlinkError(
      `${operation}: process ${this.pid}, which held this namespace, has ended (killed from outside?); close it`,
      { code: 'ERR_NETNS_HOLDER_ENDED' },
    );
  }

  /** Each namespace that it is needed for; with the last it ends. */
  use(): void {
    this.#users++;
  }

  drop(): void {
    if (--this.#users === 0) this.close();
  }

  /** A plan for it sets out, and is over: its descriptors are not closed meanwhile. */
  begin(): void {
    this.#underway++;
  }

  end(): void {
    this.#underway--;
    if (this.#ended && this.#underway === 0) this.#release();
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#poll.close();
    addon.close(this.#pidfd);
    addon.buryHolder(this.#token);
    if (this.#underway === 0) this.#release();
    this.#told?.();
  }

  #release(): void {
    addon.close(this.control);
    addon.close(this.user);
  }
}

const MAP_HINTS: Record<string, string> = {
  EPERM: 'without root only one id may be mapped, the own one',
  EACCES: 'a process that has changed its user after its start may not (it is not dumpable)',
};

/** Written from outside: more than its own id a process may not map from inside. */
function writeMaps(operation: string, pid: number, maps: IdMaps): void {
  const files = { uid_map: maps.uids, setgroups: 'deny', gid_map: maps.gids };
  for (const [file, text] of Object.entries(files)) {
    // Groups may be dropped by whoever is privileged outside; others must forbid it first.
    if (file === 'setgroups' && process.geteuid?.() === 0) continue;
    try {
      writeFileSync(`/proc/${pid}/${file}`, text);
    } catch (error) {
      const { errno = -1, code }: NodeJS.ErrnoException =
        error instanceof Error ? error : new Error();
      throw failure(errno, {
        operation,
        syscall: file,
        hint: MAP_HINTS[code ?? ''],
      });
    }
  }
}

function hintOf(errno: number): string | undefined {
  if (errno === -1) {
    return (
      'user namespaces are forbidden to this user here (sysctl kernel.unprivileged_userns_clone, ' +
      'kernel.apparmor_restrict_unprivileged_userns, a seccomp filter of a container)'
    );
  }
  if (errno === -28)
    return 'a limit is reached (sysctl user.max_user_namespaces, user.max_net_namespaces)';
  return undefined;
}
