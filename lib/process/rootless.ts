import type { CallOptions } from '../netlink/request.ts';
import type { NetNs } from '../netns/netns.ts';
export type RootlessOptions = CallOptions;
export async function createRootless(_options: RootlessOptions = {}): Promise<NetNs> {
  throw new Error('not yet');
}
