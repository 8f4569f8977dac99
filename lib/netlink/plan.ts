import {
  type Messages,
  REFERENCE_DESCRIPTOR,
  REFERENCE_IFINDEX,
  REFERENCE_PATH,
} from './messages.ts';
import { PlanBytes } from './plan-bytes.ts';

// The operations, as in native/plan.h.
const UNSHARE = 1;
const ENTER = 2;
const HOME = 3;
const OPEN = 4;
const SOCKET = 5;
const TRANSACT = 6;
const BIND = 7;
const UNMOUNT = 8;
const CREATE = 9;
const UNLINK = 10;
const WRITE = 11;
const READ = 12;
const CLOSE = 13;
const RUNDIR = 14;
const COOKIE = 15;
const STAT = 16;
const SOCKADDR = 17;
const LISTEN = 18;
const SETSOCKOPT = 19;
const TUN = 20;
const ETHTOOL = 21;
const LOCK = 22;
const MOUNTED = 23;
const GETSOCKNAME = 24;
const LINKNAME = 25;
const HOLDER = 26;

/** COOKIE of the namespace that the lane is in. */
const HERE = -0x80000000;

/**
 * Writes a plan: steps that a lane runs in order, in one go. A descriptor operand is a raw
 * descriptor (0 and above) or the slot that an earlier step fills (`~slot`). Each step takes flags
 * last: `UNDO` steps run only when a later step fails, in reverse order; those marked `IGNORE` may
 * fail.
 */
export class PlanWriter extends PlanBytes {
  readonly UNDO = 1;
  readonly IGNORE = 2;

  /** Must come first: the plan is run by the process behind this control socket. */
  holder(control: number): void {
    this.begin(HOLDER, 0);
    this.number(control);
    this.end();
  }

  unshare(slot: number, flags = 0): void {
    this.begin(UNSHARE, 0);
    this.number(slot);
    this.number(flags);
    this.end();
  }

  enter(fd: number, flags = 0): void {
    this.begin(ENTER, flags);
    this.number(fd);
    this.end();
  }

  home(flags = 0): void {
    this.begin(HOME, flags);
    this.end();
  }

  /** @param openFlags O_*; O_CLOEXEC is added */
  open(slot: number, openFlags: number, path: string, mode = 0, flags = 0): void {
    this.begin(OPEN, flags);
    this.number(slot);
    this.number(openFlags);
    this.number(mode);
    this.text(path);
    this.end();
  }

  /** @param receiveBuffer bytes; 0 leaves it as it is. Only for netlink. */
  socket(
    slot: number,
    domain: number,
    type: number,
    protocol: number,
    receiveBuffer = 0,
    flags = 0,
  ): void {
    this.begin(SOCKET, flags);
    this.number(slot);
    this.number(domain);
    this.number(type);
    this.number(protocol);
    this.number(receiveBuffer);
    this.end();
  }

  /** Mounts a descriptor's file on a path. */
  bind(fd: number, path: string, flags = 0): void {
    this.begin(BIND, flags);
    this.number(fd);
    this.text(path);
    this.end();
  }

  unmount(path: string, flags = 0): void {
    this.#path(UNMOUNT, path, flags);
  }

  /** Makes a file, which must not be there yet. */
  create(path: string, flags = 0): void {
    this.#path(CREATE, path, flags);
  }

  unlink(path: string, flags = 0): void {
    this.#path(UNLINK, path, flags);
  }

  /** Writes a file that is there, in one write(2). */
  writeFile(path: string, content: string | Uint8Array, flags = 0): void {
    this.begin(WRITE, flags);
    this.text(path);
    if (typeof content === 'string') this.text(content);
    else this.raw(content);
    this.end();
  }

  /** Reads a whole file, 4 MB at most. */
  read(path: string, flags = 0): void {
    this.#path(READ, path, flags);
  }

  /** Closes a slot's descriptor before the plan's end. */
  close(slot: number, flags = 0): void {
    this.begin(CLOSE, flags);
    this.number(~slot);
    this.end();
  }

  /** Makes the directory and its shared mount, under the lock that iproute2 takes. */
  runDir(path: string, flags = 0): void {
    this.#path(RUNDIR, path, flags);
  }

  /** @param fd a socket of the namespace asked for; none: where the lane is */
  cookie(fd = HERE, flags = 0): void {
    this.begin(COOKIE, flags);
    this.number(fd);
    this.end();
  }

  stat(fd: number, flags = 0): void {
    this.begin(STAT, flags);
    this.number(fd);
    this.end();
  }

  /** @param address a whole sockaddr */
  bindAddress(fd: number, address: Uint8Array, flags = 0): void {
    this.#sockaddr(fd, 0, address, flags);
  }

  /** EINPROGRESS, of a non-blocking socket, is a success. */
  connect(fd: number, address: Uint8Array, flags = 0): void {
    this.#sockaddr(fd, 1, address, flags);
  }

  listen(fd: number, backlog: number, flags = 0): void {
    this.begin(LISTEN, flags);
    this.number(fd);
    this.number(backlog);
    this.end();
  }

  setsockopt(fd: number, level: number, name: number, value: number | Uint8Array, flags = 0): void {
    this.begin(SETSOCKOPT, flags);
    this.number(fd);
    this.number(level);
    this.number(name);
    if (typeof value === 'number') {
      this.number(4);
      this.number(value);
      this.number(0);
    } else {
      this.raw(value);
    }
    this.end();
  }

  getsockname(fd: number, flags = 0): void {
    this.begin(GETSOCKNAME, flags);
    this.number(fd);
    this.end();
  }

  /**
   * Makes or attaches to a TUN or TAP device; its name is the step's data.
   * @param deviceFlags IFF_*
   * @param persist -1 leaves it as it is, else 0 or 1; owner and group likewise
   */
  tun(
    slot: number,
    name: string,
    deviceFlags: number,
    owner = -1,
    group = -1,
    persist = -1,
    flags = 0,
  ): void {
    this.begin(TUN, flags);
    this.number(slot);
    this.number(deviceFlags);
    this.number(owner);
    this.number(group);
    this.number(persist);
    this.text(name);
    this.end();
  }

  /**
   * SIOCETHTOOL: the command's bytes, over which the kernel writes its answer.
   * @param fd any socket of the namespace
   * @param answer how many bytes of it are the step's data
   */
  ethtool(fd: number, name: string, command: Uint8Array, answer: number, flags = 0): void {
    this.begin(ETHTOOL, flags);
    this.number(fd);
    this.number(answer);
    this.text(name);
    this.raw(command);
    this.end();
  }

  /** Opens a file and takes its flock(2), which lasts until the slot is closed. ETIMEDOUT after 30 s. */
  lock(slot: number, path: string, flags = 0): void {
    this.begin(LOCK, flags);
    this.number(slot);
    this.text(path);
    this.end();
  }

  /** Whether a namespace is mounted on the path: data u32, 1 or 0. */
  mounted(path: string, flags = 0): void {
    this.#path(MOUNTED, path, flags);
  }

  /** The name of the link with this index is the step's data. @param fd any socket of the namespace */
  linkNameOf(fd: number, index: number, flags = 0): void {
    this.begin(LINKNAME, flags);
    this.number(fd);
    this.number(index);
    this.end();
  }

  /**
   * Sends messages over a netlink socket and collects all answers.
   * @param firstPath the slot of the first of `messages.paths`
   * @param dumpTries how often a dump that was interrupted is asked in all
   */
  transact(fd: number, messages: Messages, firstPath = 0, dumpTries = 1, flags = 0): void {
    const { count, referenceCount, offsets, references, writer } = messages;
    this.begin(TRANSACT, flags);
    this.number(fd);
    this.number(count);
    this.number(referenceCount);
    this.number(writer.length);
    this.number(dumpTries);
    this.reserve(count * 8 + referenceCount * 8 + writer.length);
    const view = this.view;
    for (let i = 0; i < count; i++) {
      const end = i + 1 < count ? references[i + 1] : referenceCount;
      view.setUint32(this.at, offsets[i], true);
      view.setUint16(this.at + 4, messages.flags[i], true);
      view.setUint16(this.at + 6, end - references[i], true);
      this.at += 8;
    }
    for (let i = 0; i < referenceCount; i++) this.#reference(messages, i, firstPath);
    this.reserve(writer.length);
    this.bytes.set(writer.bytes.subarray(0, writer.length), this.at);
    this.at += writer.length;
    this.end();
  }

  #reference(messages: Messages, i: number, firstPath: number): void {
    const start = this.at;
    const kind = messages.referenceKinds[i];
    const value = messages.referenceValues[i];
    this.reserve(8);
    this.at += 8;
    let length = 4;
    if (typeof value === 'string') {
      length = this.characters(value);
      this.pad();
    } else {
      this.number(kind === REFERENCE_PATH ? ~(firstPath + value) : value);
    }
    const view = this.view;
    view.setUint32(start, messages.referenceOffsets[i], true);
    view.setUint16(
      start + 4,
      kind === REFERENCE_IFINDEX ? REFERENCE_IFINDEX : REFERENCE_DESCRIPTOR,
      true,
    );
    view.setUint16(start + 6, length, true);
  }

  #path(operation: number, path: string, flags: number): void {
    this.begin(operation, flags);
    this.text(path);
    this.end();
  }

  #sockaddr(fd: number, which: number, address: Uint8Array, flags: number): void {
    this.begin(SOCKADDR, flags);
    this.number(fd);
    this.number(which);
    this.raw(address);
    this.end();
  }
}
