import { readlinkSync } from 'node:fs';
import { NetNs } from 'node-netns';
import { endOf, experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'a name can go while the namespace lives on',
  async (lab) => {
    lab.say(`A name is a file in /run/netns with the namespace mounted on it, nothing more. A
      namespace lives as long as anything holds it: a process in it, a mount, an open descriptor, a
      socket. So "ip netns delete" removes a way in; with a process inside, all goes on.`);
    const name = `experiment-${process.pid}-name`;
    const ns = await lab.namespace(name);
    const sleeper = await lab.sleeper(ns);
    const inode = ns.inode;
    await lab.host.link.add({ kind: 'veth', name: 'veth0', peer: { name: 'eth0', netns: ns } });
    ns.close();
    await NetNs.delete(name);
    const listed = (await NetNs.list()).some((entry) => entry.name === name);
    lab.see('the name is listed', listed);
    const inside = readlinkSync(`/proc/${sleeper.pid}/ns/net`) === `net:[${inode}]`;
    lab.see(`process ${sleeper.pid} is still inside`, inside);
    const again = NetNs.open({ pid: sleeper.pid });
    const reached = (await again.link.get('eth0')).name;
    again.close();
    lab.see('entered by way of the process, there is', reached);

    await endOf(sleeper);
    lab.say(`With its last holder the namespace goes, and its end of the pair with it; the other
      end can't be without, so the host's veth0 vanishes too. The kernel takes its time for this.`);
    const gone = await vanishes(lab.host, 'veth0');
    lab.see('the host’s veth0 has gone', gone);
    return { listed, inside, reached, gone };
  },
);

/** Waits until the kernel has removed a link, some 30 ms as a rule. */
export async function vanishes(ns: NetNs, name: string): Promise<boolean> {
  const deadline = Date.now() + 5_000;
  while (Date.now() < deadline) {
    const links = await ns.link.list();
    if (!links.some((link) => link.name === name)) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}
