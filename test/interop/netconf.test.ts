import { type NetConf, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

interface Row {
  family: string;
  interface: string;
  [key: string]: unknown;
}

const KEYS = {
  forwarding: 'forwarding',
  rp_filter: 'rpFilter',
  mc_forwarding: 'mcForwarding',
  proxy_neigh: 'proxyNeigh',
  ignore_routes_with_linkdown: 'ignoreRoutesWithLinkdown',
} as const;

test('every setting of every link and family, as ip netconf shows it', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', peer: { name: 'a1' } });
  await ns.sysctl.set('net.ipv4.conf.a0.forwarding', 1);
  await ns.sysctl.set('net.ipv4.conf.a0.rp_filter', 2);
  await ns.sysctl.set('net.ipv4.conf.a1.proxy_arp', 1);
  await ns.sysctl.set('net.ipv6.conf.a1.proxy_ndp', 1);
  await ns.sysctl.set('net.ipv4.conf.all.rp_filter', 1);
  await ns.sysctl.set('net.ipv6.conf.default.forwarding', 1);
  const names = new Map((await ns.link.list()).map((link) => [link.index, link.name]));
  const nameOf = ({ dev }: NetConf) => (typeof dev === 'number' ? names.get(dev) : dev);
  const shown: Row[] = JSON.parse(inside(ns.path, 'ip', '-j', 'netconf', 'show'));
  // Where the kernel has MPLS, it has settings too.
  const theirs = shown.filter(({ family }) => /^inet6?$/.test(family));
  const ours = (await ns.netconf.list()).map((one) => ({ ...one, interface: nameOf(one) }));
  expect(theirs.length).toBeGreaterThanOrEqual(10);
  expect(ours).toHaveLength(theirs.length);
  for (const { family, interface: name, ...rest } of theirs) {
    const own = ours.find((one) => one.family === family && one.interface === name);
    for (const [key, value] of Object.entries(rest)) {
      expect(own?.[KEYS[key as keyof typeof KEYS]], `${family} ${name} ${key}`).toBe(value);
    }
  }

  expect(await ns.netconf.get('a0', 'inet')).toMatchObject({
    dev: (await ns.link.get('a0')).index,
    forwarding: true,
    rpFilter: 'loose',
  });
  expect(await ns.netconf.get('all', 'inet')).toMatchObject({ dev: 'all', rpFilter: 'strict' });
  expect(await ns.netconf.get('default', 'inet6')).toMatchObject({ forwarding: true });
  expect((await ns.netconf.list({ family: 'inet6' })).every((one) => one.family === 'inet6')).toBe(
    true,
  );
  expect((await errorOf(() => ns.netconf.get('none', 'inet'))).code).toBe('ENODEV');
  for (const call of [
    () => ns.netconf.get('a0', 'inet5' as 'inet'),
    () => ns.netconf.get(0, 'inet'),
    () => ns.netconf.list({ famliy: 'inet' } as object),
  ]) {
    expect((await errorOf(call)).code).toMatch(/^ERR_/);
  }
});
