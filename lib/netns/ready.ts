import { NetlinkError } from '../errors.ts';
import { checkCallOptions, limited } from '../netlink/limits.ts';
import type { CallOptions } from '../netlink/request.ts';
import { type Address, type AddressFilter, address } from '../rtnetlink/address/api.ts';
import type { NetNs } from './netns.ts';

/**
 * Waits until none of the addresses that the filter lets through is tentative (duplicate address
 * detection, RFC 4862). The kernel is heard, not asked again and again: each event about addresses
 * is followed by one look at how they stand.
 */
export async function whenReady(
  ns: NetNs,
  filter: AddressFilter,
  options: CallOptions = {},
): Promise<Address[]> {
  checkCallOptions(options);
  // Checked here, since what is wrong with it is the caller's to know at once.
  address.list(filter);
  const stop = new AbortController();
  return limited('address.waitReady', options, () => ({
    promise: untilReady(ns, filter, stop.signal).finally(() => stop.abort()),
    cancel: () => {
      stop.abort();
      return true;
    },
  }));
}

async function untilReady(
  ns: NetNs,
  filter: AddressFilter,
  signal: AbortSignal,
): Promise<Address[]> {
  const watch = ns.watch(['address'], { signal });
  try {
    await watch.ready();
    for (;;) {
      const found = ready(await ns.channel.run(address.list(filter)), ns.hold.label);
      if (found !== undefined) return found;
      const { done } = await watch.next();
      if (done)
        throw new NetlinkError('address.waitReady: this NetNs has been closed', {
          code: 'ERR_NETNS_CLOSED',
        });
    }
  } finally {
    await watch.return();
  }
}

/** The addresses once all are ready; throws for one that another host has. */
function ready(addresses: Address[], netns: string): Address[] | undefined {
  if (addresses.length === 0) {
    throw new NetlinkError('address.waitReady: no address is there that the filter lets through', {
      code: 'EADDRNOTAVAIL',
      netns,
    });
  }
  const duplicate = addresses.find(({ flags }) => flags.includes('dadFailed'));
  if (duplicate !== undefined) {
    throw new NetlinkError(
      `address.waitReady: ${duplicate.address} is in use by another host (duplicate address detection)`,
      { code: 'EADDRINUSE', netns },
    );
  }
  return addresses.some(({ flags }) => flags.includes('tentative')) ? undefined : addresses;
}
