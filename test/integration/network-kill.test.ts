import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BridgeNetwork, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { reach, serve } from './support/traffic.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });

/** Where the kernel is changed: the process is killed on the way into the n-th of these. */
const CALLS = ['sendto', 'mount', 'umount2', 'unlink', 'unshare'];

/** A start of the victim for each step takes minutes: unless told otherwise, some are tried. */
const EVERY_STEP = process.env.NETNS_TEST_EVERY_STEP === '1';
const stride = (call: string): number => (EVERY_STEP ? 1 : call === 'sendto' ? 30 : 100);

const traceable =
  spawnSync('strace', [
    '-f',
    '-o',
    '/dev/null',
    '-e',
    'inject=unlink:signal=KILL:when=9999',
    'true',
  ]).status === 0;

const KINDS = [
  ['bridge', BridgeNetwork],
  ['routed', RoutedNetwork],
] as const;

/** Runs the victim, to be killed in the n-th call; true where it came to its end. */
async function kill(kind: string, call: string, nth: number): Promise<boolean> {
  const child = spawn(
    'strace',
    [
      ...[
        '-f',
        '-o',
        '/dev/null',
        '-e',
        `trace=${call}`,
        '-e',
        `inject=${call}:signal=KILL:when=${nth}`,
      ],
      ...[process.execPath, '--import', path('../../scripts/typescript.mjs')],
      ...[path('./support/network-victim.ts'), kind],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  await once(child, 'close');
  if (
    out !== 'whole' &&
    child.exitCode !== null &&
    child.exitCode !== 0 &&
    child.exitCode !== 137
  ) {
    throw new Error(`the victim failed by itself (${child.exitCode}): ${err}${out}`);
  }
  return out === 'whole';
}

describe.skipIf(!traceable)('after kill -9 (needs strace)', () => {
  let host: NetNs;
  let old: NetNs;

  beforeAll(async () => {
    host = NetNs.current();
    old = await NetNs.create('old');
  });
  afterAll(async () => {
    await old.delete();
    host.close();
  });

  // What one failure leaves is no reason for the next.
  afterEach(() => {
    execFileSync(
      'sh',
      [
        '-c',
        'ip link delete net0; ip netns delete web; ip netns delete db; nft flush ruleset; true',
      ],
      {
        stdio: 'ignore',
      },
    );
  });

  describe.each(KINDS)('a %s network', (kind, Network) => {
    it.each(CALLS)(
      'on the way into any %s, open() and sweep() find what is whole and take away the rest',
      async (call) => {
        let killed = 0;
        for (let nth = kind === 'routed' && call === 'sendto' ? 3 : 1; ; nth += stride(call)) {
          if (await kill(kind, call, nth)) break;
          killed++;
          await recover(Network).catch((error) => {
            throw new Error(`killed on the way into ${call} number ${nth}: ${error.message}`, {
              cause: error,
            });
          });
        }
        expect(killed).toBeGreaterThan(0);
      },
      300_000,
    );
  });

  async function recover(Network: typeof BridgeNetwork | typeof RoutedNetwork): Promise<void> {
    const there = (await host.link.list()).some(({ name }) => name === 'net0');
    if (there) {
      const network = await Network.open('net0');
      try {
        await network.sweep();
        await whole(network);
      } finally {
        await network.delete();
      }
    } else {
      for (const { name, path, leftover } of await NetNs.list())
        if (leftover && name !== 'old') rmSync(path);
    }
    await nothingLeft();
  }

  /** Every endpoint works, and nothing is there but endpoints. */
  async function whole(network: BridgeNetwork | RoutedNetwork): Promise<void> {
    const endpoints = network.endpoints();
    const links = (await host.link.list())
      .map(({ name }) => name)
      .filter((name) => name !== 'lo' && name !== 'net0');
    expect(links.sort()).toEqual(endpoints.map(({ hostLink }) => hostLink).sort());
    const names = (await NetNs.list()).map(({ name }) => name).filter((name) => name !== 'old');
    expect(names.sort()).toEqual(endpoints.flatMap(({ name }) => name ?? []).sort());
    for (const endpoint of endpoints) {
      await using _server = await serve(endpoint.netns, 80, 'here ');
      expect(await reach(host, endpoint.address, 80, 5_000)).toMatch(/^here /);
      for (const { hostPort, port } of endpoint.ports)
        if (port === 80) expect(await reach(host, '127.0.0.1', hostPort, 5_000)).toMatch(/^here /);
    }
    const leading = nft('list', 'ruleset').match(/: 10\.88\.0\.\d+ \. \d+/g) ?? [];
    expect(leading).toHaveLength(endpoints.flatMap(({ ports }) => ports).length);
  }

  async function nothingLeft(): Promise<void> {
    // Namespaces of the dead process take a moment to go.
    await expect
      .poll(async () => (await host.link.list()).map(({ name }) => name), { timeout: 5_000 })
      .toEqual(['lo']);
    expect(nft('list', 'ruleset')).toBe('');
    expect((await NetNs.list()).map(({ name }) => name)).toEqual(['old']);
    await expect.poll(async () => (await old.link.list()).map(({ name }) => name)).toEqual(['lo']);
  }
});
