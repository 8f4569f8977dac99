import { integer, netnsName } from '../../check.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import type { NetNsRef } from '../../netlink/request.ts';
import type { Path } from '../../wire/path.ts';
import type { Writer } from '../../wire/writer.ts';

const IFLA_NET_NS_PID = 19;
const IFLA_NET_NS_FD = 28;
const IFLA_TARGET_NETNSID = 46;

/** A namespace by the id that the present one knows it by (see nsid). */
export interface NsId {
  readonly nsid: number;
}

/** Writes the attribute that says in which namespace a link is born or goes. */
export function writeNetns(w: Writer, value: unknown, path: Path, allowNsId: boolean): void {
  // A handle has other properties by these names: its descriptor comes first.
  if (typeof value === 'object' && value !== null && !('fd' in value) && !('slot' in value)) {
    if ('pid' in value) {
      putNumber(w, IFLA_NET_NS_PID, integer(`${path}.pid`, value.pid, 1, 0x7fffffff));
      return;
    }
    if ('nsid' in value && allowNsId) {
      putNumber(w, IFLA_TARGET_NETNSID, integer(`${path}.nsid`, value.nsid, 0, 0x7fffffff));
      return;
    }
  }
  const ref = reference(value, path, allowNsId);
  if (w.links === undefined) throw invalidValue(path.toString(), value, '{ pid } here');
  const start = w.begin(IFLA_NET_NS_FD);
  w.links.netns(ref);
  w.end(start);
}

function putNumber(w: Writer, type: number, value: number): void {
  const start = w.begin(type);
  w.u32(value);
  w.end(start);
}

function reference(value: unknown, path: Path, allowNsId: boolean): NetNsRef {
  if (typeof value === 'string') return netnsName(path.toString(), value);
  if (typeof value === 'object' && value !== null) {
    // Checked, and handed on as it is: a handle knows how to stay open meanwhile.
    if (isHandle(value)) {
      const { fd } = value;
      if (!Number.isInteger(fd) || fd < 0) integer(`${path}.fd`, fd, 0, 0x7fffffff);
      return value;
    }
    if ('slot' in value && typeof value.slot === 'number') return { slot: value.slot };
  }
  const allowed = `a NetNs, a namespace's name, { pid }${allowNsId ? ', { nsid }' : ''} or { fd }`;
  throw invalidType(path.toString(), value, allowed);
}

// Reading the descriptor of a closed handle throws, as everywhere.
const isHandle = (value: object): value is { fd: number } =>
  'fd' in value && typeof value.fd === 'number';
