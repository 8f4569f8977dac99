import { getSystemErrorMap } from 'node:util';
import { NetlinkError } from '../errors.ts';

/** An error as Node's own sockets give it, with the address it is about. */
export interface SocketError extends NodeJS.ErrnoException {
  address?: string;
  port?: number;
}

/**
 * What the kernel said of a socket made in a namespace, in Node's form:
 * 'listen EADDRINUSE: address already in use 10.0.0.2:80'.
 */
export function socketError(
  call: 'connect' | 'listen' | 'socket',
  error: unknown,
  address: string,
  port?: number,
): unknown {
  if (!(error instanceof NetlinkError) || error.errno === 0) return error;
  const text = getSystemErrorMap().get(error.errno)?.[1] ?? 'unknown error';
  const at = port === undefined ? address : `${address}:${port}`;
  const message =
    call === 'connect' ? `${call} ${error.code} ${at}` : `${call} ${error.code}: ${text} ${at}`;
  const told: SocketError = Object.assign(new Error(message, { cause: error }), {
    code: error.code,
    errno: error.errno,
    syscall: call,
    address,
  });
  if (port !== undefined) told.port = port;
  return told;
}
