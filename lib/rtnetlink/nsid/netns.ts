import { integer, netnsName, object } from '../../check.ts';
import { invalidValue } from '../../errors.ts';
import type { NetNsRef } from '../../netlink/request.ts';

/** A namespace as an argument: a handle, a name, { pid }. */
export function checkNetns(path: string, netns: NetNsRef): void {
  if (typeof netns === 'string') {
    netnsName(path, netns);
    return;
  }
  object(path, netns);
  if ('slot' in netns) return;
  // A closed handle throws here, as everywhere.
  if ('fd' in netns) integer(`${path}.fd`, netns.fd, 0, 0x7fffffff);
  else if ('pid' in netns) integer(`${path}.pid`, netns.pid, 1, 0x7fffffff);
  else throw invalidValue(path, netns, "a NetNs, a namespace's name, or { pid }");
}
