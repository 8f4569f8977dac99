import { ipPrefix, type Prefix } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import { address } from '../rtnetlink/address/api.ts';
import { route } from '../rtnetlink/route/api.ts';
import type { Host } from './host.ts';
import { overlaps, prefixRange } from './ip.ts';

/**
 * Refuses subnets that are somewhere else already: an address or a route of the host within them,
 * or around them, would take the packets of endpoints, or give them others'.
 */
export async function refuseOverlap(
  host: Host,
  network: string,
  subnets: readonly Prefix[],
): Promise<void> {
  const [addresses, routes] = (await host.ns.channel.batch([address.list(), route.list()])) as [
    { address: string }[],
    { dst: string; type?: string }[],
  ];
  const there = [
    ...addresses.map((each) => ({ text: each.address, what: 'the address' })),
    ...routes.map((each) => ({ text: each.dst, what: 'the route' })),
  ];
  for (const subnet of subnets) {
    const wanted = prefixRange(subnet.family, subnet.address, subnet.length);
    for (const { text, what } of there) {
      if (text === 'default') continue;
      const found = ipPrefix('found', text);
      // A default route is around everything, and means nothing here.
      if (found.family !== subnet.family || found.length === 0) continue;
      if (!overlaps(wanted, prefixRange(found.family, found.address, found.length))) continue;
      throw new NetlinkError(
        `network '${network}': ${subnet.address}/${subnet.length} overlaps ${what} ${text} of the host; choose another subnet`,
        { code: 'ERR_SUBNET_OVERLAP' },
      );
    }
  }
}
