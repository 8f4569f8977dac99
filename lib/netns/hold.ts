import { NetlinkError } from '../errors.ts';
import { addon } from '../native.ts';
import type { Inside } from '../netlink/channel.ts';
import type { PlanWriter } from '../netlink/plan.ts';

/** The handles of this thread that are open, but for the library's own helpers. */
export const handles = new Set<Hold>();

/** The sockets inside namespaces that handles keep. */
export function socketCount(): number {
  let count = 0;
  for (const hold of handles) count += hold.sockets;
  return count;
}

/**
 * The descriptors of one handle: the namespace's own and those of sockets inside. Apart from the
 * handle itself, so that one which is dropped can still be closed.
 */
export class Hold implements Inside {
  /** The descriptor that pins the namespace. */
  readonly fd: number;
  name: string | undefined;
  closed = false;

  readonly #kept: number[] = [];
  #label: string | undefined;
  // What ends with the handle, watches and captures: most have none.
  #dependents: Set<() => void> | undefined;
  // Plans on their way use the descriptors' numbers: closed under them, those could be anyone's.
  #underway = 0;

  /** @param hidden a helper of the library's own, no handle of the user's */
  constructor(fd: number, name?: string, hidden = false) {
    this.fd = fd;
    this.name = name;
    if (!hidden) handles.add(this);
  }

  get sockets(): number {
    return this.#kept.length;
  }

  get label(): string {
    if (this.name !== undefined) return `namespace '${this.name}'`;
    if (this.closed) return 'a closed namespace';
    // Every request asks for it, for an error that hardly ever comes.
    this.#label ??= `net:[${addon.fstat(this.fd)[1]}]`;
    return this.#label;
  }

  check(operation: string): void {
    if (!this.closed) return;
    throw new NetlinkError(`${operation}: this NetNs has been closed; open the namespace again`, {
      code: 'ERR_NETNS_CLOSED',
    });
  }

  enter(plan: PlanWriter): void {
    this.reach(plan);
    plan.enter(this.fd);
  }

  /** Begins a plan that makes namespaces of this one's kind, or enters several: nothing here. */
  reach(_plan: PlanWriter): void {}

  /** What holds another namespace of this one's kind: one that was made beside it, or it again. */
  beside(fd: number, name?: string, hidden = false): Hold {
    return new Hold(fd, name, hidden);
  }

  begin(): void {
    this.#underway++;
  }

  end(): void {
    this.#underway--;
    if (this.closed && this.#underway === 0) this.#release();
  }

  keep(fd: number): boolean {
    if (this.closed && this.#underway === 0) {
      addon.close(fd);
      return false;
    }
    this.#kept.push(fd);
    return true;
  }

  /** Gives a kept descriptor back early. */
  drop(fd: number): void {
    const at = this.#kept.indexOf(fd);
    if (at < 0) return;
    this.#kept.splice(at, 1);
    addon.close(fd);
  }

  /** Has `end` called when the handle is closed; returns what takes that back. */
  whenClosed(end: () => void): () => void {
    this.#dependents ??= new Set();
    this.#dependents.add(end);
    return () => this.#dependents?.delete(end);
  }

  /** Whether a plan that uses the descriptors is on its way. */
  get busy(): boolean {
    return this.#underway > 0;
  }

  /**
   * Makes the descriptors another's, those of `keep` alone: this handle is closed, they are not.
   * Not while it is busy.
   */
  passOn(keep: readonly number[]): Hold {
    this.closed = true;
    handles.delete(this);
    for (const end of [...(this.#dependents ?? [])]) end();
    const next = this.beside(this.fd);
    next.#label = this.#label;
    for (const fd of this.#kept.splice(0)) {
      if (keep.includes(fd)) next.keep(fd);
      else addon.close(fd);
    }
    return next;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    handles.delete(this);
    for (const end of [...(this.#dependents ?? [])]) end();
    if (this.#underway === 0) this.#release();
  }

  #release(): void {
    // The sockets pin the namespace as well, so all go together.
    for (const fd of this.#kept) addon.close(fd);
    this.#kept.length = 0;
    addon.close(this.fd);
  }
}

/** Handles that were dropped without being closed: closed here, and told. */
export const dropped = new FinalizationRegistry<Hold>((hold) => {
  if (hold.closed) return;
  const what = hold.label;
  hold.close();
  process.emitWarning(`A NetNs of ${what} was dropped without close(); it is closed now.`, {
    type: 'NetNsLeakWarning',
    detail:
      'Use `using ns = …`, or call close(): until the garbage collector ran, the namespace stayed.',
  });
});
