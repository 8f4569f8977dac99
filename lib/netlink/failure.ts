import { getSystemErrorMap } from 'node:util';
import { NetlinkError, type NetlinkErrorDetails } from '../errors.ts';

/** Where in the library and in the kernel a call failed. */
export interface Where extends Omit<NetlinkErrorDetails, 'code' | 'errno'> {
  /** The library's name of the operation, `link.add`. */
  operation: string;
  /** What a person may do about it, or what the error means just here. */
  hint?: string | undefined;
}

/** What some errors mean where they are met by every user once. */
const HINTS: Record<string, string> = {
  EPERM: 'needs CAP_NET_ADMIN over the namespace (and CAP_SYS_ADMIN to enter or make one)',
  EMFILE: 'this process may open no more descriptors (ulimit -n)',
  ENFILE: 'the machine has no descriptors left (fs.file-max)',
  ENOSPC: 'a limit of the kernel is reached (user.max_net_namespaces, fs.inotify.*)',
};

/** What libuv names otherwise than the kernel, or not at all. */
const NAMES = new Map<number, [code: string, text: string]>([
  [-95, ['EOPNOTSUPP', 'operation not supported']],
  [-37, ['ENOLCK', 'no locks available']],
  [-61, ['ENODATA', 'no data available']],
  [-75, ['EOVERFLOW', 'value too large']],
  [-96, ['EPFNOSUPPORT', 'protocol family not supported']],
  [-34, ['ERANGE', 'result out of range']],
  [-35, ['EDEADLK', 'would block for ever']],
  [-54, ['EXFULL', 'exchange full']],
  [-62, ['ETIME', 'timer expired']],
  [-524, ['ENOTSUPP', 'operation is not supported']],
]);

/** A failed kernel call as an error that explains itself. */
export function failure(errno: number, where: Where): NetlinkError {
  const [code, text] = NAMES.get(errno) ??
    getSystemErrorMap().get(errno) ?? [`E${-errno}`, 'unknown error'];
  const parts = [`${where.operation}: ${code}: ${text}`];
  if (where.syscall !== undefined) parts.push(`, ${where.syscall}`);
  if (where.netns !== undefined) parts.push(` in ${where.netns}`);
  if (where.kernelMessage) parts.push(`: ${where.kernelMessage}`);
  if (where.attribute !== undefined) parts.push(` (${where.attribute})`);
  const hint = where.hint ?? (where.kernelMessage ? undefined : HINTS[code]);
  if (hint !== undefined) parts.push(`: ${hint}`);
  const { operation: _operation, hint: _hint, ...details } = where;
  return new NetlinkError(parts.join(''), { ...details, code, errno });
}

/**
 * Gives an error that was made when an answer came the stack of those who wait for it: what it was
 * asked by, and not the event loop. The last handler of what rejects.
 */
export function located(error: unknown): never {
  if (error instanceof Error) {
    const { stack } = error;
    Error.captureStackTrace(error, located);
    // Nobody waits with `await`: then where it was made says more.
    if (!error.stack?.includes('\n    at ')) error.stack = stack;
  }
  throw error;
}
