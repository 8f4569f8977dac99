import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BridgeNetwork, type Endpoint, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { Channel } from '../../lib/netlink/channel.ts';
import { conntrack } from '../../lib/nftables/conntrack.ts';
import { NETLINK_NETFILTER } from '../../lib/nftables/constants.ts';
import { makeWorld } from './support/traffic.ts';

const KINDS = [
  ['bridge', BridgeNetwork],
  ['routed', RoutedNetwork],
] as const;

let host: NetNs;
let world: NetNs;
beforeAll(async () => {
  host = NetNs.current();
  world = await makeWorld(host);
});
afterAll(async () => {
  await host.link.delete('uplink');
  world.close();
  host.close();
});

const sockets: Socket[] = [];

/** A UDP socket inside a namespace; it answers everybody with a name where it has one. */
async function udp(ns: NetNs, family: 4 | 6, port = 0, name?: string): Promise<Socket> {
  const socket = ns.createSocket(family === 4 ? 'udp4' : 'udp6');
  if (name !== undefined)
    socket.on('message', (_, from) => socket.send(name, from.port, from.address));
  socket.bind(port);
  sockets.push(socket);
  await once(socket, 'listening');
  return socket;
}

/** What answers to a datagram; undefined where nothing does. The first ones may be lost. */
async function asked(socket: Socket, port: number, to: string): Promise<string | undefined> {
  for (let i = 0; i < 6; i++) {
    socket.send('who', port, to);
    const answer = await once(socket, 'message', { signal: AbortSignal.timeout(250) }).catch(
      () => undefined,
    );
    if (answer !== undefined) return String(answer[0]);
  }
  return undefined;
}

/** How many connections were led to this address. */
async function ledTo(address: string): Promise<number> {
  const channel = new Channel(host.hold, NETLINK_NETFILTER);
  const bytes = address.split('.').map(Number).join();
  const all = await channel.run(conntrack.listTranslated());
  return all.filter(({ reply }) => reply.addresses?.source4?.join() === bytes).length;
}

describe.each(KINDS)('a published port of a %s network that changes hands', (_kind, Network) => {
  let network: BridgeNetwork | RoutedNetwork;
  beforeAll(async () => {
    network = await Network.create({ name: 'net0', subnet: ['10.88.0.0/24', 'fd00:88::/64'] });
  });
  afterAll(() => network.delete());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    for (const endpoint of network.endpoints()) await endpoint.detach();
  });

  const publish = { hostPort: 5353, port: 53, protocol: 'udp' } as const;
  const leave: [string, (endpoint: Endpoint) => Promise<void>][] = [
    ['unpublished', (endpoint) => endpoint.unpublish(publish)],
    ['detached', (endpoint) => endpoint.detach()],
  ];

  it.each(leave)(
    'a client that sends on reaches the next one, the first being %s',
    async (_, leaves) => {
      for (const [family, to] of [
        [4, '192.0.2.1'],
        [6, '2001:db8::1'],
      ] as const) {
        const first = await network.attach({ publish });
        const client = await udp(world, family);
        await udp(first.netns, family, 53, 'first');
        expect(await asked(client, 5353, to)).toBe('first');
        await leaves(first);
        const second = await network.attach({ publish });
        await udp(second.netns, family, 53, 'second');
        // From the same port: to the kernel it is the same connection.
        expect(await asked(client, 5353, to)).toBe('second');
        await second.detach();
        await first.detach();
      }
    },
  );

  it('a client that sends while nobody has the port reaches the next one', async () => {
    const client = await udp(world, 4);
    expect(await asked(client, 5353, '192.0.2.1')).toBeUndefined();
    const web = await network.attach({ publish });
    await udp(web.netns, 4, 53, 'web');
    expect(await asked(client, 5353, '192.0.2.1')).toBe('web');
    await web.unpublish(publish);
    expect(await asked(client, 5353, '192.0.2.1')).toBeUndefined();
    await web.publish(publish);
    expect(await asked(client, 5353, '192.0.2.1')).toBe('web');
  });

  it('what came by other ports goes on', async () => {
    const web = await network.attach({
      publish: [publish, { ...publish, hostPort: 5354 }],
    });
    const [stays, goes] = [await udp(world, 4), await udp(world, 4)];
    await udp(web.netns, 4, 53, 'web');
    expect(await asked(stays, 5354, '192.0.2.1')).toBe('web');
    expect(await asked(goes, 5353, '192.0.2.1')).toBe('web');
    expect(await ledTo(web.address)).toBe(2);
    await web.unpublish(publish);
    expect(await ledTo(web.address)).toBe(1);
    expect(await asked(stays, 5354, '192.0.2.1')).toBe('web');
    expect(await asked(goes, 5353, '192.0.2.1')).toBeUndefined();
    await web.detach();
    expect(await ledTo(web.address)).toBe(0);
  });

  it('TCP connections are forgotten too', async () => {
    const web = await network.attach({ publish: { hostPort: 8080, port: 80 } });
    const server = createServer((socket) => socket.on('error', () => {}));
    web.netns.run(() => server.listen(80));
    await once(server, 'listening');
    const client = world.run(() => connectTcp(8080, '192.0.2.1'));
    await once(client, 'connect');
    expect(await ledTo(web.address)).toBe(1);
    client.destroy();
    server.close();
    await web.detach();
    expect(await ledTo(web.address)).toBe(0);
  });
});
