import { checkKeys, integer, netnsName, object } from '../check.ts';
import { invalidType } from '../errors.ts';
import { addon } from '../native.ts';
import { Channel } from '../netlink/channel.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import type { CallOptions, Request } from '../netlink/request.ts';
import { type Plan, run, runNow } from '../netlink/task.ts';
import type { TunSpec } from '../tun/spec.ts';
import { creation, deletion, persistence } from './creation.ts';
import { type EthtoolFace, ethtoolFace, type SyncEthtoolFace, syncEthtoolFace } from './ethtool.ts';
import { whenFreed } from './freed.ts';
import { dropped, Hold, handles, socketCount } from './hold.ts';
import { NameWatch } from './name-watch.ts';
import { listNames, type NetNsEntry, pathOf } from './names.ts';
import { type AsyncObjects, defineObjects, type SyncObjects, syncObjects } from './objects.ts';
import { peerOf } from './peer.ts';
import { namesOfProcess, processesIn } from './processes.ts';
import { whenReady } from './ready.ts';
import { type NetNsSource, openSource } from './source.ts';
import { Sysctl } from './sysctl.ts';
import type { TopicName } from './topics.ts';
import { addTun, type Tun } from './tun.ts';
import { type Watch, type WatchOptions, watch } from './watch.ts';

export interface CreateOptions extends CallOptions {
  /** Takes the place of a file that a crash has left under the name, on which nothing is mounted. */
  replaceLeftover?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Resolves only when the kernel has freed the namespace, links and all: 30 ms and more. */
  wait?: boolean;
}

/** What this process holds. */
export interface NetNsStats {
  /** Open handles. */
  handles: number;
  /** Sockets inside namespaces, kept by their handles. */
  sockets: number;
  /** All descriptors of the addon, those included. */
  descriptors: number;
  /** Threads that change namespace, how many are at work, and how many could not come home. */
  lanes: number;
  busyLanes: number;
  retiredLanes: number;
  /** Plans that wait for a lane. */
  queued: number;
}

/** The answers of a batch, request by request. */
type Answers<R extends readonly Request<unknown>[]> = {
  -readonly [K in keyof R]: R[K] extends Request<infer T> ? T : never;
};

const NETLINK_ROUTE = 0;
const CREATE_OPTIONS = new Set(['signal', 'timeout', 'replaceLeftover']);
const DELETE_OPTIONS = new Set(['signal', 'timeout', 'wait']);

/**
 * A network namespace, pinned by a descriptor: it lives at least as long as this handle is open.
 * Close it with `close()` or `using`; later use throws ERR_NETNS_CLOSED.
 */
export class NetNs {
  /** @internal What the handle holds: by it the other parts of the library reach the namespace. */
  readonly hold: Hold;
  #channel: Channel | undefined;
  #cookie: bigint | undefined;
  #sync: (SyncObjects & { readonly ethtool: SyncEthtoolFace }) | undefined;
  #ethtool: EthtoolFace | undefined;
  #sysctl: Sysctl | undefined;

  /** @internal Use `create`, `open` or `current`. */
  constructor(hold: Hold) {
    this.hold = hold;
    dropped.register(this, hold, hold);
  }

  /**
   * Makes a namespace: anonymous, or with a name in /run/netns that `ip netns` sees too. A name
   * that exists is EEXIST. Needs CAP_SYS_ADMIN. (unshare(2), CLONE_NEWNET)
   */
  static async create(name?: string, options?: CreateOptions): Promise<NetNs> {
    checkCreate(name, options);
    // Given up and made all the same: gone again, name and all.
    return run(newNetNs(name, options), options, (late) => late.delete().catch(() => late.close()));
  }

  /** As `create`, blocking the calling thread. */
  static createSync(name?: string, options?: Pick<CreateOptions, 'replaceLeftover'>): NetNs {
    checkCreate(name, options);
    return runNow(newNetNs(name, options));
  }

  /** A handle of a namespace that exists. */
  static open(source: NetNsSource): NetNs {
    return new NetNs(new Hold(openSource(source), typeof source === 'string' ? source : undefined));
  }

  /** A handle of the namespace that the calling thread is in. */
  static current(): NetNs {
    return NetNs.open({ path: '/proc/thread-self/ns/net' });
  }

  /** The names in /run/netns, whoever made them, in order; leftovers of crashes marked. */
  static list(): Promise<NetNsEntry[]> {
    return listNames();
  }

  /** Takes a name away, as `ip netns delete` does: the namespace lives on while something holds it. */
  static async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    netnsName('name', name);
    checkDelete(options);
    if (options.wait) return NetNs.open(name).delete(options);
    return run(deletion(name), options);
  }

  static deleteSync(name: string): void {
    runNow(deletion(netnsName('name', name)));
  }

  /** The names in /run/netns of the namespace that a process is in, as `ip netns identify`. */
  static async identify(pid: number): Promise<string[]> {
    return namesOfProcess(integer('pid', pid, 1, 2 ** 22));
  }

  /** Tells each name that comes and goes in /run/netns, as `ip netns monitor`. */
  static watch(options: { signal?: AbortSignal } = {}): NameWatch {
    checkCallOptions(options);
    return new NameWatch(options.signal);
  }

  static stats(): NetNsStats {
    const { threads, busy, queued, retired } = addon.lanes();
    return {
      handles: handles.size,
      sockets: socketCount(),
      descriptors: addon.openFds(),
      lanes: threads,
      busyLanes: busy,
      retiredLanes: retired,
      queued,
    };
  }

  /** @internal Where requests on links, addresses and so on go. */
  get channel(): Channel {
    this.#channel ??= new Channel(this.hold, NETLINK_ROUTE);
    return this.#channel;
  }

  get name(): string | undefined {
    return this.hold.name;
  }

  /** Its file in /run/netns, or, without a name, this process's descriptor. */
  get path(): string {
    return this.hold.name === undefined
      ? `/proc/${process.pid}/fd/${this.fd}`
      : pathOf(this.hold.name);
  }

  get closed(): boolean {
    return this.hold.closed;
  }

  /** The descriptor that pins the namespace; it stays this handle's. */
  get fd(): number {
    this.hold.check('netns.fd');
    return this.hold.fd;
  }

  /** The inode number, as in `net:[4026531840]`. The kernel uses it again once the namespace is freed. */
  get inode(): number {
    return Number(addon.fstat(this.fd)[1]);
  }

  /** A number that no other namespace gets until the machine is booted again (SO_NETNS_COOKIE). */
  get cookie(): bigint {
    this.hold.check('netns.cookie');
    this.#cookie ??= runNow(this.#asking('netns.cookie'));
    return this.#cookie;
  }

  /** Whether both handles are of the same namespace. */
  equals(other: NetNs): boolean {
    if (!(other instanceof NetNs)) throw invalidType('other', other, 'a NetNs');
    return this.inode === other.inode;
  }

  /** Gives the namespace a name in /run/netns, which outlives this process. */
  async persist(name: string, options?: CreateOptions): Promise<void> {
    checkCreate(netnsName('name', name), options);
    this.hold.check('netns.persist');
    await this.#busy(run(persistence(this.fd, name, options?.replaceLeftover === true), options));
    this.hold.name ??= name;
  }

  /** Takes away its name, if it has one, and closes the handle. */
  async delete(options: DeleteOptions = {}): Promise<void> {
    checkDelete(options);
    this.hold.check('netns.delete');
    const { name } = this.hold;
    if (name !== undefined) await run(deletion(name), options);
    if (options.wait) await whenFreed(this, options);
    else this.close();
  }

  /** The processes in it, as `ip netns pids`: by their main threads. */
  async pids(): Promise<number[]> {
    return processesIn(this.inode);
  }

  /** The operations on links, addresses and so on, each at once on the calling thread. */
  get sync(): SyncObjects & { readonly ethtool: SyncEthtoolFace } {
    this.#sync ??= Object.assign(syncObjects(this), { ethtool: syncEthtoolFace(this.hold) });
    return this.#sync;
  }

  /** What `ethtool` shows and sets of a link. */
  get ethtool(): EthtoolFace {
    this.#ethtool ??= ethtoolFace(this.hold);
    return this.#ethtool;
  }

  /** Makes a tun or tap link, or attaches to one, and hands out its descriptors. */
  get tun(): { add(spec: TunSpec): Promise<Tun> } {
    return { add: (spec) => addTun(this.hold, spec) };
  }

  /**
   * Tells what changes, by topic ('link', 'address', 'route', …; all unless given), from this call
   * on. After events were lost it says so (`{ type: 'overrun' }`) and tells how things stand.
   */
  watch(topics?: readonly TopicName[], options: WatchOptions = {}): Watch {
    return watch(this, topics, options);
  }

  /** The settings under /proc/sys/net, as the namespace sees them. */
  get sysctl(): Sysctl {
    this.#sysctl ??= new Sysctl(this.hold);
    return this.#sysctl;
  }

  /**
   * Sends requests in one system call, in order; one may name links that an earlier one makes.
   * Rejects with the first error, `failures` telling all: what went in the same system call is
   * done all the same.
   */
  async batch<const R extends readonly Request<unknown>[]>(
    requests: R,
    options?: CallOptions,
  ): Promise<Answers<R>> {
    return (await this.channel.batch(requests, options)) as Answers<R>;
  }

  /** Gives the handle up; idempotent. The namespace goes when nothing else holds it. */
  close(): void {
    if (this.hold.closed) return;
    dropped.unregister(this.hold);
    this.hold.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #asking(operation: string): Plan<bigint> {
    let step = 0;
    return {
      operation,
      netns: this.hold.label,
      write: (plan) => {
        this.hold.enter(plan);
        step = plan.steps;
        plan.cookie();
      },
      read: (made) => made.bigint(step),
    };
  }

  // The plan names the descriptor, so it is not closed before the plan is over.
  async #busy<T>(promise: Promise<T>): Promise<T> {
    this.hold.begin();
    try {
      return await promise;
    } finally {
      this.hold.end();
    }
  }
}

export interface NetNs extends AsyncObjects {}
defineObjects(NetNs.prototype, {
  link: (ns) => ({ peer: (dev) => peerOf(ns, dev) }),
  address: (ns) => ({ waitReady: (filter, options) => whenReady(ns, filter, options) }),
});

function newNetNs(name: string | undefined, options: CreateOptions | undefined): Plan<NetNs> {
  return creation(name, options?.replaceLeftover, (fd) => new NetNs(new Hold(fd, name)));
}

function checkCreate(name: string | undefined, options: CreateOptions | undefined): void {
  if (name !== undefined) netnsName('name', name);
  if (options === undefined) return;
  checkKeys('options', object('options', options), CREATE_OPTIONS);
  checkCallOptions(options);
}

function checkDelete(options: DeleteOptions): void {
  checkKeys('options', object('options', options), DELETE_OPTIONS);
  checkCallOptions(options);
}
