import { expect, test } from 'vitest';
import bridgeAddress from '../../examples/experiments/bridge-address.ts';
import bridgeMac from '../../examples/experiments/bridge-mac.ts';
import bridgeSwallows from '../../examples/experiments/bridge-swallows.ts';
import descriptor from '../../examples/experiments/descriptor.ts';
import farEnd from '../../examples/experiments/far-end.ts';
import giveAway from '../../examples/experiments/give-away.ts';
import { experiments } from '../../examples/experiments/index.ts';
import loopback from '../../examples/experiments/loopback.ts';
import nameDeleted from '../../examples/experiments/name-deleted.ts';
import nat from '../../examples/experiments/nat.ts';
import nicOnBridge from '../../examples/experiments/nic-on-bridge.ts';
import vethPair from '../../examples/experiments/veth-pair.ts';

const ANSWERED = { answered: true };
const SILENCE = { answered: false };

/** Without the random id of an echo. */
const plain = (lines: string[]) => lines.map((line) => line.replace(/ id \d+,/, ''));

test('lo is down in a new namespace, and nothing answers until it is up', async () => {
  expect(await loopback.run()).toEqual({
    links: [{ name: 'lo', up: false }],
    down: { answered: false, error: 'ENETUNREACH' },
    addresses: ['127.0.0.1/8', '::1/128'],
    up: ANSWERED,
  });
});

test('a veth pair joins host and namespace', async () => {
  const { frames, ...seen } = await vethPair.run();
  expect(seen).toEqual({ lonely: 'down', joined: 'up', there: ANSWERED, back: ANSWERED });
  expect(plain(frames)).toEqual([
    'out ARP, Request who-has 10.1.0.2 tell 10.1.0.1, length 28',
    'in  ARP, Reply 10.1.0.2 is-at 02:00:00:00:00:02, length 28',
    'out IP 10.1.0.1 > 10.1.0.2: ICMP echo request, seq 1, length 64',
    'in  IP 10.1.0.2 > 10.1.0.1: ICMP echo reply, seq 1, length 64',
  ]);
});

test('a link is given away by name and by process, and taken back', async () => {
  expect(await giveAway.run()).toEqual({
    born: ['host'],
    byName: ['named'],
    moved: { up: false, addresses: 0 },
    byProcess: ['of a process'],
    back: ['host'],
  });
});

test('three ways to find the other end of a veth agree', async () => {
  const seen = await farEnd.run();
  expect(seen).toEqual({ indices: [77, 77, 77, 77], nsid: [0, 0], name: 'eth0', found: true });
});

test('an address on a bridge’s port reaches nobody: the answer goes to the bridge', async () => {
  expect(await bridgeSwallows.run()).toEqual({
    before: ANSWERED,
    after: SILENCE,
    port: [
      'out ARP, Request who-has 10.1.0.2 tell 10.1.0.1, length 28',
      'in  ARP, Reply 10.1.0.2 is-at 02:00:00:00:00:02, length 28',
    ],
    bridge: ['in  ARP, Reply 10.1.0.2 is-at 02:00:00:00:00:02, length 28'],
  });
});

test('the address on the bridge itself makes it work', async () => {
  const { frames, ...seen } = await bridgeAddress.run();
  expect(seen).toEqual({ onPort: SILENCE, onBridge: ANSWERED, learnt: true });
  expect(plain(frames)).toEqual([
    'out ARP, Request who-has 10.1.0.2 tell 10.1.0.1, length 28',
    'in  ARP, Reply 10.1.0.2 is-at 02:00:00:00:00:02, length 28',
    'out IP 10.1.0.1 > 10.1.0.2: ICMP echo request, seq 1, length 64',
    'in  IP 10.1.0.2 > 10.1.0.1: ICMP echo reply, seq 1, length 64',
  ]);
});

test('a bridge takes the lowest MAC of its ports, unless it was given one', async () => {
  expect(await bridgeMac.run()).toEqual({
    random: true,
    one: '02:00:00:00:00:20',
    two: '02:00:00:00:00:10',
    again: '02:00:00:00:00:20',
    fixed: '02:00:00:00:00:ff',
  });
});

test('a card on the bridge: address and default route move with it', async () => {
  expect(await nicOnBridge.run()).toEqual({
    before: ANSWERED,
    enslaved: SILENCE,
    after: ANSWERED,
    way: { via: '192.0.2.1', onBridge: true },
    sameMac: true,
  });
});

test('containers reach each other, the host, and by NAT the outside', async () => {
  const { plain: without, inside, outside, ...seen } = await nat.run();
  expect(seen).toEqual({ lost: SILENCE, toOther: ANSWERED, toHost: ANSWERED, out: ANSWERED });
  expect(plain(without)).toEqual([
    'in  IP 10.99.0.2 > 192.0.2.1: ICMP echo request, seq 1, length 64',
  ]);
  expect(plain(inside)).toEqual([
    'out IP 10.88.0.2 > 192.0.2.1: ICMP echo request, seq 1, length 64',
    'in  IP 192.0.2.1 > 10.88.0.2: ICMP echo reply, seq 1, length 64',
  ]);
  expect(plain(outside)).toEqual([
    'in  IP 192.0.2.2 > 192.0.2.1: ICMP echo request, seq 1, length 64',
    'out IP 192.0.2.1 > 192.0.2.2: ICMP echo reply, seq 1, length 64',
  ]);
});

test('a deleted name leaves the namespace alive while a process is in it', async () => {
  expect(await nameDeleted.run()).toEqual({
    listed: false,
    inside: true,
    reached: 'eth0',
    gone: true,
  });
});

test('a descriptor alone holds a namespace', async () => {
  expect(await descriptor.run()).toEqual({ pids: 0, names: 0, alive: 'eth0', gone: true });
});

test('each explains itself, in lines that fit a terminal', async () => {
  const lines: string[] = [];
  await bridgeMac.run((text) => lines.push(text));
  expect(lines[0]).toMatch(/^ {2}A bridge without ports/);
  for (const line of lines.filter((text) => !text.startsWith('   '))) {
    expect(line.length).toBeLessThanOrEqual(80);
  }
  expect(new Set(experiments.map(({ name }) => name)).size).toBe(11);
});
