import { Channel } from '../netlink/channel.ts';
import type { PlanWriter } from '../netlink/plan.ts';
import type { Made } from '../netlink/task.ts';
import { NetNs } from '../netns/netns.ts';
import { openSource } from '../netns/source.ts';
import { NETLINK_NETFILTER } from '../nftables/constants.ts';
import { NETLINK_ROUTE } from '../rtnetlink/requests.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;

/** Sockets of one protocol in the host's namespace that plans take and give back. */
class Sockets {
  readonly #family: number;
  readonly #free: number[] = [];

  constructor(family: number) {
    this.#family = family;
  }

  get spare(): boolean {
    return this.#free.length > 0;
  }

  take(): number | undefined {
    return this.#free.pop();
  }

  open(plan: PlanWriter): number {
    const slot = plan.slot();
    plan.socket(slot, AF_NETLINK, SOCK_RAW, this.#family);
    plan.export(slot);
    return slot;
  }

  give(fd: number): void {
    this.#free.push(fd);
  }
}

/** A socket in a plan: one that was there, or the slot of one that the plan opens. */
interface Lent {
  readonly sockets: Sockets;
  readonly fd: number;
  readonly slot: number;
}

/**
 * The namespace that a network lives in. Its sockets are opened inside once and kept; a plan that
 * runs while others do has sockets of its own, so that answers don't get mixed up.
 */
export class Host {
  readonly ns: NetNs;
  readonly nft: Channel;
  readonly #route = new Sockets(NETLINK_ROUTE);
  readonly #netfilter = new Sockets(NETLINK_NETFILTER);

  /** @param ns another's handle: this one is opened anew and closed with the host */
  constructor(ns?: NetNs) {
    // Of the same kind: one without root stays one.
    this.ns =
      ns === undefined ? NetNs.current() : new NetNs(ns.hold.beside(openSource({ fd: ns.fd })));
    this.nft = new Channel(this.ns.hold, NETLINK_NETFILTER);
  }

  /** Lends a plan its sockets: written first, since opening one enters the host's namespace. */
  lend(plan: PlanWriter, netfilter: boolean): Loan {
    this.ns.hold.reach(plan);
    const missing = !this.#route.spare || (netfilter && !this.#netfilter.spare);
    if (missing) plan.enter(this.ns.fd);
    const lent = [this.#one(plan, this.#route)];
    if (netfilter) lent.push(this.#one(plan, this.#netfilter));
    return new Loan(this.ns, lent);
  }

  #one(plan: PlanWriter, sockets: Sockets): Lent {
    const fd = sockets.take();
    if (fd !== undefined) return { sockets, fd, slot: -1 };
    const slot = sockets.open(plan);
    return { sockets, fd: -1, slot };
  }

  close(): void {
    this.ns.close();
  }
}

/** The sockets that a plan has; `end` gives them back. */
export class Loan {
  readonly #ns: NetNs;
  readonly #lent: readonly Lent[];

  constructor(ns: NetNs, lent: readonly Lent[]) {
    this.#ns = ns;
    this.#lent = lent;
    ns.hold.begin();
  }

  /** The operand of the plan's steps. */
  get route(): number {
    return operand(this.#lent[0]);
  }

  get netfilter(): number {
    return operand(this.#lent[1]);
  }

  /** @param made what the plan made; undefined where it failed */
  end(made: Made | undefined): void {
    const { hold } = this.#ns;
    for (const { sockets, fd, slot } of this.#lent) {
      if (slot < 0) sockets.give(fd);
      else if (made !== undefined) {
        const opened = made.fd(slot);
        if (hold.keep(opened)) sockets.give(opened);
      }
    }
    hold.end();
  }
}

function operand({ fd, slot }: Lent): number {
  return slot < 0 ? fd : ~slot;
}
