import { once } from 'node:events';
import net from 'node:net';
import { integer, object, string } from '../check.ts';
import { invalidType, invalidValue, NetlinkError } from '../errors.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import type { CallOptions } from '../netlink/request.ts';
import type { NetNs } from '../netns/netns.ts';
import { handOver, openSocket, SOCK_STREAM } from './open-socket.ts';
import { resolverOf } from './resolvers.ts';
import { AF_UNIX, familyOf, MAX_UNIX_PATH, unixAddress } from './sockaddr.ts';
import { socketError } from './socket-error.ts';
import { bindToDevice, splitZone } from './socket-options.ts';

/** Where to connect to: what net.connect takes. A path that begins with NUL is an abstract one. */
export type ConnectOptions = (net.TcpNetConnectOpts | net.IpcNetConnectOpts) & {
  signal?: AbortSignal;
};

type TcpOptions = net.TcpNetConnectOpts;

const isPath = (options: ConnectOptions): options is net.IpcNetConnectOpts =>
  'path' in options && options.path !== undefined && options.path !== null;

/** `ns.connect`: see install.ts. */
export async function connect(
  ns: NetNs,
  options: ConnectOptions,
  limits: CallOptions = {},
): Promise<net.Socket> {
  object('options', options);
  checkCallOptions(limits);
  ns.hold.check('netns.connect');
  const signal = limit(limits);
  if (isPath(options)) return connectPath(ns, options, limits);
  const port = integer('options.port', Number(options.port), 0, 0xffff);
  const host = options.host ?? 'localhost';
  const addresses = await addressesOf(ns, string('options.host', host), options);
  const errors: unknown[] = [];
  for (const [i, address] of addresses.entries()) {
    // As net.connect: an address that does not answer soon gives way to the next.
    const patience =
      i + 1 < addresses.length ? net.getDefaultAutoSelectFamilyAttemptTimeout() : undefined;
    try {
      return await connectAddress(ns, address, port, options, signal, patience);
    } catch (error) {
      if (signal?.aborted) throw givenUp(limits, host, port);
      errors.push(error);
    }
  }
  throw errors.length === 1 ? errors[0] : allFailed(errors);
}

function limit(limits: CallOptions): AbortSignal | undefined {
  const signals = [];
  if (limits.signal !== undefined) signals.push(limits.signal);
  if (limits.timeout !== undefined) signals.push(AbortSignal.timeout(limits.timeout));
  return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
}

function givenUp(limits: CallOptions, host: string, port: number): NetlinkError {
  return limits.signal?.aborted
    ? new NetlinkError(`netns.connect: aborted by its signal (${host}:${port})`, {
        code: 'ABORT_ERR',
        cause: limits.signal.reason,
      })
    : new NetlinkError(`netns.connect: not done within ${limits.timeout} ms (${host}:${port})`, {
        code: 'ETIMEDOUT',
        syscall: 'connect',
      });
}

/** As Node tells that no address of a name could be reached. */
function allFailed(errors: unknown[]): AggregateError {
  const [first] = errors;
  const code = first instanceof Error && 'code' in first ? first.code : undefined;
  return Object.assign(new AggregateError(errors), { code });
}

async function addressesOf(ns: NetNs, host: string, options: TcpOptions): Promise<string[]> {
  if (net.isIP(host) !== 0) return [host];
  const { lookup } = options;
  const family = options.family === 4 ? 4 : options.family === 6 ? 6 : 0;
  if (lookup === undefined) {
    return (await resolverOf(ns).lookup(host, family)).map(({ address }) => address);
  }
  return new Promise((resolve, reject) => {
    lookup(host, { family, all: true, hints: options.hints }, (error, found) => {
      if (error) reject(error);
      else resolve(typeof found === 'string' ? [found] : found.map(({ address }) => address));
    });
  });
}

async function connectAddress(
  ns: NetNs,
  host: string,
  port: number,
  options: TcpOptions,
  signal: AbortSignal | undefined,
  patience: number | undefined,
): Promise<net.Socket> {
  const { address, dev } = splitZone(host);
  const fd = await openSocket(
    ns,
    {
      operation: 'netns.connect',
      domain: familyOf(address),
      type: SOCK_STREAM,
      prepare: (plan, slot) => dev !== undefined && bindToDevice(plan, slot, dev),
    },
    signal && { signal },
  ).catch((error) => {
    throw socketError('connect', error, host, port);
  });
  const { lookup: _lookup, host: _host, hints: _hints, autoSelectFamily: _auto, ...rest } = options;
  // manualStart: what is not connected yet must not be read from. Node's own, for its own sockets.
  const socketOptions = { ...rest, fd, manualStart: true };
  const socket = handOver(fd, () => new net.Socket(socketOptions));
  socket.connect({ ...rest, host: address, port, family: net.isIPv6(address) ? 6 : 4 });
  const attempt = patience === undefined ? signal : withPatience(signal, patience);
  try {
    await once(socket, 'connect', { signal: attempt });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

function withPatience(signal: AbortSignal | undefined, patience: number): AbortSignal {
  const soon = AbortSignal.timeout(patience);
  return signal === undefined ? soon : AbortSignal.any([signal, soon]);
}

async function connectPath(
  ns: NetNs,
  options: net.IpcNetConnectOpts,
  limits: CallOptions,
): Promise<net.Socket> {
  const path = unixPath('options.path', options.path);
  const fd = await openSocket(
    ns,
    {
      operation: 'netns.connect',
      domain: AF_UNIX,
      type: SOCK_STREAM,
      // Never waits: it is accepted into the listener's queue, or refused, at once.
      prepare: (plan, slot) => plan.connect(slot, unixAddress(path)),
    },
    limits,
  ).catch((error) => {
    throw socketError('connect', error, path);
  });
  const { path: _path, ...rest } = options;
  return handOver(fd, () => new net.Socket({ ...rest, fd }));
}

/** A Unix socket's path that fits its address. */
export function unixPath(at: string, value: unknown): string {
  const path = string(at, value);
  const name = path.startsWith('\0') ? path.slice(1) : path;
  if (name === '' || Buffer.byteLength(path) > MAX_UNIX_PATH + (path === name ? 0 : 1)) {
    throw invalidValue(at, value, `a path of 1 to ${MAX_UNIX_PATH} bytes, or one after a NUL`);
  }
  if (name === path && name.includes('\0')) throw invalidType(at, value, 'a path without NUL');
  return path;
}
