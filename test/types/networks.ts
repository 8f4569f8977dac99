// Compiled, never run: what the types of networks accept, and what they refuse.
import { BridgeNetwork, type Endpoint, NetNs, RoutedNetwork } from 'node-netns';

export async function accepted(): Promise<void> {
  const net = await BridgeNetwork.create({ name: 'br0', subnet: '10.88.0.0/16', masquerade: true });
  const both = await RoutedNetwork.create({ name: 'rt0', subnet: ['10.89.0.0/16', 'fd00::/64'] });
  const one: Endpoint = await net.attach('web');
  await both.attach({ netns: NetNs.open('db'), ifname: 'eth1' });
  await one.publish({ hostPort: 8080, port: 80 });
  const where: NetNs = one.netns;
  const text: string = `${one.address} ${one.gateway} ${one.mac} ${one.hostLink} ${where.name}`;
  const again: Endpoint[] = (await BridgeNetwork.open('br0')).endpoints();
  console.log(text, again);
  await one.detach({ timeout: 1_000 });
  await net.attach('late', { signal: AbortSignal.timeout(1_000) });
  await net.prewarm(64);
  const kept: boolean = (await (await net.attach()).recycle()).recycled;
  const cards: number = net.enslaved().length + (await net.sweep()).cards.length;
  console.log(kept, cards);
  await net.delete();
}

export async function refused(net: BridgeNetwork): Promise<void> {
  // @ts-expect-error: a subnet is needed
  await BridgeNetwork.create({ name: 'br0' });
  // @ts-expect-error: misspelt
  await BridgeNetwork.create({ name: 'br0', subnet: '10.88.0.0/16', masqerade: true });
  // @ts-expect-error: not a protocol that has ports
  await (await net.attach()).publish({ hostPort: '8000-8010', protocol: 'icmp' });
  // @ts-expect-error: not an option
  await net.attach({ iface: 'eth1' });
  // @ts-expect-error: made by `create` and `open`
  new BridgeNetwork();
}
