import { experiment } from './lab.ts';

export default experiment(
  import.meta.url,
  'three ways to find the other end of a veth',
  async (lab) => {
    lab.say(`Which container hangs on veth0? Every end knows the index of the other, and tells it in
    three ways: /sys/class/net/veth0/iflink; the link's own attributes, which "ip link" shows as
    "veth0@if7 … link-netnsid 0"; and, of old, the statistics of ethtool, "peer_ifindex". An index
    counts within a namespace only, so the second alone tells the namespace as well: the id by
    which this one knows it. Then it needs to be found who has that id.`);
    const ns = await lab.namespace();
    await lab.host.link.add({
      kind: 'veth',
      name: 'veth0',
      index: 70,
      peer: { name: 'eth0', index: 77, netns: ns },
    });

    const { stdout } = await lab.host.execFile('cat', ['/sys/class/net/veth0/iflink'], {
      view: true,
    });
    const sysfs = stdout.trim();
    lab.see('iflink', sysfs);
    const own = await lab.host.link.get('veth0');
    lab.see('the link’s attributes', `link ${own.link}, link-netnsid ${own.linkNetnsId}`);
    const statistics = await lab.host.ethtool.statistics('veth0');
    lab.see('ethtool’s peer_ifindex', Number(statistics.peer_ifindex));

    const peer = await lab.host.link.peer('veth0');
    const found = peer.netns.equals(ns);
    peer.netns.close();
    lab.see('the other end', `${peer.name}, index ${peer.index}, in the very namespace: ${found}`);
    const nsid = await lab.host.nsid.get(ns);
    lab.see('the id of the namespace, asked the other way round', nsid);
    return {
      indices: [Number(sysfs), own.link, Number(statistics.peer_ifindex), peer.index],
      nsid: [own.linkNetnsId, nsid],
      name: peer.name,
      found,
    };
  },
);
