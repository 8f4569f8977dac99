import { NetlinkError } from '../errors.ts';
import { link } from '../rtnetlink/link/api.ts';
import { Host } from './host.ts';
import type { Layout } from './layout.ts';
import type { Network, Parts } from './network.ts';
import { refuseOverlap } from './overlap.ts';
import { own } from './owner.ts';
import { type NetworkKind, networkAlias } from './record.ts';
import { findNetwork } from './recovery.ts';
import { randomIndex } from './seats.ts';
import {
  checkPoolName,
  checkUseKeys,
  type NetworkOptions,
  type Settings,
  settingsOf,
  type UseOptions,
} from './settings.ts';

/** Has the host forward packets; told in words where it may not be. */
async function forward(host: Host, settings: Settings): Promise<void> {
  const keys: string[] = [];
  if (settings.subnets.some(({ family }) => family === 4)) keys.push('net.ipv4.ip_forward');
  if (settings.subnets.some(({ family }) => family === 6))
    keys.push('net.ipv6.conf.all.forwarding');
  const off = keys.filter((key) => host.ns.sysctl.get(key) === '0');
  const on: string[] = [];
  for (const key of off) {
    try {
      await host.ns.sysctl.set(key, 1);
      on.push(key);
    } catch (error) {
      for (const each of on) await host.ns.sysctl.set(each, 0).catch(() => undefined);
      if (!(error instanceof NetlinkError)) throw error;
      throw new NetlinkError(
        `network '${settings.name}': forwarding is off (${key}) and can't be switched on: ${error.message}; switch it on outside, or pass { forward: false }`,
        {
          code: 'ERR_FORWARDING_FORBIDDEN',
          errno: error.errno,
          syscall: error.syscall,
          cause: error,
        },
      );
    }
  }
}

/** Makes a network; where a part fails, nothing of the rest stays. */
export async function found<N extends Network>(
  options: NetworkOptions,
  settings: Settings,
  layout: Layout,
  make: (parts: Parts) => N,
): Promise<N> {
  checkPoolName(settings, options.pool);
  const { name } = settings;
  const alias = networkAlias(settings.record);
  const host = new Host(options.netns);
  const undo: (() => unknown)[] = [() => host.close()];
  try {
    const release = await own(host.ns, name);
    undo.push(release);
    // On a link of the host, its own addresses and routes are of the same subnet.
    if (!layout.inner) await refuseOverlap(host, name, settings.subnets);
    await makeLink(host, settings, layout, alias);
    undo.push(() => host.ns.channel.run(link.delete(name)));
    const network = make({ host, settings, layout, release });
    undo.splice(0, undo.length, () => network.delete());
    await network.prepare();
    // Last, since others may rely on it as soon as it is on: it is not switched off again.
    if (options.forward !== false) await forward(host, settings);
    return network;
  } catch (error) {
    // An error on the way back would hide the one that matters.
    for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => undefined);
    throw error;
  }
}

async function makeLink(
  host: Host,
  settings: Settings,
  layout: Layout,
  alias: string,
): Promise<void> {
  const { name } = settings;
  const index = await freeIndex(host);
  try {
    await host.ns.channel.batch(layout.make(settings, alias, index));
  } catch (error) {
    if (
      error instanceof NetlinkError &&
      error.code === 'EEXIST' &&
      error.syscall === 'RTM_NEWLINK'
    ) {
      throw new NetlinkError(
        `network.create: a link '${name}' exists; a network of that name is opened by open('${name}')`,
        { code: 'EEXIST', errno: error.errno, syscall: error.syscall, cause: error },
      );
    }
    await host.ns.channel.run(link.delete(index)).catch(() => undefined);
    throw error;
  }
}

/** An ifindex that nothing on the host has. */
async function freeIndex(host: Host): Promise<number> {
  for (;;) {
    const index = randomIndex();
    try {
      await host.ns.channel.run(link.get(index));
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'ENODEV') return index;
      throw error;
    }
  }
}

/** Opens a network that is there, and finds its endpoints again. */
export async function reopen<N extends Network>(
  kind: NetworkKind,
  name: string,
  use: UseOptions,
  layout: Layout,
  make: (parts: Parts) => N,
): Promise<N> {
  checkUseKeys(use);
  const host = new Host(use.netns);
  let release: (() => void) | undefined;
  try {
    const { record } = await findNetwork(host, name, kind);
    release = await own(host.ns, name);
    const settings = settingsOf(name, record);
    checkPoolName(settings, use.pool);
    const network = make({ host, settings, layout, release });
    await network.adopt();
    await network.prepare();
    return network;
  } catch (error) {
    release?.();
    host.close();
    throw error;
  }
}
