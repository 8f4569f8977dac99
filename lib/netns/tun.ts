import { addon } from '../native.ts';
import { run } from '../netlink/task.ts';
import { planTun, type TunPlan, type TunSpec } from '../tun/spec.ts';
import type { Hold } from './hold.ts';

/**
 * A tun or tap link that was made or attached to. It lives as long as one of its descriptors is
 * open, unless it was made with `persist: true`.
 */
export class Tun {
  readonly name: string;
  /** A descriptor for each queue: a read gives one packet, a write sends one. Non-blocking. */
  readonly fds: readonly number[];
  #open = true;

  /** @internal */
  constructor(name: string, fds: readonly number[]) {
    this.name = name;
    this.fds = fds;
  }

  get fd(): number {
    return this.fds[0];
  }

  /** Gives the descriptors away: they are the caller's to close from now on. */
  release(): readonly number[] {
    if (this.#open) for (const fd of this.fds) addon.release(fd);
    this.#open = false;
    return this.fds;
  }

  /** Closes the descriptors; idempotent. */
  close(): void {
    if (this.#open) for (const fd of this.fds) addon.close(fd);
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Makes, or attaches to, a tun or tap link in a namespace (ioctl TUNSETIFF on /dev/net/tun). */
export async function addTun(hold: Hold, spec: TunSpec): Promise<Tun> {
  const wanted = planTun(spec);
  const first = await attach(hold, wanted, wanted.name, wanted.flags);
  const fds = [first.fd];
  try {
    while (fds.length < wanted.queues)
      fds.push((await attach(hold, wanted, first.name, wanted.moreFlags)).fd);
  } catch (error) {
    for (const fd of fds) addon.close(fd);
    throw error;
  }
  return new Tun(first.name, fds);
}

function attach(
  hold: Hold,
  wanted: TunPlan,
  name: string,
  flags: number,
): Promise<{ name: string; fd: number }> {
  hold.check('tun.add');
  return run({
    operation: 'tun.add',
    netns: hold.label,
    write(plan) {
      hold.enter(plan);
      const slot = plan.slot();
      plan.tun(slot, name, flags, wanted.owner, wanted.group, wanted.persist);
      plan.export(slot);
    },
    read: (made) => ({
      // The kernel's answer ends with a NUL.
      name: made.text(1).split('\0', 1)[0],
      fd: made.firstFd(),
    }),
  });
}
