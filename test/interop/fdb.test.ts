import {
  type FdbEntry,
  formatBridges,
  formatMacs,
  formatStp,
  NetNs,
  showBridges,
  showMacs,
  showStp,
} from 'node-netns';
import { expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

type Json = Record<string, unknown>;

let names = new Map<number, string>();
const nameOf = (index: number | undefined) => (index === undefined ? undefined : names.get(index));

const words: Words<FdbEntry> = {
  mac: (e) => e.mac,
  ifname: (e) => nameOf(e.dev),
  dst: (e) => e.dst,
  vlan: (e) => e.vlan,
  port: (e) => e.port,
  vni: (e) => e.vni,
  src_vni: (e) => e.srcVni,
  viaIf: (e) => nameOf(e.via),
  nhid: (e) => e.nhid,
  flags: (e) =>
    [
      e.self ? 'self' : '',
      e.router ? 'router' : '',
      e.externLearn ? 'extern_learn' : '',
      e.offloaded ? 'offload' : '',
      e.sticky ? 'sticky' : '',
    ].filter((flag) => flag !== ''),
  master: (e) => nameOf(e.bridge),
  state: (e) => (e.state === 'dynamic' ? '' : e.state),
  // The order of equal entries is the kernel's in both, the ages are not.
  used: () => expect.any(Number),
  updated: () => expect.any(Number),
};

/** A bridge that knows VLANs keeps an entry for none, and one for each that its port is in. */
const once = (of: string[]): string[] => [...new Set(of)].sort();

const show = (ns: NetNs, ...args: string[]): Json[] =>
  JSON.parse(inside(ns.path, 'bridge', '-j', '-s', 'fdb', 'show', ...args));

async function compare(ns: NetNs, theirs: Json[], ours: FdbEntry[]): Promise<void> {
  names = new Map((await ns.link.list()).map((link) => [link.index, link.name]));
  expect(ours.length).toBe(theirs.length);
  theirs.forEach((entry, i) => {
    expectSame(entry, ours[i], words, `${entry.mac} `);
  });
}

async function bridged(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'bridge', name: 'br0', up: true, address: '02:00:00:00:00:b0' });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    master: 'br0',
    up: true,
    peer: { name: 'v1', up: true },
  });
  await ns.link.add({
    kind: 'veth',
    name: 'w0',
    master: 'br0',
    up: true,
    peer: { name: 'w1', up: true },
  });
  return ns;
}

test('a bridge: ip reads what we make, and we read the same', async () => {
  using ns = await bridged();
  await ns.fdb.add({ dev: 'v0', mac: '02:00:00:00:00:01', master: true, state: 'static' });
  await ns.fdb.add({ dev: 'v0', mac: '02:00:00:00:00:02', master: true, state: 'dynamic' });
  await ns.fdb.add({
    dev: 'v0',
    mac: '02:00:00:00:00:03',
    master: true,
    state: 'static',
    sticky: true,
  });
  await ns.fdb.add({
    dev: 'w0',
    mac: '02:00:00:00:00:04',
    master: true,
    state: 'dynamic',
    externLearn: true,
  });
  await ns.fdb.add({ dev: 'br0', mac: '02:00:00:00:00:05', self: true });
  inside(ns.path, 'bridge', 'fdb', 'add', '02:00:00:00:00:06', 'dev', 'w0', 'master', 'static');
  await compare(ns, show(ns), await ns.fdb.list());
  await compare(ns, show(ns, 'br', 'br0'), await ns.fdb.list({ bridge: 'br0' }));
  await compare(ns, show(ns, 'dev', 'v0'), await ns.fdb.list({ dev: 'v0' }));
  // The bridge learns by itself too.
  const dynamic = (await ns.fdb.list({ state: 'dynamic' })).map((e) => e.mac);
  expect(once(dynamic.filter((mac) => mac.startsWith('02:00')))).toEqual([
    '02:00:00:00:00:02',
    '02:00:00:00:00:04',
  ]);
});

test('get, replace, delete, flush', async () => {
  using ns = await bridged();
  const key = { dev: 'v0', mac: '02:00:00:00:00:01', master: true };
  await ns.fdb.add({ ...key, state: 'static' });
  expect((await errorOf(() => ns.fdb.add({ ...key, state: 'static' }))).code).toBe('EEXIST');
  expect(await ns.fdb.get({ mac: key.mac, dev: 'v0', master: true })).toMatchObject({
    state: 'static',
  });
  expect(await ns.fdb.get({ mac: key.mac, bridge: 'br0' })).toMatchObject({ state: 'static' });
  // A station that has moved.
  await ns.fdb.replace({ ...key, dev: 'w0', state: 'dynamic' });
  const { index } = await ns.link.get('w0');
  expect(await ns.fdb.get({ mac: key.mac, bridge: 'br0' })).toMatchObject({
    dev: index,
    state: 'dynamic',
  });
  await ns.fdb.delete({ ...key, dev: 'w0' });
  expect((await errorOf(() => ns.fdb.get({ mac: key.mac, bridge: 'br0' }))).code).toBe('ENOENT');

  for (let i = 1; i < 6; i++) {
    await ns.fdb.add({
      dev: i % 2 ? 'v0' : 'w0',
      mac: `02:00:00:00:01:0${i}`,
      master: true,
      state: i < 3 ? 'static' : 'dynamic',
    });
  }
  const left = async () =>
    once(
      (await ns.fdb.list({ bridge: 'br0' }))
        .filter((e) => e.mac.startsWith('02:00:00:00:01'))
        .map((e) => e.mac.slice(-1)),
    ).join('');
  await ns.fdb.flush({ dev: 'br0', brport: 'v0', dynamic: true });
  expect(await left()).toBe('124');
  await ns.fdb.flush({ dev: 'br0', static: true });
  expect(await left()).toBe('4');
  await ns.fdb.flush({ dev: 'br0', permanent: false });
  expect(await left()).toBe('');
});

test('a VXLAN: destinations, ports, VNIs, several for one address', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'u0', up: true, peer: { name: 'u1' } });
  await ns.link.add({
    kind: 'vxlan',
    name: 'vx0',
    id: 5,
    dstPort: 4789,
    learning: false,
    up: true,
  });
  await ns.fdb.append({ dev: 'vx0', mac: '00:00:00:00:00:00', dst: '10.0.0.2' });
  await ns.fdb.append({
    dev: 'vx0',
    mac: '00:00:00:00:00:00',
    dst: '10.0.0.3',
    port: 4790,
    vni: 9,
    via: 'u0',
  });
  await ns.fdb.add({ dev: 'vx0', mac: '02:00:00:00:00:01', dst: '10.0.0.4', router: true });
  inside(
    ns.path,
    'bridge',
    'fdb',
    'add',
    '02:00:00:00:00:02',
    'dev',
    'vx0',
    'dst',
    '10.0.0.5',
    'vni',
    '77',
  );
  const ours = await ns.fdb.list({ dev: 'vx0' });
  await compare(ns, show(ns, 'dev', 'vx0'), ours);
  expect(ours.filter((e) => e.mac === '00:00:00:00:00:00')).toHaveLength(2);
  await ns.fdb.delete({
    dev: 'vx0',
    mac: '00:00:00:00:00:00',
    dst: '10.0.0.3',
    port: 4790,
    vni: 9,
    via: 'u0',
  });
  expect((await ns.fdb.list({ dev: 'vx0' })).map((e) => e.dst)).not.toContain('10.0.0.3');
  const get = await ns.fdb.get({ dev: 'vx0', mac: '02:00:00:00:00:02', self: true, vni: 77 });
  expect(get).toMatchObject({ dst: '10.0.0.5', vni: 77, self: true });
});

test('the views that brctl gives', async () => {
  using ns = await bridged();
  await ns.link.set('br0', { kind: 'bridge', stpState: true });
  await ns.fdb.add({ dev: 'v0', mac: '02:00:00:00:00:01', master: true, state: 'dynamic' });
  const links = await ns.link.list();
  const bridges = showBridges(links);
  expect(bridges).toEqual([
    {
      index: expect.any(Number),
      name: 'br0',
      bridgeId: '8000.0200000000b0',
      stp: true,
      ports: ['v0', 'w0'],
    },
  ]);
  const shown = formatBridges(bridges);
  for (const word of inside(ns.path, 'brctl', 'show')
    .split(/\s+/)
    .filter((w) => w !== '')) {
    expect(shown, 'brctl show').toContain(word);
  }

  const macs = showMacs(links, await ns.fdb.list({ bridge: 'br0' }), 'br0');
  const rows = inside(ns.path, 'brctl', 'showmacs', 'br0').trim().split('\n').slice(1);
  const theirs = rows.map((row) => row.trim().split(/\s+/));
  // brctl reads /sys, where each address of a port is once, whatever the VLANs.
  for (const [port, mac, local] of theirs) {
    expect(macs).toContainEqual(
      expect.objectContaining({ portNumber: Number(port), mac, local: local === 'yes' }),
    );
  }
  expect(formatMacs(macs)).toContain('02:00:00:00:00:01');

  const tree = showStp(links, 'br0');
  if (tree === undefined) throw new Error('no spanning tree');
  const text = inside(ns.path, 'brctl', 'showstp', 'br0');
  const told = (name: string, from = text) => new RegExp(`${name}\\s+(\\S+)`).exec(from)?.[1];
  expect(tree.bridgeId).toBe(`8000.${told('bridge id')?.slice(5).padStart(12, '0')}`);
  expect(tree.ageingTime.toFixed(2)).toBe(told('ageing time'));
  expect(tree.rootPort).toBe(Number(told('root port')));
  const port = text.slice(text.indexOf('v0 ('));
  expect(tree.ports[0]).toMatchObject({
    name: 'v0',
    number: Number(/v0 \((\d+)\)/.exec(port)?.[1]),
    id: Number.parseInt(told('port id', port) ?? '', 16),
    pathCost: Number(told('path cost', port)),
    state: told('state', port),
  });
  expect(formatStp(tree)).toContain('designated root');
});
