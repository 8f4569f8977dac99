// Compiled, never run: what the types of namespaces and requests accept, and what they refuse.
import { address, type Link, link, NetNs, route } from 'node-netns';

export async function accepted(ns: NetNs, signal: AbortSignal): Promise<void> {
  const names: string[] = (await ns.link.list({ master: 'br0' })).map(({ name }) => name);
  const one: Link = ns.sync.link.get('lo');
  await ns.link.set(one.index, { up: true }, { signal, timeout: 100 });
  const [, lo] = await ns.batch([link.set('lo', { up: true }), link.get('lo')]);
  const mtu: number | undefined = lo.mtu;
  await ns.link.add({
    kind: 'veth',
    name: 'veth-web',
    peer: { name: 'eth0', netns: await NetNs.create() },
  });
  await ns.address.add({ dev: 'eth0', address: '10.0.0.2/24' });
  await ns.route.add({ dst: 'default', via: '10.0.0.1' });
  const result: number = ns.run(() => 42);
  for await (const event of ns.watch(['link'], { signal })) {
    if (event.type === 'overrun') continue;
    const kind: 'new' | 'delete' = event.type;
    console.log(kind);
  }
  console.log(names, mtu, result);
}

export async function refused(ns: NetNs): Promise<void> {
  // @ts-expect-error: misspelt
  await ns.link.add({ kind: 'bridge', name: 'br0', mastr: 'br1' });
  // @ts-expect-error: a number
  await ns.link.set('lo', { mtu: '1500' });
  // @ts-expect-error: a veth's end has no such attribute
  await ns.link.add({ kind: 'veth', name: 'a', peer: { name: 'b', vlanId: 3 } });
  // @ts-expect-error: an address has a device
  await ns.address.add({ address: '10.0.0.2/24' });
  // @ts-expect-error: not a topic
  ns.watch(['lnk']);
  // @ts-expect-error: not a call option
  await ns.link.get('lo', { timeout: 10, signl: undefined });
  // @ts-expect-error: the synchronous face takes no signal
  ns.sync.link.get('lo', { timeout: 10 });
  // @ts-expect-error: what it answers is no promise
  await ns.sync.link.get('lo').then(() => undefined);
  // @ts-expect-error: an async function goes on outside
  ns.run(async () => 42);
  // @ts-expect-error: neither name, pid, path nor fd
  NetNs.open({ inode: 3 });
  // @ts-expect-error: requests, not their results
  await ns.batch([ns.link.get('lo')]);
  // @ts-expect-error: the name is a string
  await NetNs.create({ name: 'web' });
}

// Requests are values, and know what they answer.
export const values = [link.get('lo'), address.list({ dev: 'lo' }), route.get('8.8.8.8')] as const;
