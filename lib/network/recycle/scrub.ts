import type { Request } from '../../netlink/request.ts';
import { pathOf } from '../../netns/names.ts';
import { transaction } from '../../nftables/transaction.ts';
import { address } from '../../rtnetlink/address/api.ts';
import { link } from '../../rtnetlink/link/api.ts';
import { route } from '../../rtnetlink/route/api.ts';
import type { Attachment } from '../attachment.ts';
import { NOTHING_KEPT } from '../blank.ts';
import type { Layout, Seat } from '../layout.ts';
import { removePorts } from '../ports.ts';
import type { SequenceOf } from '../sequence.ts';
import type { Settings } from '../settings.ts';

/** Takes back what `fillSequence` has set, ports and name included. */
export function scrubSequence(attachment: Attachment): SequenceOf<void> {
  const { host, settings, layout, seat, ports, name, kept = NOTHING_KEPT } = attachment;
  return {
    operation: 'network.recycle',
    label: `network '${settings.name}'`,
    write(steps) {
      const { plan } = steps;
      const loan = steps.lend(host, ports.length > 0);
      // No record: after a crash it is what it was in the pool, half made.
      const record = link.set(layout.inner ? seat.index : seat.hostIndex, { alias: '' });
      const gone =
        layout.hostGone?.(settings, seat) ?? (layout.hostOwn === undefined ? [] : routesGone(seat));
      if (ports.length > 0)
        steps.send(loan.netfilter, [transaction(removePorts(ports))], plan.IGNORE);
      const inside = ownGone(settings, layout, seat);
      if (kept.otherMac) inside.push(link.set(seat.index, { address: kept.mac }));
      steps.send(loan.route, layout.inner ? gone : [record, ...gone]);
      steps.send(kept.socket, layout.inner ? [record, ...inside] : inside);
      if (name !== undefined) {
        plan.unmount(pathOf(name), plan.IGNORE);
        plan.unlink(pathOf(name), plan.IGNORE);
      }
    },
    read() {},
  };
}

/** Where the routes to an endpoint go with its link otherwise: there are some in routed networks. */
function routesGone({ assigned, hostIndex }: Seat): Request<void>[] {
  const out: Request<void>[] = [];
  for (const text of [assigned.ipv4, assigned.ipv6]) {
    if (text === undefined) continue;
    out.push(route.delete({ dst: `${text}/${text.includes(':') ? 128 : 32}`, dev: hostIndex }));
  }
  return out;
}

/** IPv4 routes, and what was learnt on the link, go with its last address; IPv6 ones do not. */
function ownGone(settings: Settings, layout: Layout, seat: Seat): Request<void>[] {
  const { addresses } = settings;
  const { index, assigned } = seat;
  const out: Request<void>[] = [];
  if (assigned.ipv6 !== undefined) {
    if (seat.defaultRoute && layout.gateways(settings).ipv6 !== undefined)
      out.push(route.delete({ dst: '::/0', dev: index }));
    for (const { dst } of seat.routes)
      if (dst.includes(':')) out.push(route.delete({ dst, dev: index }));
  }
  for (const text of [assigned.ipv4, assigned.ipv6]) {
    if (text === undefined) continue;
    const whole = text.includes(':') ? 128 : 32;
    const length = layout.oneMac ? whole : (addresses.subnetOf(text)?.length ?? whole);
    out.push(address.delete({ dev: index, address: `${text}/${length}` }));
  }
  return out;
}
