import type { Socket } from 'node:net';
import tls from 'node:tls';
import { invalidValue } from '../errors.ts';
import type { NetNs } from '../netns/netns.ts';
import { connect } from './connect.ts';

/** What fetch takes as its `dispatcher`. */
export type Dispatcher = NonNullable<RequestInit['dispatcher']>;

/** undici's Agent, as far as it is needed here. */
export type AgentConstructor = new (options: { connect: Connector }) => Dispatcher;

export interface DispatcherOptions {
  /**
   * The `Agent` of the undici that will use the dispatcher. Unless given, that of Node's own fetch,
   * which an undici of another version does not take.
   */
  Agent?: AgentConstructor;
  /** For https: certificates, ALPN and what else tls.connect takes. */
  tls?: tls.ConnectionOptions;
  /** Connections to one origin; no limit unless given. */
  connections?: number;
  /** Milliseconds that an idle connection is kept. */
  keepAliveTimeout?: number;
  /** Milliseconds to the answer's headers. */
  headersTimeout?: number;
  /** Milliseconds between two pieces of the answer's body. */
  bodyTimeout?: number;
}

interface Target {
  hostname: string;
  port: string;
  protocol: string;
  servername?: string | undefined;
  localAddress?: string | null | undefined;
}

type Connected = (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void;
type Connector = (target: Target, done: Connected) => void;

const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/** Node has undici inside, but does not export it: its global dispatcher is one of these agents. */
function ownAgent(): AgentConstructor {
  void globalThis.Response; // loads it
  const dispatcher: unknown = Reflect.get(globalThis, GLOBAL_DISPATCHER);
  const kind: unknown =
    typeof dispatcher === 'object' && dispatcher !== null ? dispatcher.constructor : undefined;
  if (!isAgent(kind)) {
    throw invalidValue(
      'options.Agent',
      undefined,
      "undici's Agent, since the global dispatcher has been replaced by another kind",
    );
  }
  return kind;
}

function isAgent(value: unknown): value is AgentConstructor {
  return typeof value === 'function' && value.name === 'Agent';
}

/** `ns.dispatcher`: see install.ts. */
export function dispatcher(ns: NetNs, options: DispatcherOptions = {}): Dispatcher {
  ns.hold.check('netns.dispatcher');
  const { Agent = ownAgent(), tls: secure, ...rest } = options;
  return new Agent({ ...rest, connect: connector(ns, secure) });
}

function connector(ns: NetNs, secure: tls.ConnectionOptions | undefined): Connector {
  return (target, done) => {
    const { hostname, protocol, localAddress } = target;
    const isSecure = protocol === 'https:';
    // An IPv6 address stands in brackets in a URL.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const port = Number(target.port) || (isSecure ? 443 : 80);
    connect(ns, {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      ...(localAddress && { localAddress }),
    })
      .then((socket) => (isSecure ? encrypt(socket, target.servername ?? host, secure) : socket))
      .then(
        (socket) => done(null, socket),
        (error: Error) => done(error, null),
      );
  };
}

function encrypt(
  socket: Socket,
  servername: string,
  options: tls.ConnectionOptions = {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const encrypted = tls.connect({ ALPNProtocols: ['http/1.1'], servername, ...options, socket });
    encrypted.once('error', reject);
    encrypted.once('secureConnect', () => {
      encrypted.off('error', reject);
      resolve(encrypted);
    });
  });
}
