import { experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'the loopback of a new namespace is down',
  async (lab) => {
    lab.say(`A new network namespace holds one link, lo, and it is down: not even 127.0.0.1 is an
    address yet, as the kernel adds it when lo goes up. So a program that talks to itself fails
    until somebody sets lo up, which is the first thing every container runtime does.`);
    const ns = await lab.namespace();
    const links = await ns.link.list();
    lab.see(
      'links',
      links.map((link) => `${link.name} ${link.up ? 'up' : 'down'}`),
    );
    const down = await lab.ping(ns, '127.0.0.1');
    lab.see('ping 127.0.0.1', down);

    await ns.link.set('lo', { up: true });
    const addresses = await ns.address.list({ dev: 'lo' });
    lab.see(
      'lo is up, and has',
      addresses.map((address) => address.address),
    );
    const up = await lab.ping(ns, '127.0.0.1');
    lab.see('ping 127.0.0.1', up);
    return {
      links: links.map((link) => ({ name: link.name, up: link.up })),
      down,
      addresses: addresses.map((address) => address.address).sort(),
      up,
    };
  },
);
