import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BridgeNetwork, NetNs, RoutedNetwork } from '../../lib/index.ts';
import { traceable, Victim } from './support/kill.ts';
import { reach, serve } from './support/traffic.ts';

const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });

/**
 * Where the kernel is changed: the process is killed on the way into the n-th of these. A start of
 * the victim for each takes minutes: unless told otherwise, every so many of them are tried.
 */
const CALLS = [
  ['sendto', 8],
  ['mount', 2],
  ['umount2', 1],
  ['unlink', 1],
  ['unshare', 3],
] as const;
const EVERY_STEP = process.env.NETNS_TEST_EVERY_STEP === '1';

const KINDS = [
  ['bridge', BridgeNetwork],
  ['routed', RoutedNetwork],
] as const;

describe.skipIf(!traceable)('after kill -9 (needs strace)', () => {
  let host: NetNs;
  let old: NetNs;
  let victim: Victim;

  beforeAll(async () => {
    host = NetNs.current();
    victim = new Victim('network-victim');
    old = await NetNs.create('old');
  });
  afterAll(async () => {
    await old.delete();
    victim[Symbol.dispose]();
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
      async (call, some) => {
        let killed = 0;
        const stride = EVERY_STEP ? 1 : some;
        for (let nth = kind === 'routed' ? Math.ceil(stride / 2) : 1; ; nth += stride) {
          if (await victim.kill([kind], call, nth)) break;
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
