import { NetlinkError } from '../errors.ts';
import { CLONE } from './clone-flags.ts';
import { Holder } from './holder.ts';
import { type NsDescriptors, type NsKind, nsDescriptors } from './namespaces.ts';
import { readUnshare, type UnshareOptions } from './unshare-options.ts';

/** The namespaces that a holder gets new: those of `spawn`'s `unshare`, and a network. */
export type CloneOptions = Omit<UnshareOptions, 'proc' | 'hostname'> & {
  /** A network namespace (CLONE_NEWNET). */
  net?: boolean;
};

const OPERATION = 'cloneHolder';

/**
 * A process that does nothing but keep namespaces: for a runtime that enters them by itself, or
 * passes them on. It ends with `close()`, and with this process.
 */
export class NsHolder {
  readonly #holder: Holder;

  /** @internal Use `cloneHolder`. */
  constructor(holder: Holder) {
    this.#holder = holder;
  }

  get pid(): number {
    return this.#holder.pid;
  }

  /** Whether it has been closed, or killed from outside. */
  get ended(): boolean {
    return this.#holder.ended;
  }

  /** Its namespaces, each pinned by a descriptor of its own, which outlives the holder. */
  descriptors(kinds?: readonly NsKind[]): NsDescriptors {
    if (this.#holder.ended) {
      throw new NetlinkError(`nsHolder.descriptors: process ${this.pid} has ended`, {
        code: 'ERR_NETNS_HOLDER_ENDED',
      });
    }
    return nsDescriptors(this.pid, kinds);
  }

  /** Ends the process. Namespaces that nothing else holds go with it. */
  close(): void {
    this.#holder.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Forks a process into new namespaces, all made by one clone3(2), and maps the ids of its user
 * namespace. It executes nothing and has no descriptor of this process's.
 *
 * Traps: it blocks this thread for the fork, some milliseconds in a large process, whose memory the
 * holder shares until either writes to it. With `pid`, the holder is process 1 of a process
 * namespace: when it ends, the kernel kills all the others there. Without root, `user` must be
 * among them, and maps one id, the caller's own. Namespaces made together with a user namespace
 * belong to it; those of a later holder do not. Mounts are not made private.
 */
export function cloneHolder(options: CloneOptions): NsHolder {
  const { net, ...rest } = options;
  const read = readUnshare('options', { ...rest, proc: false });
  let { flags } = read;
  if (read.newPids) flags |= CLONE.NEWPID;
  if (net === true) flags |= CLONE.NEWNET;
  const maps =
    (flags & CLONE.NEWUSER) !== 0 && read.uids !== undefined && read.gids !== undefined
      ? { uids: read.uids, gids: read.gids }
      : undefined;
  return new NsHolder(new Holder(OPERATION, flags, false, maps));
}
