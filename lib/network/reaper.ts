import type { Request } from '../netlink/request.ts';
import { Witness } from '../netns/freed.ts';
import type { NetNs } from '../netns/netns.ts';
import { link } from '../rtnetlink/link/api.ts';
import { change } from '../rtnetlink/requests.ts';
import type { Host } from './host.ts';
import { LinkProbe } from './link-probe.ts';
import { runSequence } from './sequence.ts';

/** The kernel takes at least so long for a batch of namespaces; then it is looked every few ms. */
const FIRST_LOOK = 25;
const NEXT_LOOK = 4;
/** The oldest is in the way of a look at the others when it is there after so long; those are rarer. */
const TOO_LONG = 100;
const WIDE_LOOK = 20;
/** Links that are looked for at once, or deleted. */
const AHEAD = 64;
/** Something else holds the namespace when its link is there after so long: the link is deleted. */
const PATIENCE = 400;

const RTM_DELLINK = 17;
/** The size of struct ifinfomsg. */
const IFINFOMSG = 16;
const IFLA_IFNAME = 3;
const IFLA_TARGET_NETNSID = 46;

interface Dying {
  readonly link: string;
  readonly index: number;
  readonly since: number;
  resolve(): void;
}

/**
 * Waits for the kernel to free namespaces that were closed: it does so in batches, in its own time,
 * and cheaper than when it is asked to delete one link. How many it has not freed yet is known here,
 * and bounds them.
 */
export class Reaper {
  readonly #host: Host;
  readonly #limit: number;
  #dying: Dying[] = [];
  readonly #waiting: (() => void)[] = [];
  #unseen = 0;
  #witness: Promise<Witness> | undefined;
  #barrier: Promise<void> = Promise.resolve();
  #settled: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #probe: Promise<LinkProbe> | undefined;
  #reaped = 0;

  constructor(host: Host, limit: number) {
    this.#host = host;
    this.#limit = limit;
  }

  /** Namespaces closed and not yet freed. */
  get backlog(): number {
    return this.#dying.length + this.#unseen;
  }

  get reaped(): number {
    return this.#reaped;
  }

  /** Resolves when the link has gone with its namespace. */
  gone(hostLink: string, index: number): Promise<void> {
    return new Promise((resolve) => {
      this.#dying.push({ link: hostLink, index, since: performance.now(), resolve });
      this.#timer ??= setTimeout(this.#look, FIRST_LOOK);
    });
  }

  /**
   * Closes a namespace whose only link, of this name, is inside; resolves when the link has gone
   * with it. One that something else holds loses the link.
   */
  async freed(ns: NetNs, ifname: string): Promise<void> {
    this.#unseen++;
    let seen = false;
    const dead = (): void => {
      if (seen) return;
      seen = true;
      this.#unseen--;
      this.#wake();
    };
    try {
      this.#witness ??= Witness.create(this.#host.ns.hold);
      const witness = await this.#witness;
      const { id, dying } = await witness.mark(ns).finally(() => ns.close());
      if (await outlasts(dying)) {
        await witness.ask(deleteInside(id, ifname)).catch(() => undefined);
        return;
      }
      // The kernel is at it: who waits for room need not wait for the rest.
      dead();
      // Its links go only after it was seen to die; what dies together waits together.
      this.#settled ??= this.#barrier.then(() => {
        this.#settled = undefined;
        this.#barrier = witness.barrier();
        return this.#barrier;
      });
      await this.#settled;
      this.#reaped++;
    } finally {
      dead();
    }
  }

  /** Waits for what is dying: its looks use the host's sockets, which are closed after this. */
  async close(): Promise<void> {
    while (this.backlog > 0) await this.#next();
    (await this.#witness)?.close();
  }

  /** Resolves when something has gone. */
  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when fewer than the limit are unfreed: who makes new ones waits here. */
  async room(): Promise<void> {
    while (this.backlog >= this.#limit) await this.#next();
  }

  #look = async (): Promise<void> => {
    this.#probe ??= LinkProbe.open(this.#host);
    const probe = await this.#probe.catch(() => undefined);
    const oldest = this.#dying[0];
    const wide = oldest !== undefined && performance.now() - oldest.since > TOO_LONG;
    // Without a descriptor left: another time.
    if (probe === undefined) this.#probe = undefined;
    else if (!this.#reap(probe, wide)) await this.#insist();
    const after = wide ? WIDE_LOOK : NEXT_LOOK;
    this.#timer = this.#dying.length > 0 ? setTimeout(this.#look, after) : undefined;
  };

  /**
   * Finds what has gone. Namespaces die in the order in which they were closed, batch by batch:
   * while the oldest is there nothing else needs to be looked at, unless something holds it.
   */
  #reap(probe: LinkProbe, wide: boolean): boolean {
    const gone = new Set<Dying>();
    for (let from = 0, count = 1; from < this.#dying.length; from += count, count = AHEAD) {
      const asked = this.#dying.slice(from, from + count);
      const present = probe.names(asked.map((each) => each.index));
      asked.forEach((each, i) => {
        if (present[i] !== each.link) gone.add(each);
      });
      if (!wide && gone.size < from + asked.length) break;
    }
    if (gone.size === 0) return false;
    this.#dying = this.#dying.filter((each) => !gone.has(each));
    this.#reaped += gone.size;
    for (const { resolve } of gone) resolve();
    this.#wake();
    return true;
  }

  /** Deletes links whose namespaces live on: a process is in them, or somebody has a descriptor. */
  async #insist(): Promise<void> {
    const before = performance.now() - PATIENCE;
    const held = this.#dying.filter(({ since }) => since < before).slice(0, AHEAD);
    if (held.length > 0) await this.remove(held.map(({ index }) => index)).catch(() => undefined);
  }

  /** Deletes links on the host, those that are gone already included. */
  remove(indexes: readonly number[]): Promise<void> {
    return runSequence<void>({
      operation: 'network.detach',
      label: 'the host',
      write: (steps) => {
        const { route } = steps.lend(this.#host, false);
        for (const index of indexes) {
          const request: Request<void> = link.delete(index);
          steps.send(route, [request], steps.plan.IGNORE);
        }
      },
      read() {},
    });
  }
}

/** Whether a namespace is still there after the time that one takes to die. */
async function outlasts(dying: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), PATIENCE);
  });
  const gone = dying.then(() => false);
  return Promise.race([gone, late]).finally(() => clearTimeout(timer));
}

/** RTM_DELLINK in a namespace that is known by its id (IFLA_TARGET_NETNSID, Linux 4.20). */
function deleteInside(id: number, ifname: string): Request<void> {
  return change('network.detach', (m) => {
    const w = m.writer;
    m.begin(RTM_DELLINK, 0, 'RTM_DELLINK');
    w.zeros(IFINFOMSG);
    const target = w.begin(IFLA_TARGET_NETNSID);
    w.s32(id);
    w.end(target);
    const name = w.begin(IFLA_IFNAME);
    w.string(ifname);
    w.end(name);
    m.end();
  });
}
