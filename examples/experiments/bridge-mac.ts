import { experiment } from './lab.ts';

export default experiment(import.meta.url, 'a bridge takes the MAC of a port', async (lab) => {
  lab.say(`A bridge without ports has a MAC made up at random. With ports it takes the lowest of
    theirs, and changes again as ports come and go: whoever had learnt the gateway's MAC loses it
    for a while. A MAC that is given by hand stays, and this is why container networks give one.`);
  const { host } = lab;
  const mac = async (): Promise<string> => (await host.link.get('br0')).address ?? 'none';
  const port = async (name: string, address: string): Promise<void> => {
    await host.link.add({ kind: 'veth', name, address, peer: { name: `${name}-far` } });
    await host.link.set(name, { master: 'br0' });
  };
  await host.link.add({ kind: 'bridge', name: 'br0' });
  const first = await mac();
  lab.see('alone', first);
  await port('veth0', '02:00:00:00:00:20');
  const one = await mac();
  lab.see('with a port 02:00:00:00:00:20', one);
  await port('veth1', '02:00:00:00:00:10');
  const two = await mac();
  lab.see('with one more, 02:00:00:00:00:10', two);
  await host.link.delete('veth1');
  const again = await mac();
  lab.see('and without it', again);
  await host.link.set('br0', { address: '02:00:00:00:00:ff' });
  await port('veth2', '02:00:00:00:00:01');
  const fixed = await mac();
  lab.see('given 02:00:00:00:00:ff by hand, with a lower port', fixed);
  return { random: first !== one, one, two, again, fixed };
});
