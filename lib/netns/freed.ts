import { NetlinkError } from '../errors.ts';
import { limited } from '../netlink/limits.ts';
import type { CallOptions, Request } from '../netlink/request.ts';
import { run } from '../netlink/task.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import { creation } from './creation.ts';
import { Hold } from './hold.ts';
import { NetNs } from './netns.ts';
import type { Watch } from './watch.ts';

/**
 * Sees namespaces die, from a hidden one of its own: a namespace is given an id there, and the
 * kernel tells when the id goes (RTM_DELNSID). That is the first thing it does when it takes a dead
 * namespace apart, with all that died in the meantime; links and memory follow. It takes them apart
 * batch by batch, so the death of one that is closed afterwards tells that the first batch is done.
 */
export class Witness {
  readonly #ns: NetNs;
  readonly #watch: Watch;
  readonly #waiting = new Map<number, () => void>();
  #next = 0;
  #reading = false;

  private constructor(ns: NetNs, watch: Watch) {
    this.#ns = ns;
    this.#watch = watch;
  }

  /** @param kin what it sees die: one of its kind may be made where that was made */
  static async create(kin?: Hold): Promise<Witness> {
    const ns = await hidden(kin);
    try {
      return new Witness(ns, await ns.watch(['nsid']).ready());
    } catch (error) {
      ns.close();
      throw error;
    }
  }

  /** Resolves when the kernel has begun to take the namespace apart. The handle stays the caller's. */
  async mark(ns: NetNs): Promise<{ id: number; dying: Promise<void> }> {
    const id = this.#next++;
    await this.#ns.channel.run(nsid.assign(ns, id));
    const dying = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#read();
    return { id, dying };
  }

  /** Asks something of the kernel where marked namespaces are known by their ids. */
  ask<T>(request: Request<T>): Promise<T> {
    return this.#ns.channel.run(request);
  }

  /** Resolves when all that was taken apart before is done with. */
  async barrier(): Promise<void> {
    const last = await hidden(this.#ns.hold);
    const { dying } = await this.mark(last).finally(() => last.close());
    await dying;
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    // Only while somebody waits is the event loop kept alive.
    while (this.#waiting.size > 0) {
      const { value, done } = await this.#watch.next();
      if (done) break;
      if (value.type === 'overrun') await this.#recount();
      else if (value.type === 'delete' && value.topic === 'nsid') this.#gone(value.nsid.id);
    }
    this.#reading = false;
  }

  /** Deaths were missed: whoever has no id any more is dead. */
  async #recount(): Promise<void> {
    const alive = new Set((await this.#ns.channel.run(nsid.list())).map((each) => each.id));
    for (const id of [...this.#waiting.keys()]) if (!alive.has(id)) this.#gone(id);
  }

  #gone(id: number): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.();
  }

  close(): void {
    this.#ns.close();
  }
}

/** A namespace that is nobody's business: not counted among the handles. */
async function hidden(kin?: Hold): Promise<NetNs> {
  const made = (fd: number) =>
    new NetNs(kin?.beside(fd, undefined, true) ?? new Hold(fd, undefined, true));
  kin?.begin();
  try {
    return await run(creation(undefined, false, made, kin));
  } finally {
    kin?.end();
  }
}

/** Closes a namespace and resolves when the kernel has freed it; rejects by signal or timeout. */
export async function whenFreed(ns: NetNs, options: CallOptions): Promise<void> {
  const witness = await Witness.create(ns.hold);
  try {
    const { dying } = await witness.mark(ns);
    const { label, inode } = { label: ns.hold.label, inode: ns.inode };
    ns.close();
    await limited(`netns.delete of ${label}`, options, () => ({
      promise: dying.then(() => witness.barrier()),
      cancel: () => true,
    })).catch((error) => {
      throw stillHeld(error, label, inode);
    });
  } finally {
    witness.close();
  }
}

function stillHeld(error: unknown, label: string, inode: number): unknown {
  if (!(error instanceof NetlinkError)) return error;
  return new NetlinkError(
    `${error.message}: something still holds ${label} (net:[${inode}]): a process, a descriptor, a mount or a socket`,
    { code: error.code, started: true, netns: label, cause: error },
  );
}
