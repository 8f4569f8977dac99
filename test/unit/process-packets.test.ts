import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksum, readEcho, writeEcho } from '../../lib/process/icmp-echo.ts';
import { addressIn, inetAddress, unixAddress } from '../../lib/process/sockaddr.ts';
import { readUnshare } from '../../lib/process/unshare-options.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

describe('echo', () => {
  test('a request of IPv4 with its sum, one of IPv6 without', () => {
    expect(hex(writeEcho(false, 0x1234, 1, bytes('6162')))).toBe('08008468123400016162');
    expect(checksum(writeEcho(false, 0x1234, 1, bytes('6162')))).toBe(0);
    expect(hex(writeEcho(true, 0x1234, 2, bytes('61')))).toBe('800000001234000261');
  });

  test('its answer, behind an IP header and without', () => {
    const ip = '4500001c 00000000 3f01 0000 0a000002 0a000001';
    expect(readEcho(false, 0x1234, bytes(`${ip} 0000 0000 1234 0007`))).toEqual({
      seq: 7,
      ttl: 63,
    });
    expect(readEcho(false, 0x9999, bytes(`${ip} 0000 0000 1234 0007`))).toBe(undefined);
    expect(readEcho(true, 0x1234, bytes('8100 0000 1234 0007'))).toEqual({
      seq: 7,
      ttl: undefined,
    });
    expect(readEcho(false, 0x1234, bytes(`${ip} 0800 0000 1234 0007`))).toBe(undefined); // our own request
  });

  test('errors that quote our request', () => {
    const ip = '4500001c 00000000 4001 0000 0a000002 0a000001';
    const quoted = `${ip} 0800 0000 1234 0003`;
    expect(readEcho(false, 0x1234, bytes(`${ip} 0301 0000 00000000 ${quoted}`))).toEqual({
      seq: 3,
      ttl: 64,
      problem: 'unreachable',
    });
    expect(readEcho(false, 0x1234, bytes(`${ip} 0b00 0000 00000000 ${quoted}`))).toMatchObject({
      problem: 'ttl-exceeded',
    });
    const ip6 = `60000000 0008 3a40 ${'00'.repeat(32)}`;
    expect(
      readEcho(true, 0x1234, bytes(`0100 0000 00000000 ${ip6} 8000 0000 1234 0004`)),
    ).toMatchObject({ seq: 4, problem: 'unreachable' });
    expect(
      readEcho(
        false,
        0x1234,
        bytes(`${ip} 0301 0000 00000000 ${ip.replace('4001', '4011')} 0800 0000 1234 0003`),
      ),
    ).toBe(undefined);
  });

  test('any bytes are read or refused, never thrown on', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 100 }), (v6, packet) => {
        readEcho(v6, 1, packet);
      }),
      { numRuns: 2000 },
    );
  });
});

test('socket addresses', () => {
  expect(hex(inetAddress('10.0.0.1', 80))).toBe('020000500a0000010000000000000000');
  expect(hex(inetAddress('::1', 443))).toBe(`0a0001bb00000000${'00'.repeat(15)}0100000000`);
  expect(hex(unixAddress('/run/a'))).toBe('01002f72756e2f6100');
  expect(hex(unixAddress('\0a'))).toBe('01000061');
  for (const address of ['10.0.0.1', '::1', 'fe80::1', '2001:db8:0:1:1:1:1:1']) {
    expect(addressIn(inetAddress(address, 1))).toBe(address);
  }
});

test('unshare options', () => {
  expect(readUnshare('u', {})).toEqual({
    flags: 0,
    newPids: false,
    proc: false,
    hostname: undefined,
    uids: undefined,
    gids: undefined,
    uid: undefined,
    gid: undefined,
  });
  expect(readUnshare('u', { pid: true })).toMatchObject({
    flags: 0x20000,
    newPids: true,
    proc: true,
  });
  expect(readUnshare('u', { pid: true, proc: false })).toMatchObject({ flags: 0, proc: false });
  expect(readUnshare('u', { hostname: 'a', ipc: true })).toMatchObject({
    flags: 0x4000000 | 0x8000000,
    hostname: 'a',
  });
  const user = {
    uids: [
      { inside: 0, outside: 100, count: 5 },
      { inside: 5, outside: 7 },
    ],
    gids: [{ inside: 0, outside: 0 }],
  };
  expect(readUnshare('u', { user })).toMatchObject({
    flags: 0x10000000,
    uids: '0 100 5\n5 7 1\n',
    gids: '0 0 1\n',
  });
});
