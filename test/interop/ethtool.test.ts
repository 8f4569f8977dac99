import { NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', up: true, peer: { name: 'a1', up: true } });
  return ns;
}

test('the driver, as ethtool -i tells it', async () => {
  using ns = await pair();
  const driver = await ns.ethtool.driver('a0');
  const text = inside(ns.path, 'ethtool', '-i', 'a0');
  const told = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  expect(driver).toMatchObject({
    driver: told('driver'),
    version: told('version'),
    firmwareVersion: told('firmware-version') ?? '',
    busInfo: told('bus-info') ?? '',
  });
  expect(driver.driver).toBe('veth');
  expect(driver.statistics).toBeGreaterThan(0);
});

test('three ways to the other end of a pair agree', async () => {
  using ns = await pair();
  const [a0, a1] = [await ns.link.get('a0'), await ns.link.get('a1')];
  const statistics = await ns.ethtool.statistics('a0');
  expect(statistics.peer_ifindex).toBe(a1.index);
  expect(a0.link).toBe(a1.index);
  expect(ns.sync.ethtool.statistics('a1').peer_ifindex).toBe(a0.index);
  const text = inside(ns.path, 'ethtool', '-S', 'a0');
  for (const [, name] of text.matchAll(/^\s+(\S+): \d+$/gm))
    expect(Object.keys(statistics)).toContain(name);
});

test('features: every one that ethtool -k shows, and turning one off', async () => {
  using ns = await pair();
  const compare = async () => {
    const features = await ns.ethtool.features('a0');
    const rows = inside(ns.path, 'ethtool', '-k', 'a0').matchAll(
      /^\s*(\S+): (on|off)( \[.*\])?$/gm,
    );
    let compared = 0;
    for (const [, name, state, note] of rows) {
      // The lines that sum several features up have names of their own.
      if (features[name] === undefined) continue;
      compared++;
      expect(features[name].active, name).toBe(state === 'on');
      if (note === undefined) expect(features[name].changeable, name).toBe(true);
      if (note === ' [fixed]') expect(features[name].changeable, name).toBe(false);
    }
    expect(compared).toBeGreaterThan(30);
  };
  await compare();
  const after = await ns.ethtool.setFeatures('a0', { 'tx-tcp-segmentation': false });
  expect(after['tx-tcp-segmentation']).toEqual({
    active: false,
    requested: false,
    changeable: true,
  });
  await compare();
  const error = await errorOf(() => ns.ethtool.setFeatures('a0', { 'tx-tcp-segmentatoin': true }));
  expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  expect(error.message).toMatch(/did you mean 'tx-tcp-segmentation'/);
});

test('link settings, carrier, channels and rings', async () => {
  using ns = await pair();
  const settings = await ns.ethtool.settings('a0');
  expect(settings).toMatchObject({
    speed: 10000,
    duplex: 'full',
    port: 'tp',
    autonegotiation: false,
  });
  expect(inside(ns.path, 'ethtool', 'a0')).toMatch(/Speed: 10000Mb\/s/);
  expect(await ns.ethtool.carrier('a0')).toBe(true);
  await ns.link.set('a1', { up: false });
  expect(await ns.ethtool.carrier('a0')).toBe(false);
  const channels = await ns.ethtool.channels('a0');
  expect(channels).toMatchObject({ rx: 1, tx: 1, rxMax: 1, txMax: 1 });
  expect(await ns.ethtool.permanentAddress('a0')).toBeUndefined();
});

test('what a driver lacks, and a link that is not there', async () => {
  using ns = await pair();
  expect(await errorOf(() => ns.ethtool.pause('a0'))).toMatchObject({ code: 'EOPNOTSUPP' });
  expect(await errorOf(() => ns.ethtool.driver('nope0'))).toMatchObject({ code: 'ENODEV' });
  expect(await errorOf(() => ns.ethtool.driver('a name'))).toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  });
});

test('by generic netlink: the same features and settings, by index and by name', async () => {
  using ns = await pair();
  const { index } = await ns.link.get('a0');
  const byIoctl = await ns.ethtool.features('a0');
  const byNetlink = await ns.ethtool.netlink.features('a0');
  const active = (all: typeof byIoctl) =>
    Object.keys(all)
      .filter((name) => all[name].active)
      .sort();
  expect(active(byNetlink)).toEqual(active(byIoctl));
  for (const [name, feature] of Object.entries(byNetlink))
    expect(feature, name).toEqual(byIoctl[name]);
  await ns.ethtool.netlink.setFeatures(index, { 'tx-tcp-segmentation': false });
  expect((await ns.ethtool.features('a0'))['tx-tcp-segmentation'].active).toBe(false);
  expect(await ns.ethtool.netlink.settings(index)).toMatchObject({
    speed: 10000,
    duplex: 'full',
    port: 'tp',
    link: true,
  });
  expect(ns.sync.ethtool.netlink.settings('a0').speed).toBe(10000);
  const error = await errorOf(() => ns.ethtool.netlink.settings('nope0'));
  expect(error).toMatchObject({ code: 'ENODEV' });
  expect(error.kernelMessage).toMatch(/no device matches name/);
});
