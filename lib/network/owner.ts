import { NetlinkError } from '../errors.ts';
import { claim } from '../netns/claim.ts';
import type { NetNs } from '../netns/netns.ts';

/**
 * A network is one process's at a time: two would give out the same addresses. The claim ends with
 * the process, so the next one takes over without being told.
 */
export async function own(host: NetNs, network: string): Promise<() => void> {
  const claimed = await claim(host.hold, `node-netns/network/${network}`);
  if ('release' in claimed) return claimed.release;
  const who = claimed.owner === 0 ? 'another process' : `process ${claimed.owner}`;
  throw new NetlinkError(
    `network '${network}' belongs to ${who === `process ${process.pid}` ? `this very process (${process.pid})` : who}; close it there first`,
    { code: 'ERR_NETWORK_OWNED' },
  );
}
