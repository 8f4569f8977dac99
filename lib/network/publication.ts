import { NetlinkError } from '../errors.ts';
import { transaction } from '../nftables/transaction.ts';
import { link } from '../rtnetlink/link/api.ts';
import type { EndpointState } from './endpoint.ts';
import type { Host } from './host.ts';
import type { Layout } from './layout.ts';
import { checkFree } from './port-check.ts';
import { addPorts, type PublishedPort, portText, removePorts } from './ports.ts';
import type { SequenceOf } from './sequence.ts';
import type { Settings } from './settings.ts';

/** Publishes ports to an endpoint that is there: one transaction, all or none. */
export function publishSequence(
  host: Host,
  settings: Settings,
  layout: Layout,
  state: EndpointState,
  ports: readonly PublishedPort[],
  tag: string,
  hairpin: boolean,
): SequenceOf<void> {
  const checks = new Map<number, PublishedPort>();
  return {
    operation: 'endpoint.publish',
    label: `network '${settings.name}'`,
    write(steps) {
      const { plan } = steps;
      const loan = steps.lend(host, true);
      plan.enter(host.ns.fd);
      for (const [i, step] of checkFree(plan, ports).entries()) checks.set(step, ports[i]);
      layout.beforePublish?.(plan, settings, state);
      if (hairpin) steps.send(loan.route, [link.set(state.hostIndex, { port: { hairpin: true } })]);
      steps.send(loan.netfilter, [
        transaction(addPorts(ports, tag), { operation: 'endpoint.publish' }),
      ]);
    },
    read() {},
    explain: (error, step) => explainPorts('endpoint.publish', error, ports, checks.get(step)),
  };
}

/** Takes published ports back, in one transaction. */
export function unpublishSequence(
  host: Host,
  network: string,
  ports: readonly PublishedPort[],
): SequenceOf<void> {
  return {
    operation: 'endpoint.unpublish',
    label: `network '${network}'`,
    write(steps) {
      const { netfilter } = steps.lend(host, true);
      steps.send(netfilter, [transaction(removePorts(ports), { operation: 'endpoint.unpublish' })]);
    },
    read() {},
  };
}

/** What a refused port means to a person. */
export function explainPorts(
  operation: string,
  error: Error & { code?: string },
  ports: readonly PublishedPort[],
  checked: PublishedPort | undefined,
): Error {
  if (!(error instanceof NetlinkError)) return error;
  const { code, errno, syscall } = error;
  const say = (message: string, ownCode = code): NetlinkError =>
    new NetlinkError(`${operation}: ${message}`, { code: ownCode, errno, syscall, cause: error });
  if (checked !== undefined && code === 'EADDRINUSE') {
    return say(`a process listens at ${portText(checked)} already`, 'ERR_PORT_IN_USE');
  }
  if (checked !== undefined && code === 'EADDRNOTAVAIL') {
    return say(`${checked.hostAddress} is no address of this host`);
  }
  if (syscall === 'NFT_MSG_NEWSETELEM' && code === 'EEXIST') {
    return say(`${refusedPort(error, ports)} is published to another endpoint`, 'ERR_PORT_IN_USE');
  }
  return error;
}

/** Which of the ports the kernel refused: its error points at an element of the list. */
function refusedPort(error: NetlinkError, ports: readonly PublishedPort[]): string {
  const at = /elements\[(\d+)\]/.exec(error.attribute ?? '')?.[1];
  const port = ports[Number(at ?? (ports.length === 1 ? 0 : -1))];
  return port === undefined ? `one of ${ports.map(portText).join(', ')}` : portText(port);
}
