import { NetlinkError } from '../errors.ts';
import { addon, type PollHandle } from '../native.ts';
import { failure } from '../netlink/failure.ts';
import { run } from '../netlink/task.ts';
import type { Hold } from './hold.ts';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOL_SOCKET = 1;
const SOL_PACKET = 263;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_STATISTICS = 6;
const PACKET_AUXDATA = 8;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_MR_PROMISC = 1;
const ETH_P_ALL = 3;
const EAGAIN = -11;
const ENETDOWN = -100;
/** Milliseconds. */
const LOOK_AGAIN = 100;

export interface PacketSocketOptions {
  /** 0: all links. */
  ifindex: number;
  /** Bytes the kernel keeps for a slow reader. */
  bufferSize: number;
  /** Needs a link. */
  promiscuous: boolean;
  ignoreOutgoing: boolean;
}

/** A packet socket inside a namespace: opened there by a lane, read here without blocking. */
export class PacketSocket {
  closed = false;
  readonly #fd: number;
  readonly #poll: PollHandle;
  readonly #unlisten: () => void;
  readonly #total = { received: 0, dropped: 0 };
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The link was down when last heard of. */
  #down = false;

  private constructor(fd: number, hold: Hold) {
    this.#fd = fd;
    this.#poll = addon.poll(fd, () => this.#woken());
    this.#unlisten = hold.whenClosed(() => this.close());
  }

  /** Packets that come after this resolves are stored. */
  static async open(hold: Hold, options: PacketSocketOptions): Promise<PacketSocket> {
    hold.check('capture');
    hold.begin();
    const fd = await run({
      operation: 'capture',
      netns: hold.label,
      write(plan) {
        hold.enter(plan);
        const slot = plan.slot();
        // Protocol 0 until it is bound: else it would take packets of every link meanwhile.
        plan.socket(slot, AF_PACKET, SOCK_RAW, 0, 0);
        plan.export(slot);
        plan.setsockopt(~slot, SOL_SOCKET, SO_RCVBUFFORCE, options.bufferSize, plan.IGNORE);
        plan.setsockopt(~slot, SOL_SOCKET, SO_TIMESTAMPNS, 1);
        plan.setsockopt(~slot, SOL_PACKET, PACKET_AUXDATA, 1);
        if (options.ignoreOutgoing) {
          plan.setsockopt(~slot, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, plan.IGNORE);
        }
        if (options.promiscuous) {
          plan.setsockopt(~slot, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership(options.ifindex));
        }
        plan.bindAddress(~slot, linkAddress(options.ifindex));
      },
      read: (made) => made.firstFd(),
    }).finally(() => hold.end());
    if (!hold.closed) return new PacketSocket(fd, hold);
    addon.close(fd);
    throw new NetlinkError('capture: this NetNs has been closed', { code: 'ERR_NETNS_CLOSED' });
  }

  /**
   * Takes what waits: how many packets, told in `records` (see native/packet.cc). Closes the
   * socket when its link has gone.
   */
  take(into: Uint8Array, snap: number, records: Uint8Array): number {
    if (this.closed) return 0;
    const count = addon.receivePackets(this.#fd, into, snap, records);
    if (count >= 0) {
      this.#down = false;
      return count;
    }
    if (count !== EAGAIN) this.failed(count);
    return 0;
  }

  /** What an error means that came instead of a packet. */
  failed(errno: number): void {
    // A link that goes down says so, whether it comes again or goes away altogether.
    if (errno !== ENETDOWN) throw failure(errno, { operation: 'capture', syscall: 'recvmsg' });
    this.#down = true;
    if (!this.#bound()) this.close();
  }

  /** Resolves when something may be there to take, or the socket was closed. */
  wait(): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      // Watched only while somebody waits: nothing else keeps the process alive.
      this.#poll.start();
      this.#wake = resolve;
      if (this.#down) this.#lookAgain();
    });
  }

  statistics(): { received: number; dropped: number } {
    if (!this.closed) this.#count();
    return { ...this.#total };
  }

  close(): void {
    if (this.closed) return;
    this.#count();
    this.closed = true;
    this.#unlisten();
    this.#poll.close();
    addon.close(this.#fd);
    this.#woken();
  }

  /** The kernel's counters (struct tpacket_stats) begin anew with each reading. */
  #count(): void {
    const counters = new Uint8Array(8);
    if (addon.getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, counters) < 0) return;
    const view = new DataView(counters.buffer);
    this.#total.received += view.getUint32(0, true);
    this.#total.dropped += view.getUint32(4, true);
  }

  /** A link that is down already goes away without a word to the socket. */
  #lookAgain(): void {
    this.#timer = setTimeout(() => {
      if (this.#bound()) this.#lookAgain();
      else this.close();
    }, LOOK_AGAIN);
  }

  /** Whether the link is still there: the kernel unbinds the socket from one that goes away. */
  #bound(): boolean {
    const address = new Uint8Array(20);
    if (addon.getsockname(this.#fd, address) < 0) return false;
    return new DataView(address.buffer).getInt32(4, true) >= 0;
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    clearTimeout(this.#timer);
    if (!this.closed) this.#poll.stop();
    wake?.();
  }
}

/** struct sockaddr_ll (linux/if_packet.h). */
function linkAddress(ifindex: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETH_P_ALL);
  view.setInt32(4, ifindex, true);
  return bytes;
}

/** struct packet_mreq. */
function membership(ifindex: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, ifindex, true);
  view.setUint16(4, PACKET_MR_PROMISC, true);
  return bytes;
}
