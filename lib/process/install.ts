import type * as node from 'node:child_process';
import type dgram from 'node:dgram';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type http from 'node:http';
import type https from 'node:https';
import type net from 'node:net';
import type { CallOptions } from '../netlink/request.ts';
import { NetNs } from '../netns/netns.ts';
import { agent, httpsAgent } from './agent.ts';
import { type CheckPortOptions, checkPort, type PortState } from './check-port.ts';
import { type ConnectOptions, connect } from './connect.ts';
import { createSocket } from './datagram.ts';
import { type Dispatcher, type DispatcherOptions, dispatcher } from './dispatcher.ts';
import { attach, empty } from './life.ts';
import { type ListenOptions, listen } from './listen.ts';
import { lookup } from './lookup.ts';
import { type PingOptions, type PingReply, ping } from './ping.ts';
import { resolverOf } from './resolvers.ts';
import { createRootless, type RootlessOptions } from './rootless.ts';
import { run, type Synchronous } from './run.ts';
import {
  type ExecFileOptions,
  type ExecOptions,
  exec,
  execFile,
  type Output,
  type SpawnOptions,
  type SpawnOptionsWithoutStdio,
  spawn,
} from './spawn.ts';

// Processes stand above namespaces, but their methods belong on the handle. This is the one place
// where it gets them: the types here, the functions at the end of the file.
declare module '../netns/netns.ts' {
  interface NetNs {
    /**
     * Starts a command in the namespace: node:child_process's spawn, with all of its options and
     * errors. No process stays around, and the child gets no descriptor of this library.
     *
     * With `view` it sees what `ip netns exec` shows, with `unshare` it gets further namespaces: a
     * launcher that comes with this library prepares them in the child and then executes the
     * command, whose process id is therefore `pid`. What fails there is an `error` of the child.
     */
    spawn(command: string, options?: SpawnOptionsWithoutStdio): node.ChildProcessWithoutNullStreams;
    spawn(command: string, options: SpawnOptions): node.ChildProcess;
    spawn(
      command: string,
      args?: readonly string[],
      options?: SpawnOptionsWithoutStdio,
    ): node.ChildProcessWithoutNullStreams;
    spawn(command: string, args: readonly string[], options: SpawnOptions): node.ChildProcess;

    /** node:child_process's exec in the namespace, as a promise, whose `child` is the process. */
    exec(
      command: string,
      options: ExecOptions & { encoding: 'buffer' | null },
    ): node.PromiseWithChild<Output<Buffer>>;
    exec(command: string, options?: ExecOptions | null): node.PromiseWithChild<Output<string>>;

    /** node:child_process's execFile in the namespace, as a promise, whose `child` is the process. */
    execFile(
      file: string,
      args: readonly string[],
      options: ExecFileOptions & { encoding: 'buffer' | null },
    ): node.PromiseWithChild<Output<Buffer>>;
    execFile(
      file: string,
      args?: readonly string[] | null,
      options?: ExecFileOptions | null,
    ): node.PromiseWithChild<Output<string>>;

    /**
     * Calls a synchronous function on this thread, in the namespace, and returns its result. Its
     * exception passes through. Calls may be nested. An async function, and a promise as a result,
     * are refused: what is awaited goes on outside.
     *
     * What is opened inside stays inside, but Node opens some things later: `server.listen(80)`
     * opens at once, `server.listen(80, '10.0.0.1')` and `net.connect` look the host up first and
     * open outside. `ns.listen`, `ns.connect` and `ns.createSocket` do it right.
     *
     * Should the thread not come back (it gave up CAP_SYS_ADMIN inside), the handle is closed, and
     * this and every later `run` and `spawn` on the thread throw ERR_NETNS_STRANDED.
     *
     * @throws NetlinkError EPERM without CAP_SYS_ADMIN, and for a namespace of `createRootless`
     */
    run<T>(body: () => Synchronous<T>): T;

    /**
     * Connects to a TCP port, or a Unix socket, from inside the namespace; names are looked up
     * there. Resolves with an ordinary net.Socket, connected. `options` are those of net.connect;
     * errors are Node's (ECONNREFUSED, ETIMEDOUT, …).
     */
    connect(options: ConnectOptions, limits?: CallOptions): Promise<net.Socket>;

    /**
     * Has a server of net, http, https or http2 listen in the namespace; resolves with it once it
     * does. Errors are those of server.listen (EADDRINUSE, EADDRNOTAVAIL, …). Of a cluster's
     * worker it is not shared with the others.
     */
    listen<S extends net.Server>(
      server: S,
      where?: ListenOptions | number,
      limits?: CallOptions,
    ): Promise<S>;

    /**
     * An ordinary dgram.Socket whose datagrams leave from and arrive in the namespace; names are
     * looked up there.
     */
    createSocket(
      options: dgram.SocketType | dgram.SocketOptions,
      callback?: (message: Buffer, from: dgram.RemoteInfo) => void,
    ): dgram.Socket;

    /** An http.Agent whose connections are made in the namespace. */
    agent(options?: http.AgentOptions): http.Agent;
    /** An https.Agent whose connections are made in the namespace. */
    httpsAgent(options?: https.AgentOptions): https.Agent;
    /** A dispatcher for fetch, `fetch(url, { dispatcher: ns.dispatcher() })`, and for undici. */
    dispatcher(options?: DispatcherOptions): Dispatcher;

    /**
     * Addresses of a name as they are in the namespace: /etc/netns/NAME/hosts and resolv.conf
     * where there are some, else those of /etc; the servers are asked from inside. IPv4 first.
     * Errors are dns.lookup's (ENOTFOUND, EAI_AGAIN).
     */
    lookup(hostname: string, options: LookupOptions & { all: true }): Promise<LookupAddress[]>;
    lookup(hostname: string, options?: LookupOptions & { all?: false }): Promise<LookupAddress>;

    /**
     * Sends ICMP echo requests from the namespace, in this process. Resolves once each has been
     * answered or given up; rejects where they can't be sent (ENETUNREACH, …).
     */
    ping(host: string, options?: PingOptions): Promise<PingReply[]>;

    /** Whether a TCP port, as seen from the namespace, takes connections. */
    checkPort(options: CheckPortOptions): Promise<PortState>;

    /**
     * Resolves once no process is in the namespace any more, by their main threads; this process
     * does not count. At once where there is none.
     */
    empty(options?: CallOptions): Promise<void>;
  }

  namespace NetNs {
    /** Gives the namespace of a process a name, as `ip netns attach`, and opens it. */
    function attach(name: string, pid: number): Promise<NetNs>;

    /**
     * Makes a namespace without root: in a user namespace that this process's holder has made, a
     * forked process that ends with the last of them. Links, addresses, routes, sockets, spawn and
     * networks work as with any; veths may join two of them. What needs to enter it on a thread of
     * this process (`run`, NetNsWorker) or a name in /run/netns is EPERM.
     *
     * @throws NetlinkError EPERM or ENOSPC where the machine forbids user namespaces
     */
    function createRootless(options?: RootlessOptions): Promise<NetNs>;
  }
}

/** Adds methods to the handle: not enumerable, as those of any class. */
function extend(target: object, methods: Record<string, (...args: never[]) => unknown>): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
}

/** Functions that take the handle first, as methods of it. */
function asMethods<F extends Record<string, (ns: NetNs, ...args: never[]) => unknown>>(
  functions: F,
): Record<string, (this: NetNs, ...args: never[]) => unknown> {
  const entries = Object.entries(functions).map(([name, call]) => {
    const method = {
      [name](this: NetNs, ...args: never[]): unknown {
        return call(this, ...args);
      },
    };
    return [name, method[name]];
  });
  return Object.fromEntries(entries);
}

extend(
  NetNs.prototype,
  asMethods({
    spawn,
    exec,
    execFile,
    run,
    connect,
    listen,
    createSocket,
    agent,
    httpsAgent,
    dispatcher,
    ping,
    checkPort,
    empty,
    lookup: (ns, hostname: string, options?: LookupOptions) => {
      ns.hold.check('netns.lookup');
      return lookup(resolverOf(ns), hostname, options);
    },
  }),
);
extend(NetNs, { attach, createRootless });
