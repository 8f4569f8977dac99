import { Hold } from '../netns/hold.ts';
import { NetNs } from '../netns/netns.ts';
import { reachable } from '../netns/peer.ts';
import { type Link, link } from '../rtnetlink/link/api.ts';
import type { Host } from './host.ts';
import type { Layout } from './layout.ts';
import { INNER_GROUP } from './macvlan-layout.ts';
import { type EndpointRecord, leavingName, readEndpoint } from './record.ts';
import { type Found, stateOf } from './recovery.ts';
import type { Settings } from './settings.ts';

/** Endpoints whose only link is inside are looked for in every namespace that can be reached. */
export async function surveyInner(host: Host, settings: Settings, layout: Layout): Promise<Found> {
  const found: Found = { endpoints: [], unreachable: [], broken: [], orphans: [] };
  const parent = await host.ns.channel.run(link.get(settings.record.parent ?? ''));
  for (const { fd, name } of await reachable()) {
    const netns = new NetNs(new Hold(fd, name));
    const inside = netns.equals(host.ns)
      ? []
      : await netns.channel.run(link.list({ kind: 'macvlan' }));
    const of = (each: Link): EndpointRecord | undefined => readEndpoint(each.alias);
    const whole = inside.find((each) => of(each)?.network === settings.name);
    const half = inside.find(
      (each) => each.group === INNER_GROUP && each.link === parent.index && of(each) === undefined,
    );
    const record = whole === undefined ? undefined : of(whole);
    if (whole !== undefined && record !== undefined) {
      const state = stateOf(whole, record, layout.gateways(settings));
      found.endpoints.push({
        ...state,
        ifname: whole.name,
        hostLink: parent.name,
        hostIndex: 0,
        netns,
        open: undefined,
      });
    } else if (half !== undefined) {
      const leaving = leavingName(half.alias);
      found.broken.push({
        link: half.name,
        index: half.index,
        netns,
        name: leaving === netns.name ? leaving : undefined,
      });
    } else netns.close();
  }
  return found;
}
