import { NetlinkError } from '../errors.ts';
import { isLeftover, nameExists } from '../netns/names.ts';
import { NetNs } from '../netns/netns.ts';
import { runDirWasMade } from '../netns/run-dir.ts';
import { transaction } from '../nftables/transaction.ts';
import { link } from '../rtnetlink/link/api.ts';
import type { Host } from './host.ts';
import type { Inside, Layout, Seat } from './layout.ts';
import { shape } from './limits.ts';
import { writeName } from './naming.ts';
import { checkFree } from './port-check.ts';
import { addPorts, type PublishedPort, removePorts } from './ports.ts';
import { explainPorts } from './publication.ts';
import type { SequenceOf, Steps } from './sequence.ts';
import type { Settings } from './settings.ts';

const CLONE_NEWNET = 0x40000000;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;
const LOOPBACK = 1;

/** All that one attach does. */
export interface Attachment {
  host: Host;
  settings: Settings;
  layout: Layout;
  seat: Seat;
  /** The name to give to a new namespace. */
  name?: string;
  /** A namespace that exists; a new one is made unless given. */
  existing?: NetNs;
  ports: readonly PublishedPort[];
  /** The tag of the ports' elements. */
  tag: string;
  /** What is there already, of an endpoint of the pool. */
  kept?: Kept;
}

/** The namespace of an endpoint that the pool has. */
export interface Kept {
  readonly fd: number;
  /** A socket inside. */
  readonly socket: number;
  /** The hardware address that the end inside has while nobody has it. */
  readonly mac: string;
  /** Whether who takes it has another. */
  readonly otherMac: boolean;
}

/**
 * One attach as one plan: new namespace, both ends of the pair, addresses and routes, ports, and at
 * last the name. What fails on the way is undone there. A process that is killed on the way leaves
 * nothing of a namespace without a name, since its last descriptor goes with it.
 */
export function attachSequence(attachment: Attachment): SequenceOf<NetNs> {
  const { host, settings, existing, name } = attachment;
  let slot = -1;
  const checks = new Map<number, PublishedPort>();
  return {
    operation: 'network.attach',
    label: `network '${settings.name}'`,
    write(steps) {
      const { plan } = steps;
      const { ports } = attachment;
      const loan = steps.lend(host, ports.length > 0);
      if (ports.length > 0) {
        plan.enter(host.ns.fd);
        for (const [i, step] of checkFree(plan, ports).entries()) checks.set(step, ports[i]);
      }
      let inside: Inside;
      if (existing === undefined) {
        slot = plan.slot();
        plan.unshare(slot, CLONE_NEWNET);
        plan.export(slot);
        inside = { slot };
      } else {
        inside = { fd: existing.fd };
        plan.enter(existing.fd);
      }
      // Closed with the plan: kept, it would pin the namespace.
      const socket = plan.slot();
      plan.socket(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
      writeLinks(steps, attachment, inside, loan.route, ~socket);
      if (ports.length > 0) writePorts(steps, attachment, loan.netfilter);
      if (existing !== undefined) writeRecord(steps, attachment, loan.route, ~socket);
      if (name !== undefined) writeName(plan, name, ~slot);
    },
    read(made) {
      if (existing !== undefined) return existing;
      if (name !== undefined) runDirWasMade();
      // A plan that stood ready makes nothing else.
      const fd = slot < 0 ? made.firstFd() : made.fd(slot);
      return new NetNs(host.ns.hold.beside(fd, name));
    },
    explain: (error, step) => explain(error, attachment, checks.get(step)),
  };
}

/** Both ends, and all that is set on them. */
function writeLinks(
  steps: Steps,
  { settings, layout, seat: whole, existing }: Attachment,
  inside: Inside,
  route: number,
  inner: number,
): void {
  // In a namespace that was there, the record comes last: see writeRecord.
  const seat = existing === undefined ? whole : { ...whole, alias: undefined };
  steps.send(route, layout.pair(settings, seat, inside));
  if (layout.inner) steps.undo(inner, [link.delete(seat.index)]);
  else steps.undo(route, [link.delete(seat.hostIndex)]);
  const host = layout.host(settings, seat);
  if (seat.limit.in !== undefined) host.push(shape('limit.in', seat.hostIndex, seat.limit.in));
  steps.send(route, host);
  const gone = layout.hostGone?.(settings, seat) ?? [];
  if (gone.length > 0) steps.undo(route, gone);
  const requests = [link.set(LOOPBACK, { up: true }), ...layout.inside(settings, seat)];
  if (seat.limit.out !== undefined) requests.push(shape('limit.out', seat.index, seat.limit.out));
  steps.send(inner, requests);
}

/**
 * A namespace that was there outlives a crash on the way: the record, which says that the endpoint
 * is whole, comes last. A new one gets its name last, and is gone without.
 */
function writeRecord(
  steps: Steps,
  { layout, seat }: Attachment,
  route: number,
  inner: number,
): void {
  const { alias } = seat;
  if (layout.inner) steps.send(inner, [link.set(seat.index, { alias })]);
  else steps.send(route, [link.set(seat.hostIndex, { alias })]);
}

function writePorts(steps: Steps, attachment: Attachment, netfilter: number): void {
  const { host, settings, layout, seat, ports, tag } = attachment;
  if (layout.beforePublish !== undefined) {
    steps.plan.enter(host.ns.fd);
    layout.beforePublish(steps.plan, settings, seat);
  }
  steps.send(netfilter, [transaction(addPorts(ports, tag), { operation: 'network.attach' })]);
  steps.undo(netfilter, [transaction(removePorts(ports))]);
}

/** Refuses a name before anything is made; the plan finds out too, but late. */
export function checkName(name: string): void {
  if (!nameExists(name)) return;
  const error = nameTaken(name);
  throw new NetlinkError(error, { code: 'EEXIST', errno: -17, syscall: 'open' });
}

function nameTaken(name: string): string {
  return isLeftover(name)
    ? `network.attach: only a file is left of '${name}', by a crash: delete the name first`
    : `network.attach: EEXIST: a namespace '${name}' exists; to attach it as it is, pass { netns: '${name}' }`;
}

/** What the failure of an attach means. */
export function explain(
  error: Error & { code?: string },
  { settings, seat, name, existing, ports }: Attachment,
  checked: PublishedPort | undefined,
): Error {
  if (!(error instanceof NetlinkError)) return error;
  const { code, errno, syscall } = error;
  const say = (message: string, ownCode = code): NetlinkError =>
    new NetlinkError(`network.attach: ${message}`, { code: ownCode, errno, syscall, cause: error });
  const port = explainPorts('network.attach', error, ports, checked);
  if (port !== error) return port;
  if (code === 'EEXIST' && syscall === 'RTM_NEWLINK') {
    return say(
      existing === undefined
        ? `a link '${seat.hostLink}' exists on the host that is not of network '${settings.name}'`
        : `a link '${seat.ifname}' exists in the namespace (or '${seat.hostLink}' on the host); choose another ifname`,
    );
  }
  if (code === 'EEXIST' && syscall === 'RTM_NEWROUTE') {
    return say(
      'the namespace has this route already; for the default one, pass { defaultRoute: false }',
    );
  }
  if (code === 'EEXIST' && name !== undefined)
    return say(nameTaken(name).replace('network.attach: ', ''));
  if (code === 'ENODEV' && (syscall === 'RTM_NEWLINK' || syscall === 'SIOCGIFINDEX')) {
    return say(`the network's link '${settings.name}' is gone`, 'ERR_NETWORK_GONE');
  }
  if (code === 'EXFULL') return say(`the bridge '${settings.name}' takes no more ports`);
  return error;
}
