import { type Encap, NetNs, type Route, type RouteSpec } from 'node-netns';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';
import { hasEncap, kernelVersion } from '../support/probe.ts';

const SEGMENTS = { segments: ['fc00::1', 'fc00::2'] };
const WORDS = 'fc00::1,fc00::2';

/** What ip says, and what we say; of packets to an IPv6 network unless `dst` says otherwise. */
const CASES: [words: string, encap: Encap, dst?: string, via?: string][] = [
  [`seg6 mode encap segs ${WORDS}`, { type: 'seg6', mode: 'encap', ...SEGMENTS }],
  [`seg6 mode inline segs ${WORDS}`, { type: 'seg6', mode: 'inline', ...SEGMENTS }],
  [`seg6 mode l2encap segs ${WORDS}`, { type: 'seg6', mode: 'l2encap', ...SEGMENTS }],
  ['seg6local action End', { type: 'seg6local', action: 'End' }],
  ['seg6local action End count', { type: 'seg6local', action: 'End', count: true }],
  [
    'seg6local action End flavors psp',
    { type: 'seg6local', action: 'End', flavors: { operations: { psp: true } } },
  ],
  ['seg6local action End.X nh6 fd00::9', { type: 'seg6local', action: 'End.X', nh6: 'fd00::9' }],
  ['seg6local action End.T table 77', { type: 'seg6local', action: 'End.T', table: 77 }],
  ['seg6local action End.DX2 oif a1', { type: 'seg6local', action: 'End.DX2', oif: 'a1' }],
  [
    'seg6local action End.DX6 nh6 fd00::9',
    { type: 'seg6local', action: 'End.DX6', nh6: 'fd00::9' },
  ],
  [
    'seg6local action End.DX4 nh4 10.0.0.9',
    { type: 'seg6local', action: 'End.DX4', nh4: '10.0.0.9' },
  ],
  ['seg6local action End.DT6 table main', { type: 'seg6local', action: 'End.DT6', table: 'main' }],
  ['seg6local action End.DT4 vrftable 10', { type: 'seg6local', action: 'End.DT4', vrfTable: 10 }],
  [
    `seg6local action End.B6 srh segs ${WORDS}`,
    { type: 'seg6local', action: 'End.B6', ...SEGMENTS },
  ],
  [
    `seg6local action End.B6.Encaps srh segs ${WORDS}`,
    { type: 'seg6local', action: 'End.B6.Encaps', ...SEGMENTS },
  ],
  ['mpls 100/200', { type: 'mpls', labels: [100, 200] }, '10.7.0.0/16', '10.0.0.9'],
  ['mpls 100 ttl 7', { type: 'mpls', labels: [100], ttl: 7 }, '10.7.0.0/16', '10.0.0.9'],
  [
    'ip id 5 dst 10.0.0.7 ttl 9 tos 4',
    { type: 'ip', id: 5, dst: '10.0.0.7', ttl: 9, tos: 4 },
    '10.7.0.0/16',
  ],
  [
    'ip6 id 5 dst fd00::7 hoplimit 9 tc 4',
    { type: 'ip6', id: 5, dst: 'fd00::7', hopLimit: 9, tc: 4 },
  ],
];

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', up: true, peer: { name: 'a1', up: true } });
  await ns.address.add({ dev: 'a0', address: '10.0.0.1/24' });
  await ns.address.add({ dev: 'a0', address: 'fd00::1/64', noDad: true });
  if (
    inside(ns.path, 'sh', '-c', 'ip link add vrf10 type vrf table 10 2>&1; ip link').includes(
      'vrf10:',
    )
  ) {
    await ns.link.set('vrf10', { up: true });
    await ns.sysctl.set('net.vrf.strict_mode', 1);
  }
  return ns;
}

/** Reads without what differs with who made it: End counts from nothing both times. */
const essence = (route: Route) => ({ ...route, protocol: undefined });

describe('what we make and what ip makes of the same words are one', () => {
  for (const [words, encap, dst = 'fd07::/64', via] of CASES) {
    // Options of IP tunnels have ended a machine with a kernel of that series: none are sent here,
    // and to be sure nothing of that kind either.
    const risky = /^ip6? /.test(words) && kernelVersion() >= 6018;
    test.skipIf(risky || !hasEncap(words, dst, via))(words, async () => {
      using ns = await pair();
      const spec: RouteSpec = { dst, dev: 'a0', via, encap };
      const family = dst.includes(':') ? 'inet6' : 'inet';
      const show = () =>
        JSON.parse(
          inside(ns.path, 'ip', family === 'inet' ? '-4' : '-6', '-j', 'route', 'show', dst),
        );
      const read = async () => (await ns.route.list({ family, dst })).map(essence);
      await ns.route.add(spec);
      const ours = await read();
      const theirs = show();
      expect(ours).toHaveLength(1);
      await ns.route.delete({ dst });
      const gateway = via === undefined ? '' : ` via ${via}`;
      inside(ns.path, 'sh', '-c', `ip route add ${dst} encap ${words}${gateway} dev a0`);
      const ofIp = await read();
      expect(ours).toEqual(ofIp);
      const plain = (rows: object[]) => rows.map((row) => ({ ...row, protocol: undefined }));
      expect(plain(show())).toEqual(plain(theirs));
      const oif =
        encap.type === 'seg6local' && encap.oif ? (await ns.link.get('a1')).index : undefined;
      const asked = oif === undefined ? encap : { ...encap, oif };
      expect(ours[0].encap).toMatchObject(asked);
    });
  }
});

test('what makes no sense is refused, with its path', async () => {
  using ns = await NetNs.create();
  const bad: [Encap, RegExp][] = [
    [{ type: 'seg6local', action: 'End.Y' as 'End.X' }, /route\.encap\.action must be one of/],
    [{ type: 'seg6local', action: 'End.B6', segments: [] }, /route\.encap\.segments must be/],
    [
      { type: 'seg6local', action: 'End.B6', segments: ['x'] },
      /route\.encap\.segments\[0\] must be/,
    ],
    [{ type: 'seg6local', action: 'End.T', table: 'nowhere' }, /route\.encap\.table must be/],
    [{ type: 'seg6local', action: 'End', count: 1 as never }, /route\.encap\.count must be/],
    [{ type: 'seg6local', action: 'End', nh7: '1' } as never, /nh7 is not an option/],
    [{ type: 'seg6', mode: 'outer' as 'encap', ...SEGMENTS }, /route\.encap\.mode must be one of/],
  ];
  for (const [encap, message] of bad) {
    const error = await errorOf(() => ns.route.add({ dst: 'fd07::/64', dev: 'lo', encap }));
    expect(error.code).toMatch(/^ERR_/);
    expect(error.message).toMatch(message);
  }
});
