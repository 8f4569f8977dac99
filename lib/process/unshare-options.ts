import { boolean, checkKeys, integer, object, string } from '../check.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { CLONE } from './clone-flags.ts';

/** A range of ids of a new user namespace and what they are outside: a line of uid_map(5). */
export interface IdRange {
  inside: number;
  outside: number;
  /** How many, from there on; 1 unless given. */
  count?: number;
}

/** Further namespaces that a child gets for itself, named as `unshare(1)` names them. */
export interface UnshareOptions {
  /** Mounts of its own, private: nothing it mounts is seen outside (CLONE_NEWNS). */
  mount?: boolean;
  /** The child is process 1 of a process namespace; its pid as seen here is as ever (CLONE_NEWPID). */
  pid?: boolean;
  /** A host name of its own (CLONE_NEWUTS); `hostname` sets it. */
  uts?: boolean;
  /** System V IPC and POSIX message queues of its own (CLONE_NEWIPC). */
  ipc?: boolean;
  /** The control group it is in becomes the root it sees (CLONE_NEWCGROUP). */
  cgroup?: boolean;
  /** Offsets of the monotonic and the boot clock of its own, for its children (CLONE_NEWTIME). */
  time?: boolean;
  /**
   * A user namespace (CLONE_NEWUSER): the child is root in it and has no privilege outside, which
   * includes the network namespace it runs in. True maps root to who calls.
   */
  user?: boolean | { uids: readonly IdRange[]; gids: readonly IdRange[] };
  /** A /proc that shows its own processes, in mounts of its own; by default with `pid`. */
  proc?: boolean;
  /** Its host name (sethostname(2)); implies `uts`. */
  hostname?: string;
}

/** What the launcher is told to do. */
export interface Unshare {
  /** CLONE_NEW*, without CLONE_NEWPID, which the parent asks for before it forks. */
  flags: number;
  newPids: boolean;
  proc: boolean;
  hostname: string | undefined;
  /** The text of uid_map and gid_map; undefined without a user namespace. */
  uids: string | undefined;
  gids: string | undefined;
  /** Who the child is in its user namespace, unless its caller says otherwise: root, if it has one. */
  uid: number | undefined;
  gid: number | undefined;
}

const FLAGS = {
  mount: CLONE.NEWNS,
  uts: CLONE.NEWUTS,
  ipc: CLONE.NEWIPC,
  cgroup: CLONE.NEWCGROUP,
  time: CLONE.NEWTIME,
} as const;

const KEYS = new Set([...Object.keys(FLAGS), 'pid', 'user', 'proc', 'hostname']);
const RANGE_KEYS = new Set(['inside', 'outside', 'count']);
const MAX_ID = 0xfffffffe;
const MAX_HOSTNAME = 64;

/** Reads `options.unshare`. */
export function readUnshare(path: string, value: UnshareOptions): Unshare {
  checkKeys(path, object(path, value), KEYS);
  let flags = 0;
  for (const key of Object.keys(FLAGS) as (keyof typeof FLAGS)[]) {
    if (flag(path, key, value[key])) flags |= FLAGS[key];
  }
  const newPids = flag(path, 'pid', value.pid);
  const proc = value.proc === undefined ? newPids : flag(path, 'proc', value.proc);
  if (proc) flags |= CLONE.NEWNS;
  const hostname = value.hostname === undefined ? undefined : hostnameOf(path, value.hostname);
  if (hostname !== undefined) flags |= CLONE.NEWUTS;
  const { user } = value;
  let uids: string | undefined;
  let gids: string | undefined;
  let uid: number | undefined;
  let gid: number | undefined;
  if (user === true) {
    uid = gid = 0;
    uids = `0 ${process.geteuid?.() ?? 0} 1\n`;
    gids = `0 ${process.getegid?.() ?? 0} 1\n`;
  } else if (user !== undefined && user !== false) {
    checkKeys(`${path}.user`, object(`${path}.user`, user), new Set(['uids', 'gids']));
    uids = mapOf(`${path}.user.uids`, user.uids);
    gids = mapOf(`${path}.user.gids`, user.gids);
    uid = firstOf(user.uids);
    gid = firstOf(user.gids);
  }
  if (uids !== undefined) flags |= CLONE.NEWUSER;
  return { flags, newPids, proc, hostname, uids, gids, uid, gid };
}

function flag(path: string, key: string, value: unknown): boolean {
  return value === undefined ? false : boolean(`${path}.${key}`, value);
}

function hostnameOf(path: string, value: unknown): string {
  const name = string(`${path}.hostname`, value);
  if (name.length === 0 || name.includes('\0') || Buffer.byteLength(name) > MAX_HOSTNAME) {
    throw invalidValue(`${path}.hostname`, value, `a host name of 1 to ${MAX_HOSTNAME} bytes`);
  }
  return name;
}

function firstOf(ranges: readonly IdRange[]): number {
  return Math.min(...ranges.map((range) => range.inside));
}

/** The lines of a map. The kernel wants at least one, and takes 340. */
function mapOf(path: string, value: unknown): string {
  if (!Array.isArray(value) || value.length === 0)
    throw invalidType(path, value, 'an array of ranges');
  return value
    .map((range: unknown, i) => {
      const at = `${path}[${i}]`;
      const fields = object(at, range);
      checkKeys(at, fields, RANGE_KEYS);
      const inside = integer(`${at}.inside`, fields.inside, 0, MAX_ID);
      const outside = integer(`${at}.outside`, fields.outside, 0, MAX_ID);
      const count = integer(`${at}.count`, fields.count ?? 1, 1, MAX_ID + 1);
      return `${inside} ${outside} ${count}\n`;
    })
    .join('');
}
