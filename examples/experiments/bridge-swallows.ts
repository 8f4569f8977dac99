import { address, link } from 'node-netns';
import { experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'an address on a bridge’s port reaches nobody',
  async (lab) => {
    lab.say(`veth0 has an address and reaches its peer. Then it becomes the port of a bridge, and the
      same ping fails. The request for the peer's MAC still leaves by veth0, as the route says so,
      and the answer arrives at veth0 too. But whatever arrives at a port belongs to the bridge: it
      takes the frame before the port's own IP could see it. The MAC is one of its own, so it hands
      the frame up as its own, br0's; and nobody at br0 has asked. The one who asked, veth0, waits
      in vain.`);
    const ns = await lab.namespace();
    await lab.host.link.add({
      kind: 'veth',
      name: 'veth0',
      up: true,
      peer: { name: 'eth0', address: '02:00:00:00:00:02', netns: ns },
    });
    await lab.host.address.add({ dev: 'veth0', address: '10.1.0.1/24' });
    await ns.batch([
      link.set('eth0', { up: true }),
      address.add({ dev: 'eth0', address: '10.1.0.2/24' }),
    ]);
    await lab.ready(ns, 'eth0');
    await lab.ready(lab.host, 'veth0');
    const before = await lab.ping(lab.host, '10.1.0.2');
    lab.see('ping before', before);

    await lab.host.batch([
      link.add({ kind: 'bridge', name: 'br0', up: true }),
      link.set('veth0', { master: 'br0' }),
    ]);
    // What was learnt before would hide the question.
    await lab.host.neighbour.flush({ dev: 'veth0' });
    await lab.ready(lab.host, 'br0');
    const onPort = await lab.capture(lab.host, 'veth0');
    const onBridge = await lab.capture(lab.host, 'br0');
    const after = await lab.ping(lab.host, '10.1.0.2');
    lab.see('ping after', after);
    const port = lab.show('veth0', onPort.drain());
    const bridge = lab.show('br0', onBridge.drain());
    const [neighbour] = await lab.host.neighbour.list({ dev: 'veth0', family: 'inet' });
    lab.see('veth0’s neighbour 10.1.0.2', neighbour?.state ?? 'none');
    return { before, after, port, bridge };
  },
);
