import { NetNs, type Rule, type RuleSpec } from 'node-netns';
import { expect, test } from 'vitest';
import { expectSame, type Words } from '../support/compare.ts';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

type Json = Record<string, unknown>;

const split = (prefix: string | undefined) => prefix?.split('/') ?? [];
const host = (prefix = ''): boolean => prefix.endsWith(prefix.includes(':') ? '/128' : '/32');

/** What `ip -j rule` shows of each; -N keeps numbers numbers. */
const words: Words<Rule> = {
  priority: (r) => r.priority,
  not: (r) => (r.not ? null : undefined),
  src: (r) => (r.from === undefined ? 'all' : split(r.from)[0]),
  srclen: (r) => (host(r.from) ? undefined : Number(split(r.from)[1])),
  dst: (r) => split(r.to)[0],
  dstlen: (r) => (host(r.to) ? undefined : Number(split(r.to)[1])),
  tos: (r) => `0x${r.tos?.toString(16)}`,
  dscp: (r) => r.dscp,
  fwmark: (r) => `0x${r.fwmark?.toString(16)}`,
  fwmask: (r) => `0x${r.fwmask?.toString(16)}`,
  iif: (r) => r.iif,
  iif_detached: (r) => (r.iifDetached ? null : undefined),
  oif: (r) => r.oif,
  oif_detached: (r) => (r.oifDetached ? null : undefined),
  l3mdev: (r) => (r.l3mdev ? null : undefined),
  uid_start: (r) => r.uidRange?.start,
  uid_end: (r) => r.uidRange?.end,
  ipproto: (r) => r.ipProto,
  sport: (r) => r.sport?.start,
  sport_start: (r) => r.sport?.start,
  sport_end: (r) => r.sport?.end,
  dport: (r) => r.dport?.start,
  dport_start: (r) => r.dport?.start,
  dport_end: (r) => r.dport?.end,
  tun_id: (r) => r.tunId,
  table: (r) => String(r.table),
  suppress_prefixlen: (r) => r.suppressPrefixLength,
  suppress_ifgroup: (r) => String(r.suppressGroup),
  flow_from: (r) => String((r.flow ?? 0) >>> 16),
  flow_to: (r) => String((r.flow ?? 0) & 0xffff),
  goto: (r) => r.goto,
  unresolved: (r) => (r.unresolved ? null : undefined),
  nop: (r) => (r.action === 'nop' ? null : undefined),
  action: (r) => r.action,
  protocol: (r) => r.protocol,
};

const show = (ns: NetNs, ...args: string[]): Json[] =>
  JSON.parse(inside(ns.path, 'ip', '-j', ...args, 'rule'));

const specs: RuleSpec[] = [
  {
    from: '10.1.0.0/16',
    to: '10.2.0.0/24',
    iif: 'lo',
    oif: 'eth9',
    tos: 0x10,
    table: 1000,
    priority: 100,
  },
  {
    not: true,
    from: '10.1.0.1',
    fwmark: 5,
    fwmask: 0xff,
    table: 'main',
    suppressPrefixLength: 0,
    priority: 101,
  },
  {
    ipProto: 'tcp',
    sport: 80,
    dport: { start: 1000, end: 2000 },
    action: 'blackhole',
    priority: 102,
  },
  { uidRange: { start: 0, end: 99 }, action: 'unreachable', flow: 0x30004, priority: 103 },
  { goto: 200, priority: 104 },
  { table: 'main', priority: 200, protocol: 'static' },
  { action: 'nop', priority: 201 },
  { action: 'prohibit', priority: 202, suppressGroup: undefined, tunId: 77 },
  { l3mdev: true, priority: 203 },
  { from: 'fd00::/64', table: 10, suppressGroup: 7, priority: 300 },
  { to: 'fd00::1', table: 'local', priority: 301 },
];

function compare(ns: NetNs, rules: Rule[]): void {
  const theirs = [...show(ns, '-4'), ...show(ns, '-6')];
  expect(rules.map((rule) => rule.priority).sort()).toEqual(
    theirs.map((rule) => rule.priority).sort(),
  );
  for (const [family, flag] of [
    ['inet', '-4'],
    ['inet6', '-6'],
  ] as const) {
    for (const rule of show(ns, flag)) {
      const ours = rules.find((one) => one.family === family && one.priority === rule.priority);
      if (ours === undefined) throw new Error(`no rule ${family} ${rule.priority}`);
      expectSame(rule, ours, words, `rule ${rule.priority} `);
    }
  }
}

test('ip reads what we make, every field, and we read the same', async () => {
  using ns = await NetNs.create();
  for (const spec of specs) await ns.rule.add(spec);
  compare(ns, await ns.rule.list());
  const [back] = await ns.rule.list({ priority: 102 });
  expect(back).toMatchObject({
    family: 'inet',
    ipProto: 'tcp',
    sport: { start: 80, end: 80 },
    dport: { start: 1000, end: 2000 },
    action: 'blackhole',
  });
});

test('we read what ip makes, and can name it again to delete it', async () => {
  using ns = await NetNs.create();
  const made = [
    'rule add from 10.9.0.0/16 to 10.8.0.0/16 iif lo fwmark 7/15 lookup 77 pref 500 protocol zebra',
    'rule add not oif lo uidrange 5-9 ipproto udp dport 53 prohibit pref 501',
    'rule add pref 502 goto 600',
    '-6 rule add from 2001:db8::/32 lookup main suppress_prefixlength 1 pref 503',
  ];
  for (const line of made) inside(ns.path, 'ip', ...line.split(' '));
  const rules = await ns.rule.list();
  compare(ns, rules);
  for (const priority of [500, 501, 502]) await ns.rule.delete({ priority });
  expect((await ns.rule.list({ family: 'inet' })).map((rule) => rule.priority)).toEqual([
    0, 32766, 32767,
  ]);
});

test('filters, and a flush that keeps the first rule of each family', async () => {
  using ns = await NetNs.create();
  for (const spec of specs) await ns.rule.add(spec);
  expect((await ns.rule.list({ family: 'inet6', table: 10 })).map((r) => r.priority)).toEqual([
    300,
  ]);
  expect((await ns.rule.list({ protocol: 'static' })).map((r) => r.priority)).toEqual([200]);
  expect(await ns.rule.flush({ family: 'inet' })).toBe(11);
  expect((await ns.rule.list({ family: 'inet' })).map((r) => r.priority)).toEqual([0]);
  // Rules of the other family are none of that flush's.
  expect((await ns.rule.list({ family: 'inet6' })).length).toBe(4);
});

test('what the kernel refuses comes with its code', async () => {
  using ns = await NetNs.create();
  await ns.rule.add({ from: '10.0.0.0/8', table: 10, priority: 5 });
  expect(
    await errorOf(() => ns.rule.add({ from: '10.0.0.0/8', table: 10, priority: 5 })),
  ).toMatchObject({ code: 'EEXIST', syscall: 'RTM_NEWRULE' });
  expect((await errorOf(() => ns.rule.delete({ priority: 6 }))).code).toBe('ENOENT');
});
