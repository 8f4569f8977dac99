import { type Completion, runHere } from '../netlink/lane.ts';
import { PlanWriter } from '../netlink/plan.ts';
import { firstRecord, RECORD_DATA, RECORD_HEADER } from '../netlink/result.ts';
import { run } from '../netlink/task.ts';
import type { Host } from './host.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;

const plan = new PlanWriter();

const decoder = new TextDecoder();

/**
 * Looks links up on the JavaScript thread, at once: SIOCGIFNAME takes the kernel a microsecond and
 * no lock that anybody else waits for, less than it is to ask another thread. Not by their names: for
 * one that no link has, the kernel runs modprobe.
 */
export class LinkProbe implements Completion {
  readonly #fd: number;
  #names: string[] = [];

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @param host keeps the socket, and closes it at its end */
  static async open(host: Host): Promise<LinkProbe> {
    const { hold } = host.ns;
    hold.begin();
    try {
      const fd = await run({
        operation: 'network.detach',
        netns: hold.label,
        write(steps) {
          hold.enter(steps);
          const slot = steps.slot();
          steps.socket(slot, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
          steps.export(slot);
        },
        read: (made) => made.firstFd(),
      });
      hold.keep(fd);
      return new LinkProbe(fd);
    } finally {
      hold.end();
    }
  }

  /** The names of the links with these indexes, '' where there is none. */
  names(indexes: readonly number[]): readonly string[] {
    plan.reset();
    this.#names = indexes.map(() => '');
    for (const index of indexes) plan.linkNameOf(this.#fd, index, plan.IGNORE);
    runHere(plan, this);
    return this.#names;
  }

  complete(_errno: number, _step: number, _message: number, bytes: Uint8Array, to: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, to);
    for (let at = firstRecord(view); at < to; at += view.getUint32(at, true)) {
      if (view.getUint16(at + 6, true) !== RECORD_DATA) continue;
      const from = at + RECORD_HEADER;
      const name = bytes.subarray(from, from + view.getInt32(at + 12, true));
      this.#names[view.getUint16(at + 4, true)] = decoder.decode(name);
    }
  }
}
