import { randomInt } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import { checkKeys, integer, object, string } from '../check.ts';
import { NetlinkError } from '../errors.ts';
import { addon, type PollHandle } from '../native.ts';
import { failure } from '../netlink/failure.ts';
import { checkCallOptions } from '../netlink/limits.ts';
import type { NetNs } from '../netns/netns.ts';
import { type EchoReply, ICMP, ICMPV6, readEcho, writeEcho } from './icmp-echo.ts';
import { openSocket, SOCK_RAW } from './open-socket.ts';
import { resolverOf } from './resolvers.ts';
import { AF_INET, AF_INET6, addressIn, inetAddress } from './sockaddr.ts';
import { bindToDevice, splitZone } from './socket-options.ts';

export interface PingOptions {
  /** Requests; 1 unless given. */
  count?: number;
  /** Milliseconds from one to the next; 1000 unless given. */
  interval?: number;
  /** Milliseconds that each may take to be answered; 1000 unless given. */
  timeout?: number;
  /** Bytes of data in each, 0 to 65,000; 56 unless given. */
  size?: number;
  /** Hops it may take, 1 to 255 (IP_TTL, IPV6_UNICAST_HOPS). */
  ttl?: number;
  /** The link to send by (SO_BINDTODEVICE). */
  dev?: string;
  family?: 4 | 6;
  /** Ends it: the promise is rejected with ABORT_ERR. */
  signal?: AbortSignal;
}

/** What became of one request. */
export interface PingReply {
  /** From 1. */
  seq: number;
  /** Milliseconds until it was answered; undefined where it was not. */
  ms: number | undefined;
  /** Who answered, or said why the host can't be reached. */
  from?: string;
  /** The answer's remaining hops (IPv4). */
  ttl?: number;
  /** Why there is no time: nothing came, or an ICMP error did. */
  error?: 'timeout' | 'unreachable' | 'ttl-exceeded';
}

const KEYS = new Set(['count', 'interval', 'timeout', 'size', 'ttl', 'dev', 'family', 'signal']);
const MAX_PACKET = 0x10000;
const SOCKADDR_STORAGE = 128;
const IPPROTO_IP = 0;
const IP_TTL = 2;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const OPERATION = 'netns.ping';

/** `ns.ping`: see install.ts. */
export async function ping(
  ns: NetNs,
  host: string,
  options: PingOptions = {},
): Promise<PingReply[]> {
  checkKeys('options', object('options', options), KEYS);
  checkCallOptions({ signal: options.signal });
  const count = integer('options.count', options.count ?? 1, 1, 0xffff);
  const interval = integer('options.interval', options.interval ?? 1000, 0, 0x7fffffff);
  const timeout = integer('options.timeout', options.timeout ?? 1000, 1, 0x7fffffff);
  const size = integer('options.size', options.size ?? 56, 0, 65_000);
  const ttl = options.ttl === undefined ? undefined : integer('options.ttl', options.ttl, 1, 255);
  ns.hold.check(OPERATION);
  if (options.signal?.aborted) throw aborted(host, options.signal);
  const { address, dev } = await target(ns, host, options);
  const v6 = isIPv6(address);
  const fd = await openSocket(ns, {
    operation: OPERATION,
    domain: v6 ? AF_INET6 : AF_INET,
    type: SOCK_RAW,
    protocol: v6 ? ICMPV6 : ICMP,
    prepare(plan, slot) {
      if (dev !== undefined) bindToDevice(plan, slot, dev);
      if (ttl === undefined) return;
      const value = new Uint8Array(new Int32Array([ttl]).buffer);
      plan.setsockopt(slot, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_UNICAST_HOPS : IP_TTL, value);
    },
  });
  const pinger = new Pinger(ns, fd, address, new Uint8Array(size), timeout);
  return pinger.run(count, interval, options.signal);
}

async function target(
  ns: NetNs,
  host: string,
  options: PingOptions,
): Promise<{ address: string; dev: string | undefined }> {
  const { address, dev } = splitZone(string('host', host));
  const by = options.dev ?? dev;
  if (isIP(address) !== 0) return { address, dev: by };
  const [found] = await resolverOf(ns).lookup(address, options.family ?? 0);
  return { address: found.address, dev: by };
}

function aborted(host: string, signal: AbortSignal): NetlinkError {
  return new NetlinkError(`${OPERATION}: aborted by its signal (${host})`, {
    code: 'ABORT_ERR',
    cause: signal.reason,
  });
}

interface Request {
  sent: number;
  timer: NodeJS.Timeout;
  settle(reply: PingReply): void;
}

/** A raw ICMP socket, the requests on their way, and the answers that come. */
class Pinger {
  readonly #ns: NetNs;
  readonly #fd: number;
  readonly #host: string;
  readonly #v6: boolean;
  readonly #to: Uint8Array;
  readonly #data: Uint8Array;
  readonly #timeout: number;
  readonly #id = randomInt(0x10000);
  readonly #waiting = new Map<number, Request>();
  readonly #packet = new Uint8Array(MAX_PACKET);
  readonly #from = new Uint8Array(SOCKADDR_STORAGE);
  readonly #poll: PollHandle;
  #fail: (error: unknown) => void = () => {};

  constructor(ns: NetNs, fd: number, host: string, data: Uint8Array, timeout: number) {
    this.#ns = ns;
    this.#fd = fd;
    this.#host = host;
    this.#v6 = isIPv6(host);
    this.#to = inetAddress(host, 0);
    this.#data = data;
    this.#timeout = timeout;
    this.#poll = addon.poll(fd, () => this.#receive());
  }

  /** One request every `interval` ms, whether those before are answered or not. */
  async run(
    count: number,
    interval: number,
    signal: AbortSignal | undefined,
  ): Promise<PingReply[]> {
    let timer: NodeJS.Timeout | undefined;
    const abort = (): void => this.#fail(signal && aborted(this.#host, signal));
    try {
      return await new Promise<PingReply[]>((resolve, reject) => {
        this.#fail = reject;
        signal?.addEventListener('abort', abort, { once: true });
        const replies: PingReply[] = [];
        let settled = 0;
        const send = (seq: number): void => {
          if (seq < count) timer = setTimeout(send, interval, seq + 1);
          this.#send(seq, (reply) => {
            replies[seq - 1] = reply;
            if (++settled === count) resolve(replies);
          });
        };
        send(1);
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      for (const request of this.#waiting.values()) clearTimeout(request.timer);
      this.#poll.close();
      addon.close(this.#fd);
    }
  }

  #send(seq: number, settle: (reply: PingReply) => void): void {
    const packet = writeEcho(this.#v6, this.#id, seq, this.#data);
    const timer = setTimeout(() => {
      this.#waiting.delete(seq);
      settle({ seq, ms: undefined, error: 'timeout' });
    }, this.#timeout);
    this.#waiting.set(seq, { sent: performance.now(), timer, settle });
    const sent = addon.sendTo(this.#fd, packet, packet.length, this.#to);
    if (sent < 0) {
      const where = { operation: OPERATION, syscall: 'sendto', netns: this.#ns.hold.label };
      this.#fail(failure(sent, { ...where, hint: `to ${this.#host}` }));
    }
  }

  #receive(): void {
    for (;;) {
      const length = addon.receiveFrom(this.#fd, this.#packet, this.#from);
      if (length < 0) return; // read it all, or an error that the requests' own time limits cover
      const reply = readEcho(this.#v6, this.#id, this.#packet.subarray(0, length));
      if (reply !== undefined) this.#answered(reply);
    }
  }

  #answered({ seq, ttl, problem }: EchoReply): void {
    const request = this.#waiting.get(seq);
    if (request === undefined) return;
    this.#waiting.delete(seq);
    clearTimeout(request.timer);
    const from = addressIn(this.#from);
    if (problem !== undefined) request.settle({ seq, ms: undefined, from, error: problem });
    else
      request.settle({
        seq,
        ms: performance.now() - request.sent,
        from,
        ...(ttl !== undefined && { ttl }),
      });
  }
}
