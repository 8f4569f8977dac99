import { address, link } from 'node-netns';
import { experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'a veth pair between host and namespace',
  async (lab) => {
    lab.say(`A veth pair is a cable with two plugs: what goes in at one end comes out at the other.
    One end stays in the host, the other is born in the namespace; nothing else joins the two.
    Before the first ping can leave, each asks by ARP which MAC has the other's address.`);
    const ns = await lab.namespace();
    await lab.host.link.add({
      kind: 'veth',
      name: 'veth0',
      address: '02:00:00:00:00:01',
      up: true,
      peer: { name: 'eth0', address: '02:00:00:00:00:02', netns: ns },
    });
    await lab.host.address.add({ dev: 'veth0', address: '10.1.0.1/24' });
    const lonely = await lab.host.link.get('veth0');
    lab.see('veth0 while its peer is down', `up, operational state ${lonely.operState}`);
    await ns.batch([
      link.set('eth0', { up: true }),
      address.add({ dev: 'eth0', address: '10.1.0.2/24' }),
    ]);
    await lab.ready(ns, 'eth0');
    await lab.ready(lab.host, 'veth0');
    const joined = await lab.host.link.get('veth0');
    lab.see('veth0 once both ends are up', `operational state ${joined.operState}`);

    const frames = await lab.capture(lab.host, 'veth0');
    const there = await lab.ping(lab.host, '10.1.0.2');
    lab.see('host to namespace', there);
    const lines = lab.show('veth0', frames.drain());
    const back = await lab.ping(ns, '10.1.0.1');
    lab.see('namespace to host', back);
    return { lonely: lonely.operState, joined: joined.operState, there, back, frames: lines };
  },
);
