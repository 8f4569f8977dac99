import net from 'node:net';
import { address, link, NetNs } from '../../../lib/index.ts';
import { connect } from '../../../lib/process/connect.ts';
import { listen } from '../../../lib/process/listen.ts';

/** A server that sends so many bytes to each client. */
export async function pour(ns: NetNs, port: number, bytes: number): Promise<AsyncDisposable> {
  return served(ns, port, (socket) => socket.end('x'.repeat(bytes)));
}

/** A server in a namespace that tells each client by which address it sees it. */
export async function serve(ns: NetNs, port: number, name = ''): Promise<AsyncDisposable> {
  return served(ns, port, (socket) => socket.end(`${name}${plain(socket.remoteAddress)}`));
}

async function served(
  ns: NetNs,
  port: number,
  answer: (socket: net.Socket) => void,
): Promise<AsyncDisposable> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    answer(socket);
  });
  await listen(ns, server, { port });
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function plain(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

/** What the server at this address answers to a client in a namespace. */
export async function ask(ns: NetNs, host: string, port: number, timeout = 2_000): Promise<string> {
  const socket = await connect(ns, { host, port }, { timeout });
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

/** 'dropped' where no answer comes, 'refused' where nobody listens. */
export async function reach(ns: NetNs, host: string, port: number, timeout = 300): Promise<string> {
  try {
    return await ask(ns, host, port, timeout);
  } catch (error) {
    const { code } = error as { code?: string };
    return code === 'ECONNREFUSED'
      ? 'refused'
      : code === 'ETIMEDOUT' || code === 'ABORT_ERR'
        ? 'dropped'
        : String(code);
  }
}

/** The world outside: it knows the way to the host (192.0.2.1, 2001:db8::1), and no other. */
export async function makeWorld(host: NetNs): Promise<NetNs> {
  const world = await NetNs.create();
  await host.link.add({
    kind: 'veth',
    name: 'uplink',
    up: true,
    peer: { name: 'eth0', netns: world },
  });
  await host.batch([
    address.add({ dev: 'uplink', address: '192.0.2.1/24' }),
    address.add({ dev: 'uplink', address: '2001:db8::1/64', noDad: true }),
  ]);
  await world.batch([
    link.set('lo', { up: true }),
    link.set('eth0', { up: true }),
    address.add({ dev: 'eth0', address: '192.0.2.2/24' }),
    address.add({ dev: 'eth0', address: '2001:db8::2/64', noDad: true }),
  ]);
  return world;
}
