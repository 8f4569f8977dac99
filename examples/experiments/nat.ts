import { address, BridgeNetwork, link } from 'node-netns';
import { experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'container to container, to the host, and out by NAT',
  async (lab) => {
    lab.say(`Two containers on a bridge, the host as their gateway, and a network outside that has
      never heard of 10.88.0.0/24. Container to container is a matter of the switch alone; to the
      host, of the bridge's own address. Outside, an answer to 10.88.0.2 would find no way back: so
      the host puts its own address in place of the container's, remembers the connection, and
      undoes it for the answers. This is masquerading, a kind of NAT.`);
    const { host } = lab;
    const outside = await lab.namespace();
    await host.batch([
      link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'wan', netns: outside } }),
      address.add({ dev: 'eth0', address: '192.0.2.2/24' }),
    ]);
    await outside.batch([
      link.set('lo', { up: true }),
      link.set('wan', { up: true }),
      address.add({ dev: 'wan', address: '192.0.2.1/24' }),
    ]);
    const make = async (name: string, subnet: string, masquerade: boolean) => {
      const network = await BridgeNetwork.create({ name, subnet, masquerade, netns: host });
      lab.atEnd(() => network.delete());
      return network;
    };
    const plain = await make('plain0', '10.99.0.0/24', false);
    const bare = await plain.attach();
    const without = await lab.capture(outside, 'wan');
    await lab.ready(outside, 'wan');
    await lab.ready(bare.netns, 'eth0');
    await lab.ready(host, 'plain0');
    const lost = await lab.ping(bare.netns, '192.0.2.1');
    lab.see('out without NAT', lost);
    const plainLines = lab.show('the outside', echoes(without.drain()));

    const network = await make('nat0', '10.88.0.0/24', true);
    const [a, b] = [await network.attach(), await network.attach()];
    for (const { netns } of [a, b]) await lab.ready(netns, 'eth0');
    await lab.ready(host, 'nat0');
    lab.see('containers', [a.address, b.address]);
    const toOther = await lab.ping(a.netns, b.address);
    lab.see('one to the other', toOther);
    const toHost = await lab.ping(a.netns, network.gateway);
    lab.see('to the host', toHost);
    const within = await lab.capture(a.netns, 'eth0');
    const beyond = await lab.capture(outside, 'wan');
    const out = await lab.ping(a.netns, '192.0.2.1');
    lab.see('out by NAT', out);
    const inside = lab.show('the container', echoes(within.drain()));
    const far = lab.show('the outside', echoes(beyond.drain()));
    return { lost, plain: plainLines, toOther, toHost, out, inside, outside: far };
  },
);

function echoes<P extends { frame: { icmp?: unknown } }>(packets: P[]): P[] {
  return packets.filter(({ frame }) => frame.icmp !== undefined);
}
