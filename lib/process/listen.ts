import { once } from 'node:events';
import net from 'node:net';
import { integer, object, string } from '../check.ts';
import { invalidType } from '../errors.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import type { CallOptions } from '../netlink/request.ts';
import type { NetNs } from '../netns/netns.ts';
import { unixPath } from './connect.ts';
import { handOver, openSocket, SOCK_STREAM, type SocketSpec } from './open-socket.ts';
import { resolverOf } from './resolvers.ts';
import { AF_INET, AF_UNIX, familyOf, inetAddress, unixAddress } from './sockaddr.ts';
import { type SocketError, socketError } from './socket-error.ts';
import { bindToDevice, reuseAddress, splitZone, v6Only } from './socket-options.ts';

/** Where to listen: what server.listen takes. A path that begins with NUL is an abstract one. */
export interface ListenOptions {
  /** 0 for one that is free. */
  port?: number;
  /** An address of the namespace or a name of one; all its addresses unless given. */
  host?: string;
  path?: string;
  /** Connections that wait to be accepted; 511 unless given. */
  backlog?: number;
  ipv6Only?: boolean;
}

const DEFAULT_BACKLOG = 511;
const OPERATION = 'netns.listen';

/** `ns.listen`: see install.ts. */
export async function listen<S extends net.Server>(
  ns: NetNs,
  server: S,
  where: ListenOptions | number = {},
  limits: CallOptions = {},
): Promise<S> {
  if (!(server instanceof net.Server)) throw invalidType('server', server, 'a net.Server');
  const options = typeof where === 'number' ? { port: where } : where;
  object('options', options);
  checkCallOptions(limits);
  ns.hold.check(OPERATION);
  const backlog = integer('options.backlog', options.backlog ?? DEFAULT_BACKLOG, 0, 0x7fffffff);
  const fd = await (options.path === undefined
    ? bindPort(ns, options, backlog, limits)
    : bindPath(ns, options.path, backlog, limits));
  handOver(fd, () => server.listen({ fd, backlog }));
  if (!server.listening) await once(server, 'listening');
  return server;
}

async function bindPort(
  ns: NetNs,
  options: ListenOptions,
  backlog: number,
  limits: CallOptions,
): Promise<number> {
  const port = integer('options.port', options.port ?? 0, 0, 0xffff);
  const only = options.ipv6Only === true;
  if (options.host !== undefined) {
    const host = string('options.host', options.host);
    const literal = net.isIP(host) !== 0;
    const address = literal ? host : (await resolverOf(ns).lookup(host, 0))[0].address;
    return bind(ns, address, port, backlog, only, limits);
  }
  try {
    return await bind(ns, '::', port, backlog, only, limits);
  } catch (error) {
    // Without IPv6, all addresses are those of IPv4.
    if (only || !isWithoutIpv6(error)) throw error;
    return bind(ns, '0.0.0.0', port, backlog, false, limits);
  }
}

function isWithoutIpv6(error: unknown): boolean {
  const { code }: SocketError = error instanceof Error ? error : new Error();
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL' || code === 'EINVAL';
}

async function bind(
  ns: NetNs,
  host: string,
  port: number,
  backlog: number,
  only: boolean,
  limits: CallOptions,
): Promise<number> {
  const { address, dev } = splitZone(host);
  const domain = familyOf(address);
  const spec: SocketSpec = {
    operation: OPERATION,
    domain,
    type: SOCK_STREAM,
    prepare(plan, fd) {
      reuseAddress(plan, fd);
      if (domain !== AF_INET) v6Only(plan, fd, only);
      if (dev !== undefined) bindToDevice(plan, fd, dev);
      plan.bindAddress(fd, inetAddress(address, port));
      plan.listen(fd, backlog);
    },
  };
  try {
    return await openSocket(ns, spec, limits);
  } catch (error) {
    throw socketError('listen', error, host, port);
  }
}

async function bindPath(
  ns: NetNs,
  where: string,
  backlog: number,
  limits: CallOptions,
): Promise<number> {
  const path = unixPath('options.path', where);
  try {
    return await openSocket(
      ns,
      {
        operation: OPERATION,
        domain: AF_UNIX,
        type: SOCK_STREAM,
        prepare(plan, fd) {
          plan.bindAddress(fd, unixAddress(path));
          plan.listen(fd, backlog);
        },
      },
      limits,
    );
  } catch (error) {
    throw socketError('listen', error, path);
  }
}
