import { boolean, checkKeys, device, integer, object } from '../check.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import { NetNs } from '../netns/netns.ts';
import { PacketSocket } from '../netns/packet-socket.ts';
import { FAILURE, Packet, RECORD } from './packet.ts';

export interface CaptureOptions {
  /** Only this link, by name or ifindex; all of the namespace unless given. */
  dev?: string | number;
  /** Only packets that came in, or went out. */
  direction?: 'in' | 'out';
  /** Only packets for which it answers true. */
  where?: (packet: Packet) => boolean;
  /** At most so many bytes of each packet are stored: 14 to 262144 (default). */
  snapLength?: number;
  /** Bytes that the kernel keeps for a slow reader, 65536 to 1 GiB; 4 MiB by default. */
  bufferSize?: number;
  /** Has `dev` take in what is addressed to others as well (IFF_PROMISC), until the end. */
  promiscuous?: boolean;
  /** Ends the capture: the loop ends with the signal's reason as its error. */
  signal?: AbortSignal;
}

/** Packets since the capture began. */
export interface CaptureStatistics {
  /** All that matched the link, lost ones included. */
  received: number;
  /** Lost because nobody took them in time and the kernel's buffer was full. */
  dropped: number;
}

const OPTIONS = new Set([
  'dev',
  'direction',
  'where',
  'snapLength',
  'bufferSize',
  'promiscuous',
  'signal',
]);
const MAX_SNAP = 262_144;
const AT_ONCE = 256;
const ROOM = 1 << 20;

/**
 * Packets of a namespace's links as an async iterable (AF_PACKET). It is read only as fast as the
 * loop asks: what comes meanwhile waits in the kernel's buffer, and `statistics()` tells what did
 * not fit. Ends by its signal, by leaving the loop, by `close()`, with the handle of the namespace,
 * and when the link goes away.
 */
export class Capture implements AsyncIterableIterator<Packet> {
  readonly #socket: PacketSocket;
  readonly #options: CaptureOptions;
  readonly #names: Map<number, string>;
  readonly #snap: number;
  readonly #buffer: Uint8Array;
  readonly #records = new Uint8Array(AT_ONCE * RECORD);
  readonly #view = new DataView(this.#records.buffer);
  readonly #unlisten: () => void;
  #count = 0;
  #next = 0;
  #aborted = false;
  // Calls of next() are answered one after the other.
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal Use `capture()`. */
  constructor(socket: PacketSocket, options: CaptureOptions, names: Map<number, string>) {
    this.#socket = socket;
    this.#options = options;
    this.#names = names;
    this.#snap = options.snapLength ?? MAX_SNAP;
    this.#buffer = new Uint8Array(Math.max(ROOM, this.#snap));
    // The signal must not keep a capture that everybody else has dropped.
    const self = new WeakRef(this);
    const abort = (): void => self.deref()?.abort();
    options.signal?.addEventListener('abort', abort, { once: true });
    this.#unlisten = () => options.signal?.removeEventListener('abort', abort);
    dropped.register(this, socket, this);
    if (options.signal?.aborted) this.abort();
  }

  /** @internal */
  abort(): void {
    this.#aborted = true;
    this.#socket.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Packet>> {
    const turn = this.#turn.then(() => this.#take());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async return(): Promise<IteratorResult<Packet>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** How many packets matched, and how many of them were lost. Holds after the end too. */
  statistics(): CaptureStatistics {
    return this.#socket.statistics();
  }

  /** Takes what waits at this moment, without waiting for more. */
  drain(): Packet[] {
    const packets: Packet[] = [];
    for (let packet = this.#waitingPacket(); packet !== undefined; packet = this.#waitingPacket()) {
      packets.push(packet);
    }
    return packets;
  }

  /** Ends the capture; idempotent. A loop that waits for a packet ends. */
  close(): void {
    dropped.unregister(this);
    this.#unlisten();
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #take(): Promise<IteratorResult<Packet>> {
    for (;;) {
      if (this.#aborted) {
        // Once: a loop that goes on after the error finds the end.
        this.#aborted = false;
        this.close();
        throw this.#options.signal?.reason;
      }
      const packet = this.#waitingPacket();
      if (packet !== undefined) return { done: false, value: packet };
      if (this.#socket.closed) {
        this.close();
        return { done: true, value: undefined };
      }
      await this.#socket.wait();
    }
  }

  /** The next packet that is wanted, of those taken from the kernel or waiting there. */
  #waitingPacket(): Packet | undefined {
    for (;;) {
      if (this.#next === this.#count) {
        if (this.#socket.closed) return undefined;
        this.#count = this.#socket.take(this.#buffer, this.#snap, this.#records);
        this.#next = 0;
        if (this.#count === 0) return undefined;
      }
      const at = this.#next++ * RECORD;
      if (this.#view.getUint16(at + 24, true) === FAILURE) {
        this.#socket.failed(this.#view.getInt32(at + 12, true));
        continue;
      }
      const packet = new Packet(this.#buffer, this.#view, at, (index) => this.#names.get(index));
      const { direction, where } = this.#options;
      if (direction !== undefined && packet.direction !== direction) continue;
      if (where === undefined || where(packet)) return packet;
    }
  }
}

/** Captures that were dropped without being closed. */
const dropped = new FinalizationRegistry<PacketSocket>((socket) => socket.close());

/**
 * Captures the packets of a namespace: when this resolves, the kernel has begun to store them.
 * Needs CAP_NET_RAW in the namespace. A link that does not exist is ENODEV.
 *
 * ```ts
 * const frames = await capture(ns, { dev: 'br0', signal });
 * for await (const frame of frames) console.log(`${frame}`);
 * ```
 */
export async function capture(ns: NetNs, options: CaptureOptions = {}): Promise<Capture> {
  if (!(ns instanceof NetNs)) throw invalidType('netns', ns, 'a NetNs');
  checkOptions(options);
  options.signal?.throwIfAborted();
  // By name, an index would be stale only if the link were renamed this very moment.
  const links = options.dev === undefined ? await ns.link.list() : [await ns.link.get(options.dev)];
  const names = new Map(links.map((link) => [link.index, link.name]));
  const socket = await PacketSocket.open(ns.hold, {
    ifindex: options.dev === undefined ? 0 : links[0].index,
    bufferSize: options.bufferSize ?? 4 << 20,
    promiscuous: options.promiscuous === true,
    ignoreOutgoing: options.direction === 'in',
  });
  return new Capture(socket, options, names);
}

function checkOptions(options: CaptureOptions): void {
  checkKeys('options', object('options', options), OPTIONS);
  if (options.dev !== undefined) device('options.dev', options.dev);
  if (
    options.direction !== undefined &&
    options.direction !== 'in' &&
    options.direction !== 'out'
  ) {
    throw invalidValue('options.direction', options.direction, "'in' or 'out'");
  }
  if (options.where !== undefined && typeof options.where !== 'function') {
    throw invalidType('options.where', options.where, 'a function');
  }
  if (options.snapLength !== undefined) {
    integer('options.snapLength', options.snapLength, 14, MAX_SNAP);
  }
  if (options.bufferSize !== undefined) {
    integer('options.bufferSize', options.bufferSize, 65_536, 2 ** 30);
  }
  if (options.promiscuous !== undefined) boolean('options.promiscuous', options.promiscuous);
  if (options.promiscuous && options.dev === undefined) {
    throw invalidValue('options.promiscuous', true, 'given together with options.dev');
  }
  if (options.signal !== undefined) checkCallOptions({ signal: options.signal });
}
