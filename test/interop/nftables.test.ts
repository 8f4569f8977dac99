import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { NetNs } from '../../lib/index.ts';
import { Channel } from '../../lib/netlink/channel.ts';
import { addPorts, type PublishedPort, readPort, removePorts } from '../../lib/network/ports.ts';
import { deleteTable, makeTable, networkRules } from '../../lib/network/ruleset.ts';
import { nameBytes } from '../../lib/nftables/bytes.ts';
import {
  chain,
  element,
  generation,
  match,
  NETLINK_NETFILTER,
  nat,
  rule,
  set,
  table,
  transaction,
  verdicts,
} from '../../lib/nftables/index.ts';

const TABLE = { family: 'inet', table: 'try' } as const;
const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });
const nftFile = (input: string): string =>
  execFileSync('nft', ['-f', '-'], { encoding: 'utf8', input });

let host: NetNs;
let channel: Channel;
const send = (...commands: Parameters<typeof transaction>[0]): Promise<void> =>
  channel.run(transaction(commands));

beforeAll(() => {
  host = NetNs.current();
  channel = new Channel(host.hold, NETLINK_NETFILTER);
});
afterEach(() => nft('flush', 'ruleset'));
afterAll(() => host.close());

/** Lines of a listing without their indentation and chain frames. */
const rulesOf = (listing: string): string[] =>
  listing
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(table|chain|type|\})/.test(line));

it('nft shows each rule in the words that it means', async () => {
  await send(
    table.add({ family: 'inet', name: 'try', comment: 'a table' }),
    set.add({ ...TABLE, name: 'links', key: ['ifname'], comment: 'a set' }),
    element.add({ ...TABLE, set: 'links' }, [{ key: nameBytes('eth0'), comment: 'first' }]),
    chain.add({ ...TABLE, name: 'last' }),
    chain.add({ ...TABLE, name: 'other', comment: 'a chain' }),
    chain.add({ ...TABLE, name: 'out', type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
    ...[
      [...match.iifname('br0'), ...match.oifname('rt0-*', '!='), ...verdicts.accept()],
      [...match.iifnameIn('links'), ...verdicts.drop()],
      [...match.saddr({ family: 4, address: '10.0.0.0', length: 8 }), ...verdicts.return()],
      [...match.saddr({ family: 4, address: '10.1.16.0', length: 20 }, '!='), ...verdicts.return()],
      [...match.daddr({ family: 6, address: 'fd00:88::', length: 64 }), ...verdicts.drop()],
      [...match.daddr({ family: 6, address: 'fc00::', length: 7 }), ...verdicts.drop()],
      [...match.daddr({ family: 4, address: '192.0.2.1', length: 32 }), ...verdicts.drop()],
      [...match.ctState('established', 'related'), ...verdicts.accept()],
      [...match.ctStatus('dnat'), ...verdicts.accept()],
      [...match.toThisHost(), ...verdicts.goto('last')],
    ].map((expressions) => rule.add({ ...TABLE, chain: 'other', expressions, comment: 'x' })),
    rule.add({ ...TABLE, chain: 'out', expressions: verdicts.jump('last') }),
    rule.add({ ...TABLE, chain: 'out', expressions: nat.masquerade(), first: true }),
  );
  const listing = nft('list', 'ruleset');
  expect(listing).toContain('comment "a table"');
  expect(listing).toContain('elements = { "eth0" comment "first" }');
  expect(rulesOf(nft('list', 'chain', 'inet', 'try', 'other'))).toEqual([
    'comment "a chain"',
    ...[
      'iifname "br0" oifname != "rt0-*" accept',
      'iifname @links drop',
      'ip saddr 10.0.0.0/8 return',
      'ip saddr != 10.1.16.0/20 return',
      'ip6 daddr fd00:88::/64 drop',
      'ip6 daddr fc00::/7 drop',
      'ip daddr 192.0.2.1 drop',
      'ct state established,related accept',
      'ct status dnat accept',
      'fib daddr type local goto last',
    ].map((text) => `${text} comment "x"`),
  ]);
  expect(rulesOf(nft('list', 'chain', 'inet', 'try', 'out'))).toEqual(['masquerade', 'jump last']);
});

it('makes all or nothing, and says which command the kernel refused', async () => {
  await send(table.add({ family: 'inet', name: 'try' }), chain.add({ ...TABLE, name: 'a' }));
  const before = nft('list', 'ruleset');
  const late = send(
    chain.add({ ...TABLE, name: 'b' }),
    chain.add({ ...TABLE, name: 'a' }),
    chain.add({ ...TABLE, name: 'c' }),
  );
  await expect(late).rejects.toMatchObject({
    code: 'EEXIST',
    syscall: 'NFT_MSG_NEWCHAIN',
    attribute: 'name',
  });
  await expect(send(rule.delete(TABLE, 'a', 99))).rejects.toMatchObject({
    code: 'ENOENT',
    syscall: 'NFT_MSG_DELRULE',
  });
  expect(nft('list', 'ruleset')).toBe(before);
});

it('refuses a transaction for a ruleset that has changed meanwhile', async () => {
  const seen = await channel.run(generation());
  nft('add', 'table', 'inet', 'theirs');
  expect(await channel.run(generation())).toBe(seen + 1);
  const stale = channel.run(
    transaction([table.add({ family: 'inet', name: 'try' })], { generation: seen }),
  );
  await expect(stale).rejects.toMatchObject({ errno: -85 });
  expect(nft('list', 'tables').trim()).toBe('table inet theirs');
});

it('nft shows the rules of networks as a person would write them', async () => {
  const subnets = [
    { family: 4 as const, address: '10.88.0.0', length: 16 },
    { family: 6 as const, address: 'fd00:88::', length: 64 },
  ];
  const switches = { masquerade: true, isolated: true, denyInbound: true, denyWithin: false };
  await send(
    ...makeTable(),
    ...networkRules({ name: 'br0', interfaces: 'br0', subnets, ...switches }),
    ...networkRules({
      name: 'rt0',
      interfaces: 'rt0-*',
      subnets: subnets.slice(0, 1),
      ...switches,
      denyWithin: true,
    }),
  );
  const listing = nft('list', 'ruleset');
  expect(rulesOf(listing.slice(listing.indexOf('chain forward')))).toEqual([
    'ct state established,related accept',
    'ct status dnat accept',
    ...[
      'iifname != "br0" iifname @networks oifname "br0" ip daddr 10.88.0.0/16 drop',
      'iifname != "br0" oifname "br0" ip daddr 10.88.0.0/16 drop',
      'iifname "br0" oifname "br0" ip saddr != 10.88.0.0/16 ip daddr 10.88.0.0/16 drop',
      'iifname != "br0" iifname @networks oifname "br0" ip6 daddr fd00:88::/64 drop',
      'iifname != "br0" oifname "br0" ip6 daddr fd00:88::/64 drop',
      'iifname "br0" oifname "br0" ip6 saddr != fd00:88::/64 ip6 daddr fd00:88::/64 drop',
    ].map((text) => `${text} comment "br0"`),
    ...[
      'iifname != "rt0-*" iifname @networks oifname "rt0-*" ip daddr 10.88.0.0/16 drop',
      'iifname != "rt0-*" oifname "rt0-*" ip daddr 10.88.0.0/16 drop',
      'iifname "rt0-*" oifname "rt0-*" ip saddr != 10.88.0.0/16 ip daddr 10.88.0.0/16 drop',
      'iifname "rt0-*" oifname "rt0-*" drop',
    ].map((text) => `${text} comment "rt0"`),
    ...[
      'ip saddr 127.0.0.0/8 oifname "br0" masquerade',
      'ip saddr 10.88.0.0/16 oifname "br0" ct status dnat masquerade',
      'ip saddr 10.88.0.0/16 ip daddr != 10.88.0.0/16 fib daddr type unicast masquerade',
      'ip6 saddr fd00:88::/64 oifname "br0" ct status dnat masquerade',
      'ip6 saddr fd00:88::/64 ip6 daddr != fd00:88::/64 fib daddr type unicast masquerade',
    ].map((text) => `${text} comment "br0"`),
    ...[
      'ip saddr 127.0.0.0/8 oifname "rt0-*" masquerade',
      'ip saddr 10.88.0.0/16 oifname "rt0-*" ct status dnat masquerade',
      'ip saddr 10.88.0.0/16 ip daddr != 10.88.0.0/16 fib daddr type unicast masquerade',
    ].map((text) => `${text} comment "rt0"`),
  ]);
  expect(listing).toContain('elements = { "br0" comment "br0",');
  expect(listing).toContain('"rt0-*" comment "rt0" }');
  expect(rulesOf(nft('list', 'chain', 'inet', 'node-netns', 'published'))).toEqual([
    'meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @published-at',
    'meta l4proto { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @published',
    'meta l4proto { tcp, udp, sctp } dnat ip6 to ip6 daddr . meta l4proto . th dport map @published6-at',
    'meta l4proto { tcp, udp, sctp } dnat ip6 to meta l4proto . th dport map @published6',
  ]);
  // nft reads its own listing of our table again, to the same.
  nft('flush', 'ruleset');
  nftFile(listing);
  expect(nft('list', 'ruleset')).toBe(listing);
  await send(...deleteTable());
  expect(nft('list', 'ruleset')).toBe('');
});

it('publishes ports that nft shows, and reads them back', async () => {
  const ports: PublishedPort[] = [
    { protocol: 'tcp', hostAddress: undefined, hostPort: 8080, address: '10.88.0.2', port: 80 },
    { protocol: 'udp', hostAddress: '192.0.2.1', hostPort: 53, address: '10.88.0.3', port: 5353 },
    { protocol: 'tcp', hostAddress: undefined, hostPort: 443, address: 'fd00:88::2', port: 8443 },
    { protocol: 'sctp', hostAddress: '2001:db8::1', hostPort: 9, address: 'fd00:88::3', port: 9 },
  ];
  await send(...makeTable(), ...addPorts(ports, 'br0 web'));
  const listing = nft('list', 'ruleset');
  expect(listing).toContain('tcp . 8080 comment "br0 web" : 10.88.0.2 . 80');
  expect(listing).toContain('192.0.2.1 . udp . 53 comment "br0 web" : 10.88.0.3 . 5353');
  expect(listing).toContain('tcp . 443 comment "br0 web" : fd00:88::2 . 8443');
  expect(listing).toContain('2001:db8::1 . sctp . 9 comment "br0 web" : fd00:88::3 . 9');
  const read: unknown[] = [];
  for (const [map, family, byAddress] of [
    ['published', 4, false],
    ['published-at', 4, true],
    ['published6', 6, false],
    ['published6-at', 6, true],
  ] as const) {
    const found = await channel.run(
      element.list({ family: 'inet', table: 'node-netns', set: map }),
    );
    expect(found.map(({ comment }) => comment)).toEqual(['br0 web']);
    read.push(...found.map((each) => readPort(family, byAddress, each)));
  }
  expect(read).toEqual(ports);
  await send(...removePorts(ports));
  expect(nft('list', 'ruleset')).not.toContain('10.88');
});

it('publishes a thousand ports in one transaction', async () => {
  const ports = Array.from(
    { length: 1024 },
    (_, i): PublishedPort => ({
      protocol: 'tcp',
      hostPort: 10_000 + i,
      address: '10.88.0.2',
      port: i + 1,
    }),
  );
  await send(...makeTable());
  const before = await channel.run(generation());
  await send(...addPorts(ports, 'br0'));
  expect(await channel.run(generation())).toBe(before + 1);
  expect(nft('list', 'ruleset').match(/10\.88\.0\.2/g)).toHaveLength(1024);
});

it('reads what nft has made', async () => {
  nftFile(`table ip theirs {
    chain pre { type nat hook prerouting priority -90; policy accept; tcp dport 80 counter dnat to 10.0.0.1:8080 comment "web"; }
    chain through { type filter hook forward priority 5; policy drop; ct state new limit rate 5/second log prefix "x" reject; }
    set tens { type ipv4_addr; flags interval; comment "some"; elements = { 10.0.0.0/8 comment "ten" } }
  }`);
  const chains = await channel.run(chain.list());
  expect(chains).toEqual([
    {
      family: 'ip',
      table: 'theirs',
      name: 'pre',
      handle: expect.any(Number),
      type: 'nat',
      hook: 0,
      priority: -90,
      policy: 'accept',
      comment: undefined,
    },
    {
      family: 'ip',
      table: 'theirs',
      name: 'through',
      handle: expect.any(Number),
      type: 'filter',
      hook: 2,
      priority: 5,
      policy: 'drop',
      comment: undefined,
    },
  ]);
  const ref = { family: 'ip', table: 'theirs' } as const;
  const rules = await channel.run(rule.list(ref));
  expect(rules.map(({ chain, comment }) => [chain, comment])).toEqual([
    ['pre', 'web'],
    ['through', undefined],
  ]);
  expect(rules[0].expressions.map(({ name }) => name)).toEqual([
    'meta',
    'cmp',
    'payload',
    'cmp',
    'counter',
    'immediate',
    'immediate',
    'nat',
  ]);
  expect(rules[1].expressions.map(({ name }) => name)).toEqual([
    'ct',
    'bitwise',
    'cmp',
    'limit',
    'log',
    'reject',
  ]);
  expect(rules[1].expressions[3].data).toMatchObject({
    rate: 5,
    unit: 1,
    burst: 5,
    type: 'packets',
  });
  expect(await channel.run(set.list(ref))).toMatchObject([
    { name: 'tens', comment: 'some', flags: { interval: true } },
  ]);
  const elements = await channel.run(element.list({ ...ref, set: 'tens' }));
  expect(
    elements.some(({ comment, key }) => comment === 'ten' && key.join('.') === '10.0.0.0'),
  ).toBe(true);
  await send(
    rule.delete(ref, 'pre', rules[0].handle),
    rule.flush(ref, 'through'),
    element.flush({ ...ref, set: 'tens' }),
  );
  expect(nft('list', 'ruleset')).not.toMatch(/dport|reject|10\.0\.0\.0/);
  await send(chain.delete(ref, 'through'), set.delete(ref, 'tens'));
  expect(await channel.run(table.list())).toEqual([
    { family: 'ip', name: 'theirs', handle: expect.any(Number), comment: undefined },
  ]);
});
