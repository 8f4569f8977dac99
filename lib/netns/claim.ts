import { NetlinkError } from '../errors.ts';
import { addon } from '../native.ts';
import { run } from '../netlink/task.ts';
import type { Hold } from './hold.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** struct sockaddr_un with an abstract name: it belongs to a network namespace, and to no file. */
function abstractAddress(name: string): Uint8Array {
  const text = Buffer.from(name);
  const bytes = new Uint8Array(3 + text.length);
  bytes[0] = AF_UNIX;
  bytes.set(text, 3);
  return bytes;
}

/**
 * Claims a name in a network namespace for this process: a listening socket with an abstract name,
 * which the kernel takes away when the process ends, however it ends.
 * @returns what gives it up, or the process that has it (0 where that can't be seen)
 */
export async function claim(
  hold: Hold,
  name: string,
): Promise<{ release(): void } | { owner: number }> {
  const address = abstractAddress(name);
  try {
    const fd = await socketInside(hold, 'claim', (plan, slot) => {
      plan.bindAddress(~slot, address);
      plan.listen(~slot, 1);
    });
    hold.keep(fd);
    return { release: () => hold.drop(fd) };
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code !== 'EADDRINUSE') throw error;
    return { owner: await ownerOf(hold, address) };
  }
}

async function ownerOf(hold: Hold, address: Uint8Array): Promise<number> {
  try {
    const fd = await socketInside(hold, 'claim', (plan, slot) => plan.connect(~slot, address));
    // struct ucred: pid, uid, gid of who called listen(2).
    const credentials = new Int32Array(3);
    addon.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, new Uint8Array(credentials.buffer));
    addon.close(fd);
    return credentials[0];
  } catch {
    // Its queue is full, or it has just ended: it is told without a number.
    return 0;
  }
}

function socketInside(
  hold: Hold,
  operation: string,
  more: (plan: Parameters<Hold['enter']>[0], slot: number) => void,
): Promise<number> {
  return run({
    operation,
    netns: hold.label,
    write(plan) {
      hold.enter(plan);
      const slot = plan.slot();
      plan.socket(slot, AF_UNIX, SOCK_STREAM, 0);
      plan.export(slot);
      more(plan, slot);
    },
    read: (made) => made.firstFd(),
  });
}
