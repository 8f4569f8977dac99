import type { NetNs } from 'node-netns';
import { experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'a link given away by name and by process, and taken back',
  async (lab) => {
    lab.say(`A link can move to another namespace at any time. "ip link set veth1 netns blue" names
      the receiver by its file in /run/netns; a number there is a process, and means the namespace
      that it is in. On the way the link goes down and loses its addresses: routes and addresses
      belong to the namespace, not to the link.`);
    const name = `experiment-${process.pid}`;
    const named = await lab.namespace(name);
    const unnamed = await lab.namespace();
    const guest = await lab.sleeper(unnamed);
    const native = await lab.sleeper(lab.host);
    const places: [string, NetNs][] = [
      ['host', lab.host],
      ['named', named],
      ['of a process', unnamed],
    ];
    const whereabouts = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const [place, ns] of places) {
        const links = await ns.link.list();
        if (links.some((link) => link.name === 'veth1')) found.push(place);
      }
      return found;
    };

    await lab.host.link.add({ kind: 'veth', name: 'veth0', peer: { name: 'veth1' } });
    await lab.host.link.set('veth1', { up: true });
    await lab.host.address.add({ dev: 'veth1', address: '10.1.0.2/24' });
    const born = await whereabouts();
    lab.see('veth1 is born in', born);

    await lab.host.link.set('veth1', { netns: name });
    const byName = await whereabouts();
    const moved = await named.link.get('veth1');
    const addresses = await named.address.list({ dev: 'veth1' });
    lab.see(`given to '${name}' it is in`, byName);
    lab.see('there it is', `${moved.up ? 'up' : 'down'}, with ${addresses.length} addresses`);

    await named.link.set('veth1', { netns: { pid: guest.pid } });
    const byProcess = await whereabouts();
    lab.see(`given to process ${guest.pid} it is in the namespace`, byProcess);

    lab.say(`To give it back from inside one names a process of the host. In a book this reads
      "netns 1": the init process, number 1, lives in the first namespace. Here the host is a
      namespace of the experiment's own, so it is a process of that one that is named.`);
    await unnamed.link.set('veth1', { netns: { pid: native.pid } });
    const back = await whereabouts();
    lab.see(`given to process ${native.pid} it is in`, back);
    return { born, byName, moved: { up: moved.up, addresses: addresses.length }, byProcess, back };
  },
);
