import { type MdbEntry, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';
import { kernelVersion } from '../support/probe.ts';

type Json = Record<string, unknown>;

let names = new Map<number, string>();

const words: Words<MdbEntry> = {
  index: (e) => e.dev,
  dev: (e) => names.get(e.dev),
  port: (e) => names.get(e.port),
  grp: (e) => e.group,
  src: (e) => e.source,
  state: (e) => e.state,
  vid: (e) => e.vid,
  filter_mode: (e) => e.filterMode,
  source_list: (e) =>
    e.sourceList?.map((one) => ({ address: one.address, timer: expect.anything() })),
  protocol: (e) => e.protocol,
  flags: (e) =>
    [
      e.offload ? 'offload' : '',
      e.fastLeave ? 'fast_leave' : '',
      e.starExcl ? 'added_by_star_ex' : '',
      e.blocked ? 'blocked' : '',
    ].filter((flag) => flag !== ''),
  timer: () => expect.anything(),
};

async function bridged(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({
    kind: 'bridge',
    name: 'br0',
    up: true,
    mcastSnooping: true,
    mcastIgmpVersion: 3,
  });
  await ns.link.add({
    kind: 'veth',
    name: 'v0',
    master: 'br0',
    up: true,
    peer: { name: 'v1', up: true },
  });
  names = new Map((await ns.link.list()).map((link) => [link.index, link.name]));
  return ns;
}

const show = (ns: NetNs): Json[] =>
  (
    JSON.parse(inside(ns.path, 'bridge', '-j', '-d', '-s', 'mdb', 'show')) as { mdb: Json[] }[]
  ).flatMap((one) => one.mdb);

/** What we and `bridge` made ourselves; IPv6 joins groups of its own. */
const ours = (entries: MdbEntry[]) => entries.filter((e) => !e.group.startsWith('ff02'));

test('groups that ports have joined: both ways', async () => {
  using ns = await bridged();
  await ns.mdb.add({ dev: 'br0', port: 'v0', group: '239.1.1.1', state: 'permanent' });
  await ns.mdb.add({ dev: 'br0', port: 'v0', group: 'ff0e::1' });
  await ns.mdb.add({ dev: 'br0', port: 'v0', group: '01:00:5e:7f:00:01', state: 'permanent' });
  await ns.mdb.add({ dev: 'br0', port: 'v0', group: '239.1.1.2', source: '10.0.0.1' });
  inside(
    ns.path,
    'bridge',
    'mdb',
    'add',
    'dev',
    'br0',
    'port',
    'v0',
    'grp',
    '239.1.1.3',
    'permanent',
  );
  const mine = ours(await ns.mdb.list());
  const theirs = show(ns).filter((e) => !String(e.grp).startsWith('ff02'));
  expect(mine.map((e) => e.group).sort()).toEqual(theirs.map((e) => e.grp).sort());
  for (const entry of theirs) {
    const found = mine.find((e) => e.group === entry.grp && e.source === entry.src);
    if (found === undefined) throw new Error(`no entry ${entry.grp}`);
    expectSame(entry, found, words, `${entry.grp} `);
  }
  expect(
    (await errorOf(() => ns.mdb.add({ dev: 'br0', port: 'v0', group: '239.1.1.1' }))).code,
  ).toBe('EEXIST');
  await ns.mdb.delete({ dev: 'br0', port: 'v0', group: '239.1.1.1' });
  expect(ours(await ns.mdb.list()).map((e) => e.group)).not.toContain('239.1.1.1');
});

test('router ports', async () => {
  using ns = await bridged();
  await ns.link.set('v0', { port: { kind: 'bridge', multicastRouter: 2 } });
  const { index } = await ns.link.get('v0');
  const routers = await ns.mdb.routers();
  expect(routers).toEqual([expect.objectContaining({ port: index, type: 'permanent' })]);
});

test.skipIf(kernelVersion() < 6003)('sources and filter modes (kernel 6.3)', async () => {
  using ns = await bridged();
  await ns.mdb.replace({
    dev: 'br0',
    port: 'v0',
    group: '239.2.2.2',
    filterMode: 'include',
    sourceList: ['10.0.0.2', '10.0.0.3'],
    protocol: 'bgp',
    state: 'permanent',
  });
  const entry = (await ns.mdb.list()).find(
    (e) => e.group === '239.2.2.2' && e.source === undefined,
  );
  expect(entry).toMatchObject({ filterMode: 'include', protocol: 'bgp', state: 'permanent' });
  expect(entry?.sourceList?.map((one) => one.address).sort()).toEqual(['10.0.0.2', '10.0.0.3']);
});

test.skipIf(kernelVersion() < 6008)('get and flush (kernel 6.8)', async () => {
  using ns = await bridged();
  await ns.mdb.add({ dev: 'br0', port: 'v0', group: '239.1.1.1', state: 'permanent' });
  await ns.mdb.add({ dev: 'br0', port: 'v0', group: '239.1.1.2' });
  expect(await ns.mdb.get({ dev: 'br0', group: '239.1.1.1' })).toEqual([
    expect.objectContaining({ group: '239.1.1.1', state: 'permanent' }),
  ]);
  await ns.mdb.flush({ dev: 'br0', port: 'v0', permanent: true });
  expect(ours(await ns.mdb.list()).map((e) => e.group)).toEqual(['239.1.1.2']);
  await ns.mdb.flush({ dev: 'br0' });
  expect(ours(await ns.mdb.list())).toEqual([]);
});
