import { randomInt } from 'node:crypto';
import type { Socket as UdpSocket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { isIP, isIPv6, type Socket } from 'node:net';
import {
  type Answer,
  isQueryable,
  type QueryType,
  readAnswer,
  TYPE_A,
  TYPE_AAAA,
  writeQuery,
} from './dns-message.ts';
import type { ResolvConf } from './resolv-conf.ts';

/** How a resolver reaches its servers, and what it reads. */
export interface Surroundings {
  udp(type: 'udp4' | 'udp6'): UdpSocket;
  tcp(host: string, port: number): Promise<Socket>;
  resolvConf(): ResolvConf;
  hosts(): Map<string, string[]>;
}

export type Family = 0 | 4 | 6;

const DNS_PORT = 53;
const NAME_ERROR = 3;
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];

/** A server's refusal or silence: another one may know. */
class NoAnswer extends Error {}

/**
 * Turns names into addresses as getaddrinfo(3) does: hosts(5), then the servers of resolv.conf(5).
 * libuv would ask on a thread of its pool, and that is in no namespace but the process's own.
 */
export class Resolver {
  readonly #around: Surroundings;
  #turn = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /**
   * All addresses of a name, those of IPv4 first. Fails as dns.lookup does: ENOTFOUND where there
   * is none, EAI_AGAIN where no server answers.
   */
  async lookup(name: string, family: Family): Promise<LookupAddress[]> {
    if (isIP(name) !== 0) return [entry(name)];
    const known = this.#known(name.toLowerCase(), family);
    if (known.length > 0) return known;
    if (!isQueryable(name)) throw lookupError('ENOTFOUND', name);
    const conf = this.#around.resolvConf();
    const types: QueryType[] =
      family === 4 ? [TYPE_A] : family === 6 ? [TYPE_AAAA] : [TYPE_A, TYPE_AAAA];
    let silent = false;
    for (const candidate of candidates(name, conf)) {
      const results = await Promise.allSettled(
        types.map((type) => this.#ask(candidate, type, conf)),
      );
      const found: LookupAddress[] = [];
      for (const result of results) {
        if (result.status === 'fulfilled') found.push(...result.value.map(entry));
        else if (result.reason instanceof NoAnswer) silent = true;
        else throw result.reason;
      }
      if (found.length > 0) return found;
    }
    throw lookupError(silent ? 'EAI_AGAIN' : 'ENOTFOUND', name);
  }

  /** From the hosts file, and localhost (RFC 6761) without it too. */
  #known(name: string, family: Family): LookupAddress[] {
    const fits = (each: LookupAddress): boolean => family === 0 || each.family === family;
    const listed = (this.#around.hosts().get(name) ?? []).map(entry).filter(fits);
    const isLocal = name === 'localhost' || name.endsWith('.localhost');
    return listed.length === 0 && isLocal ? LOOPBACK.map(entry).filter(fits) : listed;
  }

  /** Asks the servers one after the other, as often as resolv.conf says. */
  async #ask(name: string, type: QueryType, conf: ResolvConf): Promise<string[]> {
    const first = conf.rotate ? this.#turn++ : 0;
    let last: NoAnswer = new NoAnswer('no server');
    for (let i = 0; i < conf.attempts * conf.servers.length; i++) {
      const server = conf.servers[(first + i) % conf.servers.length];
      try {
        const answer = await this.#askServer(server, name, type, conf.timeout * 1000);
        if (answer.status === 0) return answer.addresses;
        if (answer.status === NAME_ERROR) return [];
        last = new NoAnswer(`status ${answer.status}`);
      } catch (error) {
        last = new NoAnswer('server not reached', { cause: error });
      }
    }
    throw last;
  }

  async #askServer(
    server: string,
    name: string,
    type: QueryType,
    timeout: number,
  ): Promise<Answer> {
    const id = randomInt(0x10000);
    const query = writeQuery(id, name, type);
    const wanted = name.replace(/\.$/, '').toLowerCase();
    const fits = (bytes: Uint8Array): Answer | undefined => {
      const answer = readAnswer(bytes);
      const question = answer?.question;
      // Anybody may send to the port: only what repeats the question is its answer.
      return answer?.id === id && question?.name === wanted && question.type === type
        ? answer
        : undefined;
    };
    const answer = await this.#overUdp(server, query, timeout, fits);
    return answer.truncated ? this.#overTcp(server, query, timeout, fits) : answer;
  }

  #overUdp(server: string, query: Uint8Array, timeout: number, fits: Fits): Promise<Answer> {
    const socket = this.#around.udp(isIPv6(server) ? 'udp6' : 'udp4');
    return settled(
      timeout,
      () => socket.close(),
      (resolve, reject) => {
        socket.on('error', reject);
        socket.on('message', (bytes) => {
          const answer = fits(bytes);
          if (answer !== undefined) resolve(answer);
        });
        // Connected, it hears that nobody listens there, and hears nobody else.
        socket.connect(DNS_PORT, server, (...[error]: unknown[]) => {
          if (error) reject(error);
          else socket.send(query, (failed) => failed !== null && reject(failed));
        });
      },
    );
  }

  async #overTcp(server: string, query: Uint8Array, timeout: number, fits: Fits): Promise<Answer> {
    const socket = await this.#around.tcp(server, DNS_PORT);
    return settled(
      timeout,
      () => socket.destroy(),
      (resolve, reject) => {
        let received = Buffer.alloc(0);
        socket.on('error', reject);
        socket.on('end', () => reject(new NoAnswer('closed')));
        socket.on('data', (chunk) => {
          received = Buffer.concat([received, chunk]);
          if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
          const answer = fits(received.subarray(2));
          if (answer === undefined) reject(new NoAnswer('another answer'));
          else resolve(answer);
        });
        const length = Buffer.alloc(2);
        length.writeUInt16BE(query.length);
        socket.write(Buffer.concat([length, query]));
      },
    );
  }
}

type Fits = (bytes: Uint8Array) => Answer | undefined;

/** A promise with a time limit that gives its means back, however it ends. */
function settled(
  timeout: number,
  release: () => void,
  begin: (resolve: (answer: Answer) => void, reject: (error: unknown) => void) => void,
): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new NoAnswer('timed out'))), timeout);
    let over = false;
    const end = (how: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      release();
      how();
    };
    begin(
      (answer) => end(() => resolve(answer)),
      (error) => end(() => reject(error)),
    );
  });
}

/** The names to ask for, in order: with the search list, a name of enough dots as it is first. */
function candidates(name: string, conf: ResolvConf): string[] {
  if (name.endsWith('.')) return [name];
  const searched = conf.search.map((domain) => `${name}.${domain}`).filter(isQueryable);
  const dots = name.split('.').length - 1;
  return dots >= conf.ndots ? [name, ...searched] : [...searched, name];
}

function entry(address: string): LookupAddress {
  return { address, family: isIPv6(address) ? 6 : 4 };
}

/** As dns.lookup's errors. */
function lookupError(code: 'ENOTFOUND' | 'EAI_AGAIN', hostname: string): Error {
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), {
    code,
    errno: code === 'ENOTFOUND' ? -3008 : -3001,
    syscall: 'getaddrinfo',
    hostname,
  });
}
