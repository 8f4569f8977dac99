import type { Request } from '../../../lib/netlink/request.ts';
import type { Nests } from '../support/attributes.ts';

/**
 * A command, the request that says the same, the message that the command sent (taken with strace;
 * `lo` has the index 1), and which of its attributes hold attributes.
 */
export type Captured = [
  command: string,
  request: () => Request<unknown>,
  message: string,
  nests: Nests,
];
