import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BridgeNetwork, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { errorOf } from '../support/errors.ts';

const run = promisify(execFile);
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const CHILD = [
  process.execPath,
  ...['--import', path('../../scripts/typescript.mjs')],
  path('./support/trouble.ts'),
];

const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
/** Loads the seccomp filter in its first argument's file, and becomes the command behind it. */
const LOAD_FILTER = `
  open my $file, '<', shift or die; local $/; my $filter = <$file>;
  my $prctl = ${process.arch === 'x64' ? 157 : 167};
  syscall($prctl, 38, 1, 0, 0, 0) == 0 or die;
  syscall($prctl, 22, 2, pack('S x6 P', length($filter) / 8, $filter), 0, 0) == 0 or die;
  exec @ARGV`;
const loadable = spawnSync('perl', ['-e', '1']).status === 0;

let host: NetNs;
beforeAll(() => {
  host = NetNs.current();
});
afterAll(() => host.close());

/** What is there: links, names, tables, whether packets are forwarded. */
async function state(): Promise<unknown> {
  return {
    links: (await host.link.list()).map(({ name, up, alias }) => ({ name, up, alias })),
    addresses: (await host.address.list()).map(({ address }) => address),
    names: (await NetNs.list()).map(({ name }) => name),
    ruleset: (await run('nft', ['list', 'ruleset'])).stdout,
    forwarding: [
      readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'),
      readFileSync('/proc/sys/net/ipv6/conf/all/forwarding', 'utf8'),
    ],
  };
}

type Told = Record<string, unknown>;

/** Runs tasks in a child that something is put in the way of, by the words before its command. */
async function inTrouble(before: string[], tasks: string[]): Promise<Told[]> {
  const [command, ...rest] = [...before, ...CHILD, ...tasks];
  const { stdout } = await run(command, rest, {
    timeout: 20_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout);
}

/** As if this host had been left alone so far: nothing is forwarded. */
const quiet = (): Promise<unknown> =>
  Promise.all([
    host.sysctl.set('net.ipv4.ip_forward', 0),
    host.sysctl.set('net.ipv6.conf.all.forwarding', 0),
  ]);

describe('without nf_tables in the kernel', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seccomp-'));
    writeFileSync(join(folder, 'filter'), socketFilter(AF_NETLINK, NETLINK_NETFILTER));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const without = (...tasks: string[]): Promise<Told[]> =>
    inTrouble(['perl', '-e', LOAD_FILTER, join(folder, 'filter')], tasks);

  it.skipIf(!loadable)('makes no network that needs it, and no published port', async () => {
    await quiet();
    const before = await state();
    const [network, ports] = await without('masquerade', 'publish');
    expect(network).toMatchObject({
      code: 'ERR_NO_NFTABLES',
      message: expect.stringContaining('need nf_tables with inet NAT'),
    });
    const refused = expect.objectContaining({ code: 'ERR_NO_NFTABLES' });
    expect(ports.tries).toEqual([refused, refused]);
    // The network itself works without.
    expect(ports.state).toMatchObject({
      ports: [],
      stats: { endpoints: 1, addresses: { used: 1 } },
      same: true,
    });
    await quiet();
    expect(await state()).toEqual(before);
  });
});

describe('where forwarding is forbidden', () => {
  const readOnly = (...tasks: string[]): Promise<Told[]> =>
    inTrouble(
      [
        ...['unshare', '--mount', '--propagation', 'private', 'sh', '-ec'],
        'mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys; exec "$@"',
        'sh',
      ],
      tasks,
    );

  it('says so, and makes no network', async () => {
    await quiet();
    const before = await state();
    for (const told of await readOnly('create', 'masquerade')) {
      expect(told).toMatchObject({
        code: 'ERR_FORWARDING_FORBIDDEN',
        message: expect.stringMatching(/net\.ipv4\.ip_forward.*pass \{ forward: false \}/),
      });
    }
    expect(await state()).toEqual(before);
  });

  it('makes one that does not ask for it', async () => {
    expect(await readOnly('plain')).toEqual([{}]);
    await host.link.delete('net0');
    // It is on already, by whoever may.
    await host.sysctl.set('net.ipv4.ip_forward', 1);
    expect(await readOnly('create')).toEqual([{}]);
    await host.link.delete('net0');
  });
});

describe.each([
  ['net_admin', /CAP_NET_ADMIN/],
  ['sys_admin', /CAP_SYS_ADMIN/],
])('without CAP_%s', (capability, words) => {
  const without = (...tasks: string[]): Promise<Told[]> =>
    inTrouble(
      ['setpriv', '--bounding-set', `-${capability}`, '--inh-caps', `-${capability}`],
      tasks,
    );

  it('says what is missing, and changes nothing', async () => {
    await quiet();
    const before = await state();
    for (const told of await without('create', 'masquerade')) {
      expect(told).toMatchObject({ code: 'EPERM', message: expect.stringMatching(words) });
      expect(told.syscall).toBeDefined();
    }
    expect(await state()).toEqual(before);
  });

  it('attaches nothing to a network that is there', async () => {
    const network = await BridgeNetwork.create({ name: 'net0', subnet: '10.88.0.0/24' });
    await network.close();
    const before = await state();
    const [told] = await without('attach');
    expect(told).toMatchObject({ code: 'EPERM', message: expect.stringMatching(words) });
    await expect.poll(state).toEqual(before);
    await host.link.delete('net0');
  });
});

const KINDS = [
  ['bridge', BridgeNetwork],
  ['routed', RoutedNetwork],
] as const;

describe.each(KINDS)('a %s network', (_kind, Network) => {
  let network: BridgeNetwork | RoutedNetwork | undefined;

  afterEach(async () => {
    if (network?.closed === false) await network.delete();
    network = undefined;
    for (const name of ['other']) await host.link.delete(name).catch(() => undefined);
    expect((await host.link.list()).map(({ name }) => name)).toEqual(['lo']);
  });

  it('is not made where its subnet is somebody else’s, or its gateway elsewhere', async () => {
    await host.link.add({ kind: 'bridge', name: 'other', up: true });
    await host.address.add({ dev: 'other', address: '10.66.1.1/24' });
    await host.route.add({ dst: '10.77.0.0/16', dev: 'other' });
    await host.route.add({ dst: 'fd00:77::/48', dev: 'other', table: 'main' });
    await quiet();
    const before = await state();
    const overlaps = [
      ['10.66.0.0/16', /overlaps the address 10\.66\.1\.1\/24/],
      ['10.66.1.128/25', /overlaps the address 10\.66\.1\.1\/24/],
      ['10.77.3.0/24', /overlaps the route 10\.77\.0\.0\/16/],
      ['10.0.0.0/8', /overlaps/],
      ['fd00:77:0:5::/64', /overlaps the route fd00:77::\/48/],
    ] as const;
    for (const [subnet, words] of overlaps) {
      const error = await errorOf(() => Network.create({ name: 'net0', subnet }));
      expect(error).toMatchObject({
        code: 'ERR_SUBNET_OVERLAP',
        message: expect.stringMatching(words),
      });
    }
    for (const gateway of ['10.99.0.1', '10.88.0.0', '10.88.0.255', 'fd00::1']) {
      const error = await errorOf(() =>
        Network.create({ name: 'net0', subnet: '10.88.0.0/24', gateway }),
      );
      expect(error).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining('gateway'),
      });
    }
    expect(await state()).toEqual(before);
    // Nothing holds the name or the claim to it.
    network = await Network.create({ name: 'net0', subnet: '10.88.0.0/24' });
  });

  it('is not made where a link has its name', async () => {
    await host.link.add({ kind: 'bridge', name: 'other' });
    await quiet();
    const before = await state();
    const error = await errorOf(() => Network.create({ name: 'other', subnet: '10.88.0.0/24' }));
    expect(error).toMatchObject({
      code: 'EEXIST',
      message: expect.stringContaining("a link 'other' exists"),
    });
    expect(await state()).toEqual(before);
  });

  it('attaches no process that has died', async () => {
    network = await Network.create({ name: 'net0', subnet: '10.88.0.0/24' });
    const child = spawn('true');
    await once(child, 'exit');
    const before = await state();
    const error = await errorOf(() =>
      (network as BridgeNetwork).attach({ netns: { pid: child.pid ?? 0 } }),
    );
    expect(error).toMatchObject({ message: expect.stringContaining(`process ${child.pid}`) });
    expect(error.code).toMatch(/^(ENOENT|ESRCH)$/);
    expect(await state()).toEqual(before);
    expect(network.stats().addresses.used).toBe(0);
  });

  it('keeps an endpoint usable whose process has died, and frees all of it', async () => {
    const net0 = await Network.create({ name: 'net0', subnet: '10.88.0.0/24' });
    network = net0;
    const child = await asleep();
    const endpoint = await net0.attach({ netns: { pid: child.pid ?? 0 } });
    const other = await asleep();
    const lost = await net0.attach({ netns: { pid: other.pid ?? 0 }, publish: { hostPort: 8081 } });
    child.kill('SIGKILL');
    await once(child, 'exit');
    // This process holds the namespace.
    await endpoint.publish({ hostPort: 8080, port: 80 });
    expect((await endpoint.netns.link.get('eth0')).up).toBe(true);
    // And then nobody does: the next process finds what is left.
    endpoint.netns.close();
    await net0.close();
    const again = await Network.open('net0');
    network = again;
    expect(again.endpoints().map(({ address }) => address)).toContain(lost.address);
    await again.sweep();
    expect(again.endpoints().map(({ address }) => address)).toEqual([lost.address]);
    const next = await again.attach({ address: endpoint.address, publish: { hostPort: 8080 } });
    await next.detach();
    const [left] = again.endpoints();
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(left.ports).toHaveLength(1);
    await left.detach();
    expect(again.stats()).toMatchObject({ endpoints: 0, addresses: { used: 0 } });
    expect(readdirSync('/sys/class/net').filter((name) => name.startsWith('net0-'))).toEqual([]);
  });
});

async function asleep(): Promise<ReturnType<typeof spawn>> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** A seccomp filter as the kernel takes it: socket() of this family and protocol is refused. */
function socketFilter(family: number, protocol: number): Uint8Array {
  const [LOAD, EQUAL, RETURN] = [0x20, 0x15, 0x06];
  const [NUMBER, FIRST, THIRD] = [0, 16, 32];
  const SOCKET = process.arch === 'x64' ? 41 : 198;
  const [ALLOW, EPROTONOSUPPORT] = [0x7fff0000, 0x00050000 | 93];
  const program: [code: number, yes: number, no: number, k: number][] = [
    [LOAD, 0, 0, NUMBER],
    [EQUAL, 0, 5, SOCKET],
    [LOAD, 0, 0, FIRST],
    [EQUAL, 0, 3, family],
    [LOAD, 0, 0, THIRD],
    [EQUAL, 0, 1, protocol],
    [RETURN, 0, 0, EPROTONOSUPPORT],
    [RETURN, 0, 0, ALLOW],
  ];
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, yes, no, k], i) => {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, yes);
    view.setUint8(i * 8 + 3, no);
    view.setUint32(i * 8 + 4, k, true);
  });
  return bytes;
}
