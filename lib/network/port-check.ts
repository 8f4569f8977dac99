import type { PlanWriter } from '../netlink/plan.ts';
import { be16Bytes, ipBytes } from '../nftables/bytes.ts';
import type { PublishedPort } from './ports.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/** struct sockaddr_in or sockaddr_in6. */
function sockaddr({ hostAddress, hostPort, address }: PublishedPort): Uint8Array {
  const ipv6 = address.includes(':');
  const out = new Uint8Array(ipv6 ? 28 : 16);
  out[0] = ipv6 ? AF_INET6 : AF_INET;
  out.set(be16Bytes(hostPort), 2);
  if (hostAddress !== undefined) out.set(ipBytes(hostAddress), ipv6 ? 8 : 4);
  return out;
}

/**
 * Steps that fail with EADDRINUSE where a process on the host listens at a port already: published,
 * it would get nothing any more. The lane is in the host's namespace. Returns for each port the
 * step that fails.
 */
export function checkFree(plan: PlanWriter, ports: readonly PublishedPort[]): number[] {
  const slot = plan.slot();
  return ports.map((port) => {
    // SCTP may not be there at all, and then nobody listens.
    if (port.protocol === 'sctp') return -1;
    const tcp = port.protocol === 'tcp';
    const ipv6 = port.address.includes(':');
    plan.socket(slot, ipv6 ? AF_INET6 : AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    // Connections that have ended and only linger are no reason to refuse.
    if (tcp) plan.setsockopt(~slot, SOL_SOCKET, SO_REUSEADDR, 1);
    if (ipv6) plan.setsockopt(~slot, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    const step = plan.steps;
    plan.bindAddress(~slot, sockaddr(port));
    plan.close(slot);
    return step;
  });
}
