import { getSystemErrorName } from 'node:util';
import { checkKeys, integer, netnsName, object, string } from '../check.ts';
import { invalidType, NetlinkError } from '../errors.ts';
import { addon } from '../native.ts';
import { failure } from '../netlink/failure.ts';
import { isLeftover, pathOf, RUN_DIR } from './names.ts';

const CLONE_NEWNET = 0x40000000;
const O_RDONLY = 0;
const MAX_PID = 2 ** 22;

/** A namespace that exists: its name in /run/netns, a process in it, a file or a descriptor of it. */
export type NetNsSource = string | { pid: number } | { path: string } | { fd: number };

const KINDS = ['pid', 'path', 'fd'] as const;

/** The file that a source names. A descriptor is opened anew through /proc, so that each is closed alone. */
export function sourcePath(source: unknown): string {
  if (typeof source === 'string') return pathOf(netnsName('source', source));
  if (typeof source !== 'object' || source === null) {
    throw invalidType('source', source, 'a name, { pid }, { path } or { fd }');
  }
  const given = object('source', source);
  checkKeys('source', given, new Set(KINDS));
  if (Object.keys(given).length !== 1) {
    throw invalidType('source', source, 'an object with exactly one of pid, path and fd');
  }
  if (given.pid !== undefined)
    return `/proc/${integer('source.pid', given.pid, 1, MAX_PID)}/ns/net`;
  if (given.path !== undefined) {
    const path = string('source.path', given.path);
    if (path === '' || path.includes('\0')) throw invalidType('source.path', given.path, 'a path');
    return path;
  }
  return `/proc/self/fd/${integer('source.fd', given.fd, 0, 0x7fffffff)}`;
}

/** A descriptor of the namespace, or an error that says why there is none. */
export function openSource(source: NetNsSource): number {
  const path = sourcePath(source);
  const fd = addon.open(path, O_RDONLY);
  if (fd < 0) {
    throw failure(fd, {
      operation: 'NetNs.open',
      syscall: 'open',
      hint: getSystemErrorName(fd) === 'ENOENT' ? missing(source) : path,
    });
  }
  if (addon.nsType(fd) === CLONE_NEWNET) return fd;
  addon.close(fd);
  const leftover = typeof source === 'string' && isLeftover(source);
  throw new NetlinkError(
    leftover
      ? `NetNs.open: '${source}' is only a file that a crash has left; delete the name, or create it with { replaceLeftover: true }`
      : `NetNs.open: ${path} is not a network namespace`,
    { code: 'ERR_NOT_A_NETNS', syscall: 'ioctl' },
  );
}

function missing(source: NetNsSource): string {
  if (typeof source === 'string') return `there is no namespace '${source}' in ${RUN_DIR}`;
  if ('pid' in source) return `there is no process ${source.pid}`;
  return 'there is no such file or descriptor';
}
