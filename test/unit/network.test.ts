import { describe, expect, it } from 'vitest';
import { endpointMac, hostMac, networkMac } from '../../lib/network/mac.ts';
import { expand, portText, samePort } from '../../lib/network/ports.ts';
import {
  endpointAlias,
  leavingAlias,
  leavingName,
  networkAlias,
  readEndpoint,
  readNetwork,
} from '../../lib/network/record.ts';
import { interfaceElements } from '../../lib/network/ruleset.ts';
import { Seats } from '../../lib/network/seats.ts';
import { checkOptions, type NetworkOptions } from '../../lib/network/settings.ts';

const both = { ipv4: '10.88.0.2', ipv6: 'fd00:88::2' };
const options = (more: Partial<NetworkOptions> = {}): NetworkOptions => ({
  name: 'br0',
  subnet: '10.88.0.0/16',
  ...more,
});

describe('published ports', () => {
  it('are one for each address of the endpoint', () => {
    expect(expand('publish', { hostPort: 8080, port: 80 }, both)).toEqual([
      { protocol: 'tcp', hostAddress: undefined, hostPort: 8080, address: '10.88.0.2', port: 80 },
      { protocol: 'tcp', hostAddress: undefined, hostPort: 8080, address: 'fd00:88::2', port: 80 },
    ]);
    const one = expand(
      'publish',
      { hostPort: '1-3', port: '11-13', hostAddress: '127.0.0.1', protocol: 'udp' },
      both,
    );
    expect(one.map(({ hostPort, port }) => [hostPort, port])).toEqual([
      [1, 11],
      [2, 12],
      [3, 13],
    ]);
    expect(one.map(portText)).toEqual(['udp 127.0.0.1:1', 'udp 127.0.0.1:2', 'udp 127.0.0.1:3']);
  });

  it.each([
    [{ hostPort: 0 }, 'ERR_OUT_OF_RANGE', /publish\.hostPort/],
    [{ hostPort: 65_536 }, 'ERR_OUT_OF_RANGE', /publish\.hostPort/],
    [{ hostPort: '9-8' }, 'ERR_OUT_OF_RANGE', /publish\.hostPort/],
    [{ hostPort: '80,81' }, 'ERR_INVALID_ARG_VALUE', /publish\.hostPort/],
    [{ hostPort: '1-2000' }, 'ERR_INVALID_ARG_VALUE', /at most 1024 ports/],
    [{ hostPort: '1-3', port: '1-2' }, 'ERR_INVALID_ARG_VALUE', /a range of 3 ports/],
    [{ hostPort: '1-3', port: 65_534 }, 'ERR_INVALID_ARG_VALUE', /within 65535/],
    [{ hostPort: 1, protocol: 'icmp' }, 'ERR_INVALID_ARG_VALUE', /publish\.protocol/],
    [{ hostPort: 1, hostAddress: 'localhost' }, 'ERR_INVALID_ARG_VALUE', /publish\.hostAddress/],
    [{ hostport: 1 }, 'ERR_INVALID_ARG_VALUE', /did you mean 'hostPort'/],
    [{}, 'ERR_INVALID_ARG_TYPE', /publish\.hostPort/],
  ])('%o is refused', (spec, code, message) => {
    const publish = () => expand('publish', spec as never, both);
    expect(publish).toThrow(expect.objectContaining({ code }));
    expect(publish).toThrow(message);
  });

  it('of another family than the endpoint are refused', () => {
    const spec = { hostPort: 1, hostAddress: '::1' };
    expect(() => expand('publish', spec, { ipv4: '10.88.0.2' })).toThrow(
      /of a family that the endpoint/,
    );
  });

  it('are the same by protocol, host address and port', () => {
    const [a, b] = expand('p', { hostPort: 80 }, both);
    expect(samePort(a, b)).toBe(false);
    expect(samePort(a, { ...a, port: 9, address: '10.88.0.9' })).toBe(true);
    expect(samePort(a, { ...a, protocol: 'udp' })).toBe(false);
  });
});

describe('records', () => {
  it('are read as they were written', () => {
    const network = { kind: 'bridge', subnet: ['10.88.0.0/16'], masquerade: true } as const;
    expect(readNetwork(networkAlias({ ...network, subnet: [...network.subnet] }))).toEqual(network);
    const endpoint = {
      network: 'br0',
      address: ['10.88.0.2'],
      name: 'web',
      foreign: true,
    } as const;
    expect(readEndpoint(endpointAlias({ ...endpoint, address: [...endpoint.address] }))).toEqual(
      endpoint,
    );
  });

  it('of others, and broken ones, are none', () => {
    for (const alias of [
      undefined,
      '',
      'uplink',
      'node-netns',
      'node-netns {',
      'node-netns 1',
      'node-netns {}',
      'node-netns {"subnet":[1],"kind":"bridge"}',
      'node-netns {"network":"a","address":"b"}',
    ]) {
      expect(readNetwork(alias)).toBeUndefined();
      expect(readEndpoint(alias)).toBeUndefined();
    }
    expect(readEndpoint(leavingAlias('web'))).toBeUndefined();
    expect(leavingName(leavingAlias('web'))).toBe('web');
    expect(leavingName(leavingAlias(undefined))).toBeUndefined();
    expect(leavingName('node-netns {}')).toBeUndefined();
  });

  it('that the kernel would cut are refused', () => {
    const exclude = Array.from({ length: 30 }, (_, i) => `10.88.0.${i}`);
    expect(() => networkAlias({ kind: 'bridge', subnet: ['10.88.0.0/16'], exclude })).toThrow(
      expect.objectContaining({ code: 'ERR_TOO_MANY_SETTINGS' }),
    );
  });
});

describe('hardware addresses', () => {
  it('are made of the IP address, are local and unicast, and differ at both ends', () => {
    expect(endpointMac('10.88.0.2')).toBe('02:4e:0a:58:00:02');
    expect(endpointMac('fd00::dead:beef')).toBe('02:4e:de:ad:be:ef');
    for (const mac of [
      '02:00:00:00:00:01',
      '0a:00:00:00:00:01',
      '00:16:3e:00:00:01',
      networkMac('br0'),
    ]) {
      const first = Number.parseInt(hostMac(mac).slice(0, 2), 16);
      expect(first & 3).toBe(2);
      expect(hostMac(mac)).not.toBe(mac);
      expect(hostMac(mac).slice(2)).toBe(mac.slice(2));
    }
  });
});

describe('settings', () => {
  it.each<[Partial<NetworkOptions>, RegExp]>([
    [{ name: 'much-too-long' }, /name must be at most 10 bytes, .*'much-too-long-ffff'/],
    [{ name: 'a/b' }, /name must be a link name/],
    [{ mtu: 67 }, /mtu must be/],
    [{ subnet: ['10.0.0.0/24', 'fd00::/64'], mtu: 1279 }, /mtu must be a whole number from 1280/],
    [{ inbound: 'drop' as never }, /inbound must be 'accept' or 'deny'/],
    [{ masquerade: 'yes' as never }, /masquerade must be true or false/],
    [{ pool: { low: 5, high: 2 } }, /pool\.high must be/],
    [{ netns: 'web' as never }, /netns must be a NetNs/],
    [{ masqerade: true } as never, /did you mean 'masquerade'/],
  ])('%o are refused', (more, message) => {
    expect(() => checkOptions('bridge', options(more))).toThrow(message);
  });
});

describe('seats', () => {
  it('name the links of the host by the place of the address', () => {
    const seats = new Seats(
      checkOptions('bridge', options({ subnet: ['10.88.0.0/24', 'fd00:88::/64'] })),
    );
    const seat = seats.seat(seats.take(undefined), {}, false);
    expect(seat).toMatchObject({
      hostLink: 'br0-2',
      index: 2,
      ifname: 'eth0',
      mac: '02:4e:0a:58:00:02',
      mtu: 1500,
    });
    expect(seats.seat(seats.take('10.88.0.254'), {}, true)).toMatchObject({ hostLink: 'br0-fe' });
    // In a namespace that exists, any index may be taken but one as far away as the host's.
    const foreign = seats.seat(seats.take(undefined), {}, true);
    expect(foreign.index).toBe(foreign.hostIndex);
  });

  it('of far IPv6 addresses are numbered behind all others', () => {
    const seats = new Seats(checkOptions('bridge', options({ subnet: 'fd00:88::/64' })));
    const far = ['fd00:88::1:0:0:1', 'fd00:88::1:0:0:2'].map((address) => seats.take(address));
    expect(far.map((assigned) => seats.seat(assigned, {}, false).hostLink)).toEqual([
      'br0-10000',
      'br0-10001',
    ]);
    seats.release(far[0]);
    expect(seats.seat(seats.take('fd00:88::2:0:0:1'), {}, false).hostLink).toBe('br0-10000');
  });

  it('of what a crash has left are not given until it is swept', () => {
    const seats = new Seats(checkOptions('bridge', options({ subnet: '10.88.0.0/29' })));
    seats.block('br0-2');
    expect(seats.take(undefined).ipv4).toBe('10.88.0.3');
    expect(() => seats.take('10.88.0.2')).toThrow(/sweep\(\) first/);
    seats.unblock('br0-2');
    expect([1, 2, 3, 4].map(() => seats.take(undefined).ipv4)).toContain('10.88.0.2');
  });
});

it('a range of names ends where the next one begins', () => {
  const text = (bytes: Uint8Array): string =>
    Buffer.from(bytes).toString('latin1').replace(/\0+$/, '');
  const [from, to] = interfaceElements({ name: 'rt0', interfaces: 'rt0-*' });
  expect([text(from.key), text(to.key), to.intervalEnd]).toEqual(['rt0-', 'rt0.', true]);
  const [exact, next] = interfaceElements({ name: 'br0', interfaces: 'br0' });
  expect([text(exact.key), next.key[15]]).toEqual(['br0', 1]);
});
