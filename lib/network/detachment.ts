import { pathOf } from '../netns/names.ts';
import { NetNs } from '../netns/netns.ts';
import { transaction } from '../nftables/transaction.ts';
import { link } from '../rtnetlink/link/api.ts';
import type { EndpointState } from './endpoint.ts';
import type { Host } from './host.ts';
import type { Layout } from './layout.ts';
import { writeName } from './naming.ts';
import { removePorts } from './ports.ts';
import type { Reaper } from './reaper.ts';
import { leavingAlias } from './record.ts';
import type { SequenceOf } from './sequence.ts';
import type { Settings } from './settings.ts';

/**
 * The part of a detach that is done at once. First the record says that the endpoint is leaving, so
 * that after a crash on the way the rest is swept; then its ports go, then its name, or in a
 * namespace that stays, its link.
 */
export function detachSequence(
  host: Host,
  network: string,
  state: EndpointState,
): SequenceOf<void> {
  const { ports, foreign, name, hostIndex } = state;
  return {
    operation: 'network.detach',
    label: `network '${network}'`,
    write(steps) {
      const { plan } = steps;
      const loan = steps.lend(host, ports.length > 0);
      // Gone already, or taken out of the table by others: nothing is left to do then.
      steps.send(loan.route, [link.set(hostIndex, { alias: leavingAlias(name) })], plan.IGNORE);
      if (ports.length > 0)
        steps.send(loan.netfilter, [transaction(removePorts(ports))], plan.IGNORE);
      if (foreign) steps.send(loan.route, [link.delete(hostIndex)], plan.IGNORE);
      if (name !== undefined) {
        plan.unmount(pathOf(name), plan.IGNORE);
        plan.unlink(pathOf(name), plan.IGNORE);
      }
    },
    read() {},
  };
}

/** Gives a name to an endpoint that was made without one, and puts it into the record. */
export function nameSequence(
  host: Host,
  state: EndpointState,
  fd: number,
  name: string,
  alias: string,
): SequenceOf<void> {
  return {
    operation: 'network.attach',
    label: `namespace '${name}'`,
    write(steps) {
      const { plan } = steps;
      const { route } = steps.lend(host, false);
      steps.send(route, [link.set(state.hostIndex, { alias })]);
      writeName(plan, name, fd);
    },
    read() {},
  };
}

/** The detach of an endpoint whose only link is inside. */
export async function removeInner(
  {
    host,
    settings,
    layout,
    reaper,
  }: { host: Host; settings: Settings; layout: Layout; reaper: Reaper },
  state: EndpointState,
): Promise<void> {
  const { foreign, name, ifname } = state;
  const netns = state.netns ?? state.open?.();
  // What is gone already needs no taking away.
  const ignore = (): undefined => undefined;
  // Asked for at once, they travel together.
  const gone = layout.hostGone?.(settings, state) ?? [];
  await Promise.all(gone.map((request) => host.ns.channel.run(request).catch(ignore)));
  // Of an anonymous namespace nothing is known but by its descriptor: closing it is all.
  if (foreign || name !== undefined)
    await netns?.channel.run(link.set(ifname, { alias: leavingAlias(name) })).catch(ignore);
  if (foreign) {
    await netns?.channel.run(link.delete(ifname)).catch(ignore);
    netns?.close();
    return;
  }
  if (name !== undefined) await NetNs.delete(name).catch(ignore);
  if (netns !== undefined) await reaper.freed(netns, ifname);
}
