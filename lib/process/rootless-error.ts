import { NetlinkError } from '../errors.ts';

/** What a thread can't do in a namespace of `NetNs.createRootless`, and what does it instead. */
export function rootlessError(operation: string): NetlinkError {
  return new NetlinkError(
    `${operation}: EPERM: a process of several threads can't enter a user namespace, and only from ` +
      'there may this rootless namespace be entered; use its sockets (connect, listen, createSocket) or spawn, ' +
      'or NetNs.create() as root',
    { code: 'EPERM', errno: -1, syscall: 'setns' },
  );
}
