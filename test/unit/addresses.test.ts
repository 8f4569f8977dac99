import { describe, expect, it } from 'vitest';
import { Addresses } from '../../lib/network/addresses.ts';
import { canonicalIp, ipText, parseIp } from '../../lib/network/ip.ts';

const make = (options: ConstructorParameters<typeof Addresses>[1]): Addresses =>
  new Addresses('br0', options);

describe('texts of addresses', () => {
  it.each([
    ['::', '::'],
    ['::1', '::1'],
    ['FD00::0', 'fd00::'],
    ['fd00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
    ['1:0:0:2:3:4:5:6', '1::2:3:4:5:6'],
    ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['255.255.255.255', '255.255.255.255'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalIp(text)).toBe(canonical);
    const { family, value } = parseIp(text);
    expect(ipText(family, value)).toBe(canonical);
  });
});

describe('the order of giving', () => {
  it('begins behind the gateway and keeps clear of network and broadcast', () => {
    const addresses = make({ subnet: '10.0.0.0/29' });
    expect(addresses.gateway4).toBe('10.0.0.1');
    const given = Array.from({ length: 5 }, () => addresses.take().ipv4);
    expect(given).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(() => addresses.take()).toThrow(
      expect.objectContaining({
        code: 'ERR_ADDRESSES_EXHAUSTED',
        message: expect.stringContaining('10.0.0.0/29'),
      }),
    );
  });

  it('uses released addresses last, the longest unused first', () => {
    const addresses = make({ subnet: '10.0.0.0/29' });
    const a = addresses.take();
    const b = addresses.take();
    addresses.release(b);
    addresses.release(a);
    expect([1, 2, 3, 4, 5].map(() => addresses.take().ipv4)).toEqual([
      '10.0.0.4',
      '10.0.0.5',
      '10.0.0.6',
      '10.0.0.3',
      '10.0.0.2',
    ]);
  });

  it('forgets the old place in the queue of an address that was asked for meanwhile', () => {
    const addresses = make({ subnet: '10.0.0.0/29' });
    const all = [1, 2, 3, 4, 5].map(() => addresses.take());
    addresses.release(all[0]);
    addresses.release(all[1]);
    const fixed = addresses.take(['10.0.0.2']);
    addresses.release(fixed);
    expect([addresses.take().ipv4, addresses.take().ipv4]).toEqual(['10.0.0.3', '10.0.0.2']);
    expect(() => addresses.take()).toThrow(/no IPv4 address left/);
  });

  it('goes on with the next subnet when one is full', () => {
    const addresses = make({ subnet: ['10.0.0.0/30', '10.1.0.0/30'] });
    expect([1, 2, 3].map(() => addresses.take().ipv4)).toEqual([
      '10.0.0.2',
      '10.1.0.1',
      '10.1.0.2',
    ]);
  });

  it('gives one address of each family, or none', () => {
    const addresses = make({ subnet: ['10.0.0.0/30', 'fd00:1::/64'] });
    expect(addresses.gateway6).toBe('fd00:1::1');
    expect(addresses.take()).toEqual({ ipv4: '10.0.0.2', ipv6: 'fd00:1::2' });
    expect(() => addresses.take()).toThrow(/IPv4/);
    expect(addresses.used).toBe(1);
    expect(() => addresses.take(['fd00:1::ffff:ffff'])).toThrow(/IPv4/);
    addresses.release({ ipv4: '10.0.0.2', ipv6: 'fd00:1::2' });
    expect(addresses.take(['fd00:1::ffff:ffff'])).toEqual({
      ipv4: '10.0.0.2',
      ipv6: 'fd00:1::ffff:ffff',
    });
  });

  it('fills 65,533 addresses and takes them again without slowing down', () => {
    const addresses = make({ subnet: '10.88.0.0/16' });
    expect(addresses.capacity).toBe(65_533);
    const cost = (work: () => void): number => {
      const from = process.hrtime.bigint();
      work();
      return Number(process.hrtime.bigint() - from) / 1e6;
    };
    const all = new Set<string | undefined>();
    const filling = cost(() => {
      for (let i = 0; i < 65_533; i++) all.add(addresses.take().ipv4);
    });
    expect(all.size).toBe(65_533);
    const cycling = cost(() => {
      for (let i = 0; i < 65_533; i++) {
        addresses.release({ ipv4: `10.88.${(i + 2) >> 8}.${(i + 2) & 255}` });
        addresses.take();
      }
    });
    // A search through the bitmap would take minutes: these are some 10 ms.
    expect(filling).toBeLessThan(2_000);
    expect(cycling).toBeLessThan(2_000);
  });
});

describe('exclusions, reservations, fixed addresses', () => {
  it('jumps over what is excluded and refuses it', () => {
    const addresses = make({
      subnet: '10.0.0.0/24',
      exclude: ['10.0.0.2-10.0.0.9', '10.0.0.16/28', '10.0.0.10'],
    });
    expect(addresses.capacity).toBe(253 - 9 - 16);
    expect(addresses.take().ipv4).toBe('10.0.0.11');
    expect(() => addresses.take(['10.0.0.20'])).toThrow(/address\[0\] must be/);
  });

  it('gives what is reserved only to who asks', () => {
    const addresses = make({ subnet: '10.0.0.0/29', reserve: ['10.0.0.2-10.0.0.4'] });
    expect(addresses.take().ipv4).toBe('10.0.0.5');
    expect(addresses.take(['10.0.0.3']).ipv4).toBe('10.0.0.3');
    addresses.release({ ipv4: '10.0.0.3' });
    expect(addresses.take().ipv4).toBe('10.0.0.6');
    expect(() => addresses.take()).toThrow(/no IPv4 address left/);
  });

  it('says that a fixed address is in use, outside, or the gateway', () => {
    const addresses = make({ subnet: '10.0.0.0/24' });
    addresses.take(['10.0.0.7']);
    expect(() => addresses.take(['10.0.0.7'])).toThrow(
      expect.objectContaining({ code: 'ERR_ADDRESS_IN_USE' }),
    );
    expect(() => addresses.take(['10.0.1.7'])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => addresses.take(['10.0.0.1'])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => addresses.take(['10.0.0.255'])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => addresses.take(['10.0.0.8', '10.0.0.9'])).toThrow(/only address of its family/);
    expect(addresses.used).toBe(1);
    const rest = Array.from({ length: 252 }, () => addresses.take().ipv4);
    expect(rest).not.toContain('10.0.0.7');
    expect(new Set(rest).size).toBe(252);
  });

  it('adopts what the kernel shows, once', () => {
    const addresses = make({ subnet: ['10.0.0.0/24', 'fd00::/64'] });
    expect(addresses.adopt('10.0.0.2')).toBe(true);
    expect(addresses.adopt('10.0.0.2')).toBe(false);
    expect(addresses.adopt('192.0.2.1')).toBe(false);
    expect(addresses.adopt('fd00::dead:beef:0:1')).toBe(true);
    expect(addresses.take()).toEqual({ ipv4: '10.0.0.3', ipv6: 'fd00::2' });
  });
});

describe('bad options', () => {
  it.each<[string, ConstructorParameters<typeof Addresses>[1], RegExp]>([
    ['host bits', { subnet: '10.0.0.1/24' }, /10\.0\.0\.0\/24\?/],
    [
      'overlap',
      { subnet: ['10.0.0.0/16', '10.0.5.0/24'] },
      /subnet\[1\] must be apart from 10\.0\.0\.0\/16/,
    ],
    ['too small', { subnet: '10.0.0.0/31' }, /8 to 30 bits/],
    ['no subnet', { subnet: [] }, /at least one subnet/],
    ['gateway outside', { subnet: '10.0.0.0/24', gateway: '10.0.1.1' }, /gateway must be/],
    [
      'gateway is the broadcast',
      { subnet: '10.0.0.0/24', gateway: '10.0.0.255' },
      /gateway must be/,
    ],
    ['gateway of another family', { subnet: '10.0.0.0/24', gateway: 'fd00::1' }, /gateway must be/],
    [
      'two gateways',
      { subnet: '10.0.0.0/24', gateway: ['10.0.0.1', '10.0.0.2'] },
      /one of each family/,
    ],
    ['falling range', { subnet: '10.0.0.0/24', exclude: ['10.0.0.9-10.0.0.2'] }, /rising order/],
    ['not an address', { subnet: 'ten' }, /subnet must be an IP address with a prefix length/],
  ])('%s', (_name, options, message) => {
    expect(() => make(options)).toThrow(message);
  });
});
