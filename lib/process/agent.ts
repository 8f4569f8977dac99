import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NetNs } from '../netns/netns.ts';
import { type ConnectOptions, connect } from './connect.ts';

type Done = (error: Error | null, socket?: Duplex) => void;

/** Connects in the namespace; what fails after the caller has gone is closed. */
function begin(
  ns: NetNs,
  options: ConnectOptions,
  done: Done,
  wrap: (socket: Socket) => Duplex,
): void {
  connect(ns, options).then(
    (socket) => done(null, wrap(socket)),
    (error: Error) => done(error),
  );
}

/** What an agent passes on: of a path it means a Unix socket's, as net does. */
function connectOptions(options: http.ClientRequestArgs): ConnectOptions {
  const { host, port, path, localAddress, localPort, family, lookup } = options;
  if (path) return { path };
  return {
    host: host ?? 'localhost',
    port: Number(port ?? options.defaultPort),
    ...(localAddress && { localAddress }),
    ...(localPort && { localPort }),
    ...(family && { family }),
    ...(lookup && { lookup }),
  };
}

class InsideAgent extends http.Agent {
  readonly #ns: NetNs;

  constructor(ns: NetNs, options?: http.AgentOptions) {
    super(options);
    this.#ns = ns;
  }

  override createConnection(options: http.ClientRequestArgs, done: Done): undefined {
    begin(this.#ns, connectOptions(options), done, (socket) => socket);
  }
}

class InsideHttpsAgent extends https.Agent {
  readonly #ns: NetNs;

  constructor(ns: NetNs, options?: https.AgentOptions) {
    super(options);
    this.#ns = ns;
  }

  override createConnection(options: https.RequestOptions, done: Done): undefined {
    // Node's own does TLS over a socket that is there, and keeps the sessions.
    const secure = (socket: Socket): Duplex => {
      const wrapped = super.createConnection({ ...options, ...{ socket } });
      if (!wrapped) throw new Error('https.Agent made no connection');
      return wrapped;
    };
    begin(this.#ns, connectOptions(options), done, secure);
  }
}

/** `ns.agent`: see install.ts. */
export function agent(ns: NetNs, options?: http.AgentOptions): http.Agent {
  ns.hold.check('netns.agent');
  return new InsideAgent(ns, options);
}

/** `ns.httpsAgent`: see install.ts. */
export function httpsAgent(ns: NetNs, options?: https.AgentOptions): https.Agent {
  ns.hold.check('netns.httpsAgent');
  return new InsideHttpsAgent(ns, options);
}
