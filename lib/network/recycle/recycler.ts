import { NetNs } from '../../netns/netns.ts';
import { type Blank, isBlank } from '../blank.ts';
import type { EndpointState, RecycleOptions } from '../endpoint.ts';
import { entriesTracked } from './conntrack.ts';
import { forget, isSet, neighbours } from './neighbours.ts';
import { occupied } from './occupied.ts';
import type { Sentinel } from './sentinel.ts';
import { difference, templateIn } from './template.ts';

/** Sockets that were closed last are counted for a grace period of the kernel, in ms. */
const GRACE = 300;
const PAUSE = 3;

/** A namespace that can't be given back, and why. */
export class Unfit extends Error {}

/** A blank that its sentinel hears. */
type Heard = Blank & { readonly sentinel: Sentinel };

function isHeard(state: EndpointState): state is Heard {
  return isBlank(state) && state.sentinel !== undefined;
}

/**
 * Takes the namespace of an endpoint out of its tenant's hands: what the tenant's handle has is the
 * new blank's, and the handle is closed. Throws where that can't be.
 */
export function takenBack(state: EndpointState): Heard {
  if (!isHeard(state)) throw new Unfit('it was made with options of its own, or without recycle');
  const { netns, sentinel } = state;
  if (netns.closed) throw new Unfit('its handle has been closed');
  if (netns.hold.busy) throw new Unfit('a call is on its way in it');
  const { socket } = netns.channel;
  const hold = netns.hold.passOn([socket, ...sentinel.descriptors]);
  const own = new NetNs(hold);
  own.channel.lend(socket);
  const { ports } = state;
  state.ports = [];
  return { ...state, netns: own, ports };
}

/**
 * Looks at an endpoint and makes it what it was in the pool. Throws Unfit where it is not.
 * @param scrub takes back what it was given
 */
export async function recycle(
  blank: Heard,
  { processesGone = false }: RecycleOptions,
  scrub: () => Promise<void>,
): Promise<void> {
  const { netns, sentinel, template } = blank;
  if (!processesGone) {
    const where = `net:[${netns.inode}]`;
    if ((await occupied()).has(where)) throw new Unfit('a process is in it');
  }
  await emptied(sentinel);
  const heard = sentinel.changes(blank.assigned.ipv6);
  if (heard !== undefined) throw new Unfit(heard);
  if (entriesTracked(sentinel.netfilter) > 0) throw new Unfit('connections are tracked in it');
  await scrub();
  const known = await netns.channel.run(neighbours);
  if (known.some(isSet)) throw new Unfit('it was changed (neighbours)');
  if (known.length > 0) await netns.channel.batch(known.map(forget));
  if (template === undefined) return;
  const what = difference(template, await templateIn(netns));
  if (what !== undefined) throw new Unfit(`it is not what it was: ${what}`);
}

/** Waits for sockets that are about to go. */
async function emptied(sentinel: Sentinel): Promise<void> {
  // The one that asks, and those that listen.
  const own = sentinel.sockets + 1;
  for (const until = performance.now() + GRACE; ; ) {
    const { used, lingering } = sentinel.count();
    if (used === own && lingering === 0) return;
    if (performance.now() > until) {
      throw new Unfit(
        used === own
          ? `${lingering} connections or fragments linger in it`
          : `${used - own} sockets are open in it`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
