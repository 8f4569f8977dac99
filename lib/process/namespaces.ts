import { integer, string } from '../check.ts';
import { invalidValue, NetlinkError } from '../errors.ts';
import { addon } from '../native.ts';
import { failure } from '../netlink/failure.ts';
import { CLONE } from './clone-flags.ts';

/** The kinds of namespaces, as /proc/PID/ns calls them. */
export type NsKind =
  | 'cgroup'
  | 'ipc'
  | 'mnt'
  | 'net'
  | 'pid'
  | 'pid_for_children'
  | 'time'
  | 'time_for_children'
  | 'user'
  | 'uts';

const KINDS: readonly NsKind[] = [
  'cgroup',
  'ipc',
  'mnt',
  'net',
  'pid',
  'pid_for_children',
  'time',
  'time_for_children',
  'user',
  'uts',
];

/** Their CLONE_NEW* as NS_GET_NSTYPE tells them. */
const KIND_OF: Record<number, NsKind> = {
  [CLONE.NEWTIME]: 'time',
  [CLONE.NEWNS]: 'mnt',
  [CLONE.NEWCGROUP]: 'cgroup',
  [CLONE.NEWUTS]: 'uts',
  [CLONE.NEWIPC]: 'ipc',
  [CLONE.NEWUSER]: 'user',
  [CLONE.NEWPID]: 'pid',
  [CLONE.NEWNET]: 'net',
};

/** @internal A result of the addon's, or the error that it is. */
export function checked(result: number, operation: string, syscall: string, hint?: string): number {
  if (result < 0) throw failure(result, { operation, syscall, hint });
  return result;
}

/** A namespace of any kind, pinned by a descriptor. Close it with `close()` or `using`. */
export class NsDescriptor {
  readonly kind: NsKind;
  readonly fd: number;
  #closed = false;

  /** @internal Use `nsDescriptors`, `openNs`, `owner` or `parent`. */
  constructor(kind: NsKind, fd: number) {
    this.kind = kind;
    this.fd = fd;
  }

  /** Device and inode number tell namespaces apart while they live; the kernel uses them again. */
  get id(): { dev: number; ino: number } {
    const [dev, ino] = addon.fstat(this.#open('id'));
    return { dev, ino: Number(ino) };
  }

  /** As /proc shows it: 'net:[4026531840]'. */
  toString(): string {
    return `${this.kind.replace('_for_children', '')}:[${this.#closed ? 'closed' : this.id.ino}]`;
  }

  /**
   * The user namespace that it belongs to: privileges over it are privileges there. EPERM where
   * that is outside of the caller's own. (NS_GET_USERNS)
   */
  owner(): NsDescriptor {
    const fd = addon.nsUser(this.#open('owner'));
    return new NsDescriptor('user', checked(fd, 'nsDescriptor.owner', 'NS_GET_USERNS'));
  }

  /**
   * The one above a process or user namespace. EPERM above the caller's own, EINVAL for other
   * kinds, which have none. (NS_GET_PARENT)
   */
  parent(): NsDescriptor {
    const fd = addon.nsParent(this.#open('parent'));
    return new NsDescriptor(this.kind, checked(fd, 'nsDescriptor.parent', 'NS_GET_PARENT'));
  }

  /** The user id that made a user namespace; EINVAL for other kinds. (NS_GET_OWNER_UID) */
  ownerUid(): number {
    return checked(
      addon.nsOwnerUid(this.#open('ownerUid')),
      'nsDescriptor.ownerUid',
      'NS_GET_OWNER_UID',
    );
  }

  equals(other: NsDescriptor): boolean {
    const [a, b] = [this.id, other.id];
    return a.dev === b.dev && a.ino === b.ino;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    addon.close(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(operation: string): number {
    if (!this.#closed) return this.fd;
    throw new NetlinkError(`nsDescriptor.${operation}: this descriptor has been closed`, {
      code: 'ERR_NETNS_CLOSED',
    });
  }
}

/** Opens a namespace by its file, a link of /proc/PID/ns or a bind mount of one. */
export function openNs(path: string): NsDescriptor {
  const operation = 'openNs';
  const fd = checked(addon.open(string('path', path), 0), operation, 'open');
  const type = addon.nsType(fd);
  if (type < 0) {
    addon.close(fd);
    throw failure(type, { operation, syscall: 'NS_GET_NSTYPE', hint: `${path} is no namespace` });
  }
  return new NsDescriptor(KIND_OF[type] ?? 'net', fd);
}

/** The namespaces of a process by kind, with one `close` for all that were not asked for. */
export type NsDescriptors = Partial<Record<NsKind, NsDescriptor>> & Disposable;

/**
 * Opens the namespaces that a process is in.
 *
 * Traps: a process has the namespaces of its main thread, its other threads may be elsewhere
 * (`thread` takes the id of one). Each descriptor keeps its namespace alive, and a mount namespace
 * its mounts. Without CAP_SYS_PTRACE over the process it is EACCES. `pid_for_children` and
 * `time_for_children` are absent before the first child is born there.
 *
 * @param pid a process, or 'self' for the calling thread
 * @param kinds those to open; all that the kernel knows unless given
 */
export function nsDescriptors(
  pid: number | 'self',
  kinds: readonly NsKind[] = KINDS,
): NsDescriptors {
  const base =
    pid === 'self' ? '/proc/thread-self/ns' : `/proc/${integer('pid', pid, 1, 2 ** 22)}/ns`;
  for (const kind of kinds) {
    if (!KINDS.includes(kind)) throw invalidValue('kinds', kind, `one of ${KINDS.join(', ')}`);
  }
  const opened: Partial<Record<NsKind, NsDescriptor>> = {};
  const close = (): void => {
    for (const each of Object.values(opened)) each.close();
  };
  const operation = 'nsDescriptors';
  for (const kind of kinds) {
    const fd = addon.open(`${base}/${kind}`, 0);
    if (fd >= 0) opened[kind] = new NsDescriptor(kind, fd);
    else if (fd !== -2) {
      close();
      throw failure(fd, { operation, syscall: 'open', hint: `${base}/${kind}` });
    }
  }
  if (Object.keys(opened).length === 0 && kinds.length > 0) {
    throw failure(-3, { operation, syscall: 'open', hint: `there is no process ${pid}` });
  }
  return Object.assign(opened, { [Symbol.dispose]: close });
}
