import { address, link } from 'node-netns';
import { experiment } from './lab.ts';

export default experiment(import.meta.url, 'the address belongs to the bridge', async (lab) => {
  lab.say(`The cure for the last experiment: take the address from the port and give it to the
    bridge. The bridge is a switch and a network card of the host on that switch, both at once;
    br0 is the card. Now the question leaves by br0, the switch floods it to its ports, and the
    answer comes back to br0, who asked.`);
  const ns = await lab.namespace();
  await lab.host.batch([
    link.add({ kind: 'bridge', name: 'br0', up: true }),
    link.add({
      kind: 'veth',
      name: 'veth0',
      master: 'br0',
      up: true,
      peer: { name: 'eth0', address: '02:00:00:00:00:02', netns: ns },
    }),
    address.add({ dev: 'veth0', address: '10.1.0.1/24' }),
  ]);
  await ns.batch([
    link.set('eth0', { up: true }),
    address.add({ dev: 'eth0', address: '10.1.0.2/24' }),
  ]);
  await lab.ready(ns, 'eth0');
  await lab.ready(lab.host, 'br0');
  const onPort = await lab.ping(lab.host, '10.1.0.2');
  lab.see('address on the port', onPort);

  await lab.host.batch([
    address.delete({ dev: 'veth0', address: '10.1.0.1/24' }),
    address.add({ dev: 'br0', address: '10.1.0.1/24' }),
  ]);
  const frames = await lab.capture(lab.host, 'br0');
  const onBridge = await lab.ping(lab.host, '10.1.0.2');
  lab.see('address on the bridge', onBridge);
  const lines = lab.show('br0', frames.drain());
  const [entry] = (await lab.host.fdb.list({ bridge: 'br0' })).filter(
    (each) => each.state !== 'permanent',
  );
  lab.see('what the switch has learnt', entry?.mac ?? 'nothing');
  const peer = await ns.link.get('eth0');
  return { onPort, onBridge, frames: lines, learnt: entry?.mac === peer.address };
});
