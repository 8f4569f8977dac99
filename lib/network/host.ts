import { Channel } from '../netlink/channel.ts';
import type { PlanWriter } from '../netlink/plan.ts';
import type { Made } from '../netlink/task.ts';
import type { Hold } from '../netns/hold.ts';
import { NetNs } from '../netns/netns.ts';
import { openSource } from '../netns/source.ts';
import { NETLINK_NETFILTER } from '../nftables/constants.ts';
import { NETLINK_ROUTE } from '../rtnetlink/requests.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;

/** The socket of one protocol in the host's namespace, opened by the first plan that needs it. */
class Socket {
  readonly #family: number;
  readonly #hold: Hold;
  fd = -1;

  constructor(hold: Hold, family: number) {
    this.#hold = hold;
    this.#family = family;
  }

  open(plan: PlanWriter): number {
    const slot = plan.slot();
    plan.socket(slot, AF_NETLINK, SOCK_RAW, this.#family);
    plan.export(slot);
    return slot;
  }

  /** Takes what a plan has opened; where others opened one at the same time, the first stays. */
  keep(fd: number): void {
    if (!this.#hold.keep(fd)) return;
    if (this.fd < 0) this.fd = fd;
    else this.#hold.drop(fd);
  }
}

/** A socket in a plan: one that was there, or the slot of one that the plan opens. */
interface Lent {
  readonly socket: Socket;
  readonly fd: number;
  readonly slot: number;
}

/**
 * The namespace that a network lives in. Its sockets are opened inside once and kept, for all plans:
 * a lane that speaks on one holds it until its answers are in.
 */
export class Host {
  readonly ns: NetNs;
  readonly nft: Channel;
  readonly #route: Socket;
  readonly #netfilter: Socket;

  /** @param ns another's handle: this one is opened anew and closed with the host */
  constructor(ns?: NetNs) {
    // Of the same kind: one without root stays one.
    this.ns =
      ns === undefined ? NetNs.current() : new NetNs(ns.hold.beside(openSource({ fd: ns.fd })));
    const { hold } = this.ns;
    this.nft = new Channel(hold, NETLINK_NETFILTER);
    this.#route = new Socket(hold, NETLINK_ROUTE);
    this.#netfilter = new Socket(hold, NETLINK_NETFILTER);
  }

  /** Whether plans find all their sockets open: from then on they are alike, byte by byte. */
  isReady(netfilter: boolean): boolean {
    return this.#route.fd >= 0 && (!netfilter || this.#netfilter.fd >= 0);
  }

  /** Lends a plan its sockets: written first, since opening one enters the host's namespace. */
  lend(plan: PlanWriter, netfilter: boolean): Loan {
    this.ns.hold.reach(plan);
    const missing = this.#route.fd < 0 || (netfilter && this.#netfilter.fd < 0);
    if (missing) plan.enter(this.ns.fd);
    const lent = [this.#one(plan, this.#route)];
    if (netfilter) lent.push(this.#one(plan, this.#netfilter));
    return new Loan(this.ns, lent);
  }

  #one(plan: PlanWriter, socket: Socket): Lent {
    const { fd } = socket;
    return { socket, fd, slot: fd < 0 ? socket.open(plan) : -1 };
  }

  /** A plan that uses the sockets is on its way: they are not closed under it. */
  begin(): void {
    this.ns.hold.begin();
  }

  end(): void {
    this.ns.hold.end();
  }

  close(): void {
    this.ns.close();
  }
}

/** The sockets that a plan has, open until `end`. */
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
    for (const { socket, slot } of this.#lent) {
      if (slot >= 0 && made !== undefined) socket.keep(made.fd(slot));
    }
    this.#ns.hold.end();
  }
}

function operand({ fd, slot }: Lent): number {
  return slot < 0 ? fd : ~slot;
}
