import { address, link, route } from 'node-netns';
import { experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'a network card becomes the port of a bridge',
  async (lab) => {
    lab.say(`To put virtual machines or containers on the network outside, the host's card joins the
    bridge. From that moment its address is as good as lost (see bridge-swallows), and with it
    the way out. Address and default route must move to the bridge, in this order, as removing the
    address takes the routes with it: whoever does this over ssh does it in one go.`);
    const router = await lab.namespace();
    const { host } = lab;
    await host.batch([
      link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'lan', netns: router } }),
      address.add({ dev: 'eth0', address: '192.0.2.2/24' }),
    ]);
    await router.batch([
      link.set('lo', { up: true }),
      link.set('lan', { up: true }),
      address.add({ dev: 'lan', address: '192.0.2.1/24' }),
      // Somewhere behind the router.
      address.add({ dev: 'lo', address: '198.51.100.1/32' }),
    ]);
    await host.route.add({ dst: 'default', via: '192.0.2.1' });
    await lab.ready(router, 'lan');
    await lab.ready(host, 'eth0');
    const before = await lab.ping(host, '198.51.100.1');
    lab.see('by eth0', before);

    await host.batch([
      link.add({ kind: 'bridge', name: 'br0', up: true }),
      link.set('eth0', { master: 'br0' }),
    ]);
    await host.neighbour.flush({ dev: 'eth0' });
    const enslaved = await lab.ping(host, '198.51.100.1');
    lab.see('eth0 is a port, all else as before', enslaved);

    await host.batch([
      address.delete({ dev: 'eth0', address: '192.0.2.2/24' }),
      address.add({ dev: 'br0', address: '192.0.2.2/24' }),
      route.add({ dst: 'default', via: '192.0.2.1' }),
    ]);
    const routes = await host.route.list({ table: 'main', family: 'inet' });
    const way = routes.find((each) => each.dst === 'default');
    const after = await lab.ping(host, '198.51.100.1');
    lab.see('address and default route on br0', after);
    const bridge = await host.link.get('br0');
    const card = await host.link.get('eth0');
    lab.see('br0 has taken the MAC of eth0', bridge.address === card.address);
    return {
      before,
      enslaved,
      after,
      way: { via: way?.via, onBridge: way?.dev === bridge.index },
      sameMac: bridge.address === card.address,
    };
  },
);
