import { NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';
import { hasKind } from '../support/probe.ts';

const has = hasKind('vxlan', 'external vnifilter dstport 4789');

interface Row {
  vni: number;
  vniEnd?: number;
  group?: string;
}

/** What bridge(8) shows: it has another word for a group that is none. */
function show(ns: NetNs): Row[] {
  const rows: { vnis: (Row & { remote?: string })[] }[] = JSON.parse(
    inside(ns.path, 'bridge', '-j', 'vni', 'show'),
  );
  return rows.flatMap(({ vnis }) =>
    vnis.map(({ remote, group = remote, ...rest }) => ({ ...rest, group })),
  );
}

test.skipIf(!has)('VNIs of a VXLAN link, made by us and by bridge (kernel 5.18)', async () => {
  using ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'u0', up: true, peer: { name: 'u1' } });
  await ns.link.add({
    kind: 'vxlan',
    name: 'vx0',
    external: true,
    vniFilter: true,
    dev: 'u0',
    dstPort: 4789,
    up: true,
  });
  await ns.vni.add({ dev: 'vx0', vni: 100, vniEnd: 102 });
  await ns.vni.add({ dev: 'vx0', vni: 200, group: '239.1.1.1' });
  await ns.vni.add({ dev: 'vx0', vni: 300, group: 'fd00::9' });
  inside(ns.path, 'bridge', 'vni', 'add', 'dev', 'vx0', 'vni', '400-401');
  const { index } = await ns.link.get('vx0');
  expect(await ns.vni.list()).toEqual([
    { dev: index, vni: 100, vniEnd: 102 },
    { dev: index, vni: 200, group: '239.1.1.1' },
    { dev: index, vni: 300, group: 'fd00::9' },
    { dev: index, vni: 400, vniEnd: 401 },
  ]);
  const each = (rows: Row[]) =>
    rows.flatMap(({ vni, vniEnd = vni, group }) =>
      Array.from({ length: vniEnd - vni + 1 }, (_, i) => [vni + i, group]),
    );
  expect(each(await ns.vni.list({ dev: 'vx0' }))).toEqual(each(show(ns)));
  const [counted] = await ns.vni.list({ dev: 'vx0', statistics: true });
  expect(counted.statistics).toMatchObject({ rxBytes: 0, txPackets: 0, txErrors: 0 });

  await ns.vni.delete({ dev: 'vx0', vni: 101 });
  expect((await ns.vni.list({ dev: index })).slice(0, 2).map(({ vni }) => vni)).toEqual([100, 102]);
  expect((await errorOf(() => ns.vni.delete({ dev: 'vx0', vni: 7 }))).code).toBe('ENOENT');
  expect((await errorOf(() => ns.vni.add({ dev: 'u0', vni: 7 }))).code).toBe('EINVAL');
  for (const [call, message] of [
    [() => ns.vni.add({ dev: 'vx0', vni: 2 ** 24 }), /vni\.vni must be .* 16777215/],
    [() => ns.vni.add({ dev: 'vx0', vni: 9, vniEnd: 8 }), /vni\.vniEnd must be/],
    [() => ns.vni.add({ dev: 'vx0', vni: 9, group: '300.1.1.1' }), /vni\.group must be/],
    [() => ns.vni.delete({ dev: 'vx0', vni: 9, group: '1.1.1.1' } as never), /vni\.group is not/],
  ] as const) {
    await expect(call()).rejects.toThrow(message);
  }
});
