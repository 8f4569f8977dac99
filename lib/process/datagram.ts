import dgram from 'node:dgram';
import { addon } from '../native.ts';
import type { NetNs } from '../netns/netns.ts';
import { datagramLookup } from './lookup.ts';
import { handOver, openSocketNow, SOCK_DGRAM } from './open-socket.ts';
import { resolverOf } from './resolvers.ts';
import { AF_INET, AF_INET6 } from './sockaddr.ts';

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const OFF = new Uint8Array(4);

/** The handle of libuv's under a dgram.Socket. */
interface Handle {
  open(fd: number): number;
}

/** Node keeps it under a symbol that it does not export. */
function handleOf(socket: dgram.Socket): Handle {
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const state: unknown = Reflect.get(socket, symbol);
    if (typeof state !== 'object' || state === null || !('handle' in state)) continue;
    const { handle } = state;
    if (isHandle(handle)) return handle;
  }
  throw new Error('this Node keeps the handle of a dgram.Socket elsewhere');
}

function isHandle(value: unknown): value is Handle {
  return (
    typeof value === 'object' &&
    value !== null &&
    'open' in value &&
    typeof value.open === 'function'
  );
}

/**
 * `ns.createSocket`: see install.ts. The socket has its descriptor from the start, where libuv
 * would make one on first use, in the namespace that this thread is in then.
 */
export function createSocket(
  ns: NetNs,
  options: dgram.SocketType | dgram.SocketOptions,
  callback?: (message: Buffer, from: dgram.RemoteInfo) => void,
): dgram.Socket {
  ns.hold.check('netns.createSocket');
  const given: dgram.SocketOptions = typeof options === 'string' ? { type: options } : options;
  const socket = dgram.createSocket({ lookup: datagramLookup(resolverOf(ns)), ...given }, callback);
  try {
    const fd = openSocketNow(ns, {
      operation: 'netns.createSocket',
      domain: given.type === 'udp6' ? AF_INET6 : AF_INET,
      type: SOCK_DGRAM,
    });
    handOver(fd, () => {
      const errno = handleOf(socket).open(fd);
      if (errno !== 0) throw new Error(`netns.createSocket: uv_udp_open failed: ${errno}`);
    });
    // uv_udp_open lets others share the port, which only `reuseAddr` is to do.
    addon.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, OFF);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}
