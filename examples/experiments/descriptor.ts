import { NetNs } from 'node-netns';
import { experiment } from './lab.ts';
import { vanishes } from './name-deleted.ts';

export default experiment(
  import.meta.url,
  'a namespace held by a descriptor alone',
  async (lab) => {
    lab.say(`No name, no mount, no process: an open descriptor of /proc/PID/ns/net is enough to keep a
    namespace. It leaves no trace in the file system, and a crash can't leave it behind: with the
    process goes the descriptor, and with that the namespace. This is what NetNs.create() makes.`);
    const ns = await NetNs.create();
    await lab.host.link.add({ kind: 'veth', name: 'veth0', peer: { name: 'eth0', netns: ns } });
    const pids = await ns.pids();
    const names = (await NetNs.list()).filter((entry) => entry.inode === ns.inode);
    lab.see('processes inside', pids.length);
    lab.see('names', names.length);
    const second = NetNs.open({ fd: ns.fd });
    ns.close();
    const alive = (await second.link.get('eth0')).name;
    lab.see('through a second descriptor, the first closed', alive);
    second.close();
    const gone = await vanishes(lab.host, 'veth0');
    lab.see('both closed, the host’s veth0 has gone', gone);
    return { pids: pids.length, names: names.length, alive, gone };
  },
);
