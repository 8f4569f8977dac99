import { isMainThread } from 'node:worker_threads';
import { integer } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import { addon } from '../native.ts';
import { CLONE } from './clone-flags.ts';
import { checked } from './namespaces.ts';

/** Only a worker's own thread may be moved for good. */
function checkThread(operation: string): void {
  if (!isMainThread) return;
  throw new NetlinkError(
    `${operation}: the main thread does not move: libuv's pool, and all that is started later, would be ` +
      'born elsewhere than what runs already; call it in a worker thread, or use ns.run or NetNsWorker',
    { code: 'ERR_NETNS_MAIN_THREAD' },
  );
}

/**
 * Moves the calling worker thread into new namespaces, for good (unshare(2)).
 *
 * Traps: refused on the main thread. CLONE.NEWNS needs CLONE.FS with it: threads share their root
 * and working directory, and the thread must have its own first. CLONE.NEWUSER is EINVAL in a
 * process of several threads: see `cloneHolder`. CLONE.NEWPID moves the children, not the thread,
 * which can't start threads from then on (EINVAL). What asks on libuv's pool (dns.lookup, fs,
 * crypto, zlib) is answered by threads that have not moved: files by path are those of the old
 * root, names are asked of the old network.
 */
export function unshare(flags: number): void {
  integer('flags', flags, 1, 0x7fffffff);
  checkThread('unshare');
  checked(addon.unshare(flags), 'unshare', 'unshare');
  if ((flags & CLONE.NEWNET) !== 0) addon.rehome();
}

/**
 * Moves the calling worker thread into a namespace that exists, for good (setns(2)).
 *
 * Traps: as with `unshare`. To go back, keep a descriptor of where it was (`nsDescriptors('self')`):
 * having given up a privilege meanwhile, it is EPERM. A user namespace is EINVAL in a process of
 * several threads. A mount namespace needs `unshare(CLONE.FS)` first.
 *
 * @param type a CLONE_NEW* that the descriptor must be of (EINVAL otherwise), or 0 for any
 */
export function setns(target: { readonly fd: number }, type: number = 0): void {
  integer('type', type, 0, 0x7fffffff);
  checkThread('setns');
  checked(addon.setns(integer('target.fd', target.fd, 0, 0x7fffffff), type), 'setns', 'setns');
  if (type === 0 || (type & CLONE.NEWNET) !== 0) addon.rehome();
}
