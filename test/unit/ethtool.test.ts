import { describe, expect, test } from 'vitest';
import { ethtool } from '../../lib/ethtool/api.ts';
import { type EthtoolCommand, runSteps, runStepsSync } from '../../lib/ethtool/command.ts';
import { ethtoolNetlink, genericFamily } from '../../lib/ethtool/netlink/api.ts';
import { Replies } from '../../lib/netlink/replies.ts';
import { bodies, hex, unhex } from './support/attributes.ts';

/** A driver that answers each command by its number; what it does not know is EOPNOTSUPP. */
function driver(answers: Record<number, (bytes: Uint8Array, view: DataView) => void>) {
  const asked: EthtoolCommand[] = [];
  return {
    asked,
    command(command: EthtoolCommand): Uint8Array {
      asked.push(command);
      const bytes = command.bytes.slice();
      const view = new DataView(bytes.buffer);
      const answer = answers[view.getUint32(0, true)];
      if (answer === undefined)
        throw Object.assign(new Error('not supported'), { code: 'EOPNOTSUPP' });
      answer(bytes, view);
      return bytes;
    },
  };
}

const text = (bytes: Uint8Array, at: number, value: string) => bytes.set(Buffer.from(value), at);

const GSSET_INFO = 0x37;
const GSTRINGS = 0x1b;
const GSTATS = 0x1d;
const GLINKSETTINGS = 0x4c;
const SLINKSETTINGS = 0x4d;

/** Answers of string sets. */
const strings = (sets: Record<number, string[]>) => ({
  [GSSET_INFO]: (_bytes: Uint8Array, view: DataView) => {
    const set = Math.log2(Number(view.getBigUint64(8, true)));
    if (sets[set] === undefined) view.setBigUint64(8, 0n, true);
    else view.setUint32(16, sets[set].length, true);
  },
  [GSTRINGS]: (bytes: Uint8Array, view: DataView) => {
    sets[view.getUint32(4, true)].forEach((name, i) => {
      text(bytes, 12 + i * 32, name);
    });
  },
});

describe('by ioctl', () => {
  test('statistics by name', () => {
    const fake = driver({
      ...strings({ 1: ['peer_ifindex', 'rx_drops'] }),
      [GSTATS]: (_bytes, view) => {
        view.setBigUint64(8, 7n, true);
        view.setBigUint64(16, 2n ** 40n, true);
      },
    });
    expect(runStepsSync(ethtool.statistics('eth0'), fake)).toEqual({
      peer_ifindex: 7,
      rx_drops: 2 ** 40,
    });
    expect(fake.asked.map(({ dev, bytes }) => [dev, bytes.length])).toEqual([
      ['eth0', 20],
      ['eth0', 12 + 64],
      ['eth0', 8 + 16],
    ]);
  });

  test('a driver without statistics has none', () => {
    expect(runStepsSync(ethtool.statistics('eth0'), driver(strings({})))).toEqual({});
  });

  test('link settings: the width of masks is asked first, and names are the kernel’s', async () => {
    const fake = driver({
      ...strings({ 11: ['10baseT/Half', '10baseT/Full', '100baseT/Half'] }),
      [GLINKSETTINGS]: (_bytes, view) => {
        if (view.getInt8(15) === 0) {
          view.setInt8(15, -1);
          return;
        }
        view.setUint32(4, 100, true);
        view.setUint8(8, 1);
        view.setUint8(9, 3);
        view.setUint8(11, 1);
        view.setUint32(48, 0b1110, true);
        view.setUint32(52, 0b10, true);
      },
    });
    const settings = await runSteps(ethtool.settings('eth0'), {
      command: (command) => Promise.resolve(fake.command(command)),
    });
    expect(settings).toEqual({
      speed: 100,
      duplex: 'full',
      port: 'fibre',
      autonegotiation: true,
      phyAddress: 0,
      supported: ['10baseT/Full', '100baseT/Half', '3'],
      advertised: ['10baseT/Full'],
      partnerAdvertised: [],
    });
  });

  test('a change sends back the rest as it was', () => {
    let sent: Uint8Array | undefined;
    const fake = driver({
      [GLINKSETTINGS]: (_bytes, view) => {
        view.setUint32(4, 10, true);
        view.setUint8(9, 3);
      },
      [SLINKSETTINGS]: (bytes) => {
        sent = bytes;
      },
    });
    runStepsSync(ethtool.setSettings('eth0', { speed: 1000, duplex: 'full' }), fake);
    const view = new DataView((sent ?? new Uint8Array(48)).buffer);
    expect([
      view.getUint32(0, true),
      view.getUint32(4, true),
      view.getUint8(8),
      view.getUint8(9),
    ]).toEqual([SLINKSETTINGS, 1000, 1, 3]);
  });

  test('what a driver lacks is its failure', () => {
    expect(() => runStepsSync(ethtool.rings('eth0'), driver({}))).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP' }),
    );
  });

  test.each([
    [() => ethtool.driver('sixteen-bytes-xx'), 'dev'],
    [() => ethtool.setFeatures('a', {}), 'features'],
    [() => ethtool.setFeatures('a', { x: 1 as never }), 'features.x'],
    [() => ethtool.setSettings('a', {}), 'settings'],
    [() => ethtool.setSettings('a', { duplex: 'both' as never }), 'settings.duplex'],
    [() => ethtool.setRings('a', { rxMax: 5 }), 'rings.rxMax'],
    [() => ethtool.setPause('a', { rx: 1 as never }), 'pause.rx'],
    [() => ethtool.setChannels('a', { rx: -1 }), 'channels.rx'],
  ])('%s names %s', (make, path) => {
    expect(make).toThrow(path);
  });
});

describe('by generic netlink', () => {
  const answer = (type: number, body: string): Replies => {
    const payload = unhex(body);
    const bytes = new Uint8Array(16 + payload.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, bytes.length, true);
    view.setUint16(4, type, true);
    bytes.set(payload, 16);
    const replies = new Replies();
    replies.reset(bytes, view);
    replies.addRegion(0, bytes.length);
    return replies;
  };

  test('the family is asked by name, as genl does it', () => {
    const request = genericFamily('ethtool');
    expect(hex(bodies(request)[0])).toBe('030200000c000200657468746f6f6c00');
    // CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_FAMILY_ID
    expect(
      request.read(answer(0x10, '01020000' + '0c000200657468746f6f6c00' + '0600010015000000')),
    ).toBe(0x15);
  });

  test('features: asked with a header, read from bit sets', () => {
    const composed = ethtoolNetlink.features('eth0');
    const [request] = composed.next(0x15);
    expect(hex(bodies(request)[0])).toBe('0b010000' + '10000180' + '09000200' + '6574683000000000');
  });
});
