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
  const allowed = `a NetNs, a namespace's name, { pid }${allowNsId ? ' or { nsid }' : ''}`;
  if (typeof value === 'object' && value !== null && 'nsid' in value) {
    if (!allowNsId) throw invalidValue(path.toString(), value, allowed);
    const start = w.begin(IFLA_TARGET_NETNSID);
    w.s32(integer(`${path}.nsid`, value.nsid, 0, 0x7fffffff));
    w.end(start);
    return;
  }
  if (typeof value === 'object' && value !== null && 'pid' in value && !('fd' in value)) {
    const start = w.begin(IFLA_NET_NS_PID);
    w.u32(integer(`${path}.pid`, value.pid, 1, 0x7fffffff));
    w.end(start);
    return;
  }
  if (w.links === undefined) throw invalidValue(path.toString(), value, '{ pid } here');
  const start = w.begin(IFLA_NET_NS_FD);
  w.links.netns(reference(value, path, allowed));
  w.end(start);
}

function reference(value: unknown, path: Path, allowed: string): NetNsRef {
  if (typeof value === 'string') return netnsName(path.toString(), value);
  if (typeof value !== 'object' || value === null)
    throw invalidType(path.toString(), value, allowed);
  if ('slot' in value && typeof value.slot === 'number') return { slot: value.slot };
  // A closed handle throws here, as everywhere.
  if ('fd' in value) {
    const fd = integer(`${path}.fd`, value.fd, 0, 0x7fffffff);
    // A handle stays open until the message is sent.
    return 'hold' in value ? (value as NetNsRef) : { fd };
  }
  throw invalidType(path.toString(), value, allowed);
}
