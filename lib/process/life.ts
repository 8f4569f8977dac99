import { integer, netnsName } from '../check.ts';
import { addon } from '../native.ts';
import { failure } from '../netlink/failure.ts';
import { checkCallOptions, limited } from '../netlink/limits.ts';
import type { CallOptions } from '../netlink/request.ts';
import { NetNs } from '../netns/netns.ts';

/** `ns.empty`: see install.ts. */
export async function empty(ns: NetNs, options: CallOptions = {}): Promise<void> {
  checkCallOptions(options);
  ns.hold.check('netns.empty');
  let stop = (): void => {};
  let stopped = false;
  const wait = async (): Promise<void> => {
    // A process that was there may have left a child behind just before it ended: looked at again.
    for (let pids = await others(ns); pids.length > 0 && !stopped; pids = await others(ns)) {
      const ends = pids.map(ended);
      stop = () => {
        for (const end of ends) end.stop();
      };
      await Promise.all(ends.map(({ promise }) => promise));
    }
  };
  return limited('netns.empty', options, () => ({
    promise: wait(),
    cancel() {
      stopped = true;
      stop();
      return true;
    },
  }));
}

/** The processes in it but this one, whose main thread may well be the one that waits. */
async function others(ns: NetNs): Promise<number[]> {
  return (await ns.pids()).filter((pid) => pid !== process.pid);
}

/** Waits for the end of a process, by a descriptor that no other process ever gets. */
function ended(pid: number): { promise: Promise<void>; stop(): void } {
  const fd = addon.pidfdOpen(pid);
  if (fd < 0) {
    const gone = fd === -3; // ESRCH
    const promise = gone
      ? Promise.resolve()
      : Promise.reject(failure(fd, { operation: 'netns.empty', syscall: 'pidfd_open' }));
    return { promise, stop() {} };
  }
  let stop = (): void => {};
  const promise = new Promise<void>((resolve) => {
    const poll = addon.poll(fd, () => stop());
    stop = () => {
      stop = () => {};
      poll.close();
      addon.close(fd);
      resolve();
    };
  });
  return { promise, stop: () => stop() };
}

/** `NetNs.attach`: see install.ts. */
export async function attach(name: string, pid: number): Promise<NetNs> {
  netnsName('name', name);
  const ns = NetNs.open({ pid: integer('pid', pid, 1, 2 ** 22) });
  try {
    await ns.persist(name);
    return ns;
  } catch (error) {
    ns.close();
    throw error;
  }
}
