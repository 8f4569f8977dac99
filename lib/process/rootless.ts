import { checkKeys, object } from '../check.ts';
import { addon } from '../native.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import type { CallOptions } from '../netlink/request.ts';
import { type Plan, run } from '../netlink/task.ts';
import { NetNs } from '../netns/netns.ts';
import { CLONE } from './clone-flags.ts';
import { Holder } from './holder.ts';
import { RootlessHold } from './rootless-hold.ts';

export type RootlessOptions = CallOptions;

const OPERATION = 'NetNs.createRootless';
const KEYS = new Set(['signal', 'timeout']);

/**
 * The one process that this thread's rootless namespaces have in common: in one user namespace,
 * veths may join them. It begins with the first and ends with the last of them.
 */
let shared: Holder | undefined;

function holderOfAll(): Holder {
  if (shared !== undefined) return shared;
  const uids = `0 ${process.geteuid?.() ?? 0} 1\n`;
  const gids = `0 ${process.getegid?.() ?? 0} 1\n`;
  const holder = new Holder(OPERATION, CLONE.NEWUSER | CLONE.NEWNET, true, { uids, gids });
  // The next namespace gets a new one; those of this one are told by their checks.
  holder.onEnd(() => {
    if (shared === holder) shared = undefined;
  });
  shared = holder;
  return holder;
}

/** `NetNs.createRootless`: see install.ts. */
export async function createRootless(options: RootlessOptions = {}): Promise<NetNs> {
  checkKeys('options', object('options', options), KEYS);
  checkCallOptions(options);
  options.signal?.throwIfAborted();
  const holder = holderOfAll();
  holder.use();
  const plan: Plan<number> = {
    operation: OPERATION,
    write(writer) {
      writer.holder(holder.control);
      const slot = writer.slot();
      writer.unshare(slot, CLONE.NEWNET);
      writer.export(slot);
    },
    read: (made) => made.fd(0),
  };
  holder.begin();
  try {
    const fd = await run(plan, options, (late) => addon.close(late));
    return new NetNs(new RootlessHold(fd, holder));
  } finally {
    holder.drop();
    holder.end();
  }
}
