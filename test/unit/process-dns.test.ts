import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isQueryable,
  readAnswer,
  TYPE_A,
  TYPE_AAAA,
  writeQuery,
} from '../../lib/process/dns-message.ts';
import { parseHosts, parseResolvConf } from '../../lib/process/resolv-conf.ts';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

describe('queries and answers, byte by byte', () => {
  test('a query for AAAA', () => {
    expect(Buffer.from(writeQuery(0xabcd, 'web.test', TYPE_AAAA)).toString('hex')).toBe(
      'abcd01000001000000000000' + '0377656204746573740' + '0001c0001',
    );
    expect(writeQuery(1, 'web.test.', TYPE_A)).toEqual(writeQuery(1, 'web.test', TYPE_A));
  });

  test('an answer by an alias, with compressed names', () => {
    const answer = readAnswer(
      hex(`1234 8180 0001 0002 0000 0000
        03777777 047465737400 0001 0001
        c00c 0005 0001 0000003c 0006 03776562 c010
        c026 0001 0001 0000003c 0004 0a000007`),
    );
    expect(answer).toEqual({
      id: 0x1234,
      status: 0,
      truncated: false,
      question: { name: 'www.test', type: 1 },
      addresses: ['10.0.0.7'],
    });
  });

  test('records of other names and kinds are no answers', () => {
    const answer = readAnswer(
      hex(`1234 8180 0001 0002 0000 0000
        03777777 047465737400 001c 0001
        046576696c 00 001c 0001 0000003c 0010 20010db8000000000000000000000001
        c00c 0010 0001 0000003c 0002 0161`),
    );
    expect(answer?.addresses).toEqual([]);
  });

  test('no such name, a truncated one, and a query that is no answer', () => {
    expect(readAnswer(hex('0001 8183 0000 0000 0000 0000'))).toMatchObject({
      status: 3,
      question: undefined,
    });
    expect(readAnswer(hex('0001 8380 0000 0000 0000 0000'))).toMatchObject({ truncated: true });
    expect(readAnswer(writeQuery(1, 'a', TYPE_A))).toBe(undefined);
  });

  test('pointers in a loop, records that are too long and cut messages are refused', () => {
    expect(readAnswer(hex('0001 8180 0001 0000 0000 0000 c00c 0001 0001'))).toBe(undefined);
    expect(readAnswer(hex('0001 8180 0000 0001 0000 0000 00 0001 0001 00000000 ffff 01'))).toBe(
      undefined,
    );
    expect(readAnswer(hex('0001 81'))).toBe(undefined);
    expect(readAnswer(new Uint8Array())).toBe(undefined);
  });

  test('any bytes are read or refused, never thrown on', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        if (bytes.length > 2) bytes[2] |= 0x80;
        readAnswer(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('names that can be asked for', () => {
    expect(['a', 'a.b.', 'x'.repeat(63)].map(isQueryable)).toEqual([true, true, true]);
    expect(['', '.', 'a..b', 'x'.repeat(64), `${'x.'.repeat(127)}yy`].map(isQueryable)).toEqual(
      Array(5).fill(false),
    );
  });
});

describe('resolv.conf and hosts', () => {
  test('as resolv.conf(5) has it', () => {
    const text = `# comment
      nameserver 10.0.0.1
      nameserver fe80::1%eth0
      nameserver not.an.address
      nameserver 10.0.0.3
      nameserver 10.0.0.4
      domain ignored.test
      search a.test b.test
      options ndots:3 timeout:99 attempts:9 rotate nonsense:
    `;
    expect(parseResolvConf(text)).toEqual({
      servers: ['10.0.0.1', 'fe80::1%eth0', '10.0.0.3'],
      search: ['a.test', 'b.test'],
      ndots: 3,
      timeout: 30,
      attempts: 5,
      rotate: true,
    });
    expect(parseResolvConf('')).toEqual({
      servers: ['127.0.0.1', '::1'],
      search: [],
      ndots: 1,
      timeout: 5,
      attempts: 2,
      rotate: false,
    });
  });

  test('as hosts(5) has it', () => {
    const hosts = parseHosts('127.0.0.1 localhost Web # web2\n::1 localhost\nnonsense name\n\n');
    expect([...hosts]).toEqual([
      ['localhost', ['127.0.0.1', '::1']],
      ['web', ['127.0.0.1']],
    ]);
  });
});
