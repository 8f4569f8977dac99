import { describe, expect, it } from 'vitest';
import { Messages } from '../../lib/netlink/messages.ts';
import { be16Bytes, concat, ipBytes } from '../../lib/nftables/bytes.ts';
import type { Command } from '../../lib/nftables/command.ts';
import { element } from '../../lib/nftables/element.ts';
import {
  chain,
  match,
  nat,
  rule,
  set,
  table,
  transaction,
  verdicts,
} from '../../lib/nftables/index.ts';
import { ruleTable } from '../../lib/nftables/schema.ts';
import { comment, commentOf, setCommentOf, setUserdata } from '../../lib/nftables/userdata.ts';

const TABLE = { family: 'inet', table: 't' } as const;

/** The messages of a transaction, each as [type, flags, body in hexadecimal]. */
function written(
  ...commands: Command[]
): { type: number; flags: number; body: string; entry: number }[] {
  const messages = new Messages();
  messages.reset();
  transaction(commands).write(messages);
  const { bytes, view } = messages.writer;
  return Array.from({ length: messages.count }, (_, i) => {
    const at = messages.offsets[i];
    const length = view.getUint32(at, true);
    return {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      body: Buffer.from(bytes.subarray(at + 16, at + length)).toString('hex'),
      entry: messages.flags[i],
    };
  });
}

const bodyOf = (command: Command): string => written(command)[1].body;
const text = (value: string): string => Buffer.from(`${value}\0`).toString('hex');

describe('a transaction', () => {
  it('stands between marks that are not acknowledged, in one send', () => {
    const [begin, middle, end] = written(table.delete('inet', 't'));
    // NFNL_MSG_BATCH_BEGIN and _END for subsystem 10: barrier and no ACK; held and no ACK.
    expect(begin).toEqual({ type: 0x10, flags: 1, body: '0000000a', entry: 1 | 4 });
    expect(end).toEqual({ type: 0x11, flags: 1, body: '0000000a', entry: 4 | 8 });
    expect(middle).toMatchObject({ type: 0x0a02, flags: 5, entry: 8 });
  });

  it('carries the generation that it is for', () => {
    const messages = new Messages();
    messages.reset();
    transaction([table.delete('inet', 't')], { generation: 7 }).write(messages);
    const { bytes } = messages.writer;
    expect(Buffer.from(bytes.subarray(16, 28)).toString('hex')).toBe(
      '0000000a' + '08000100' + '00000007',
    );
  });

  it('of nothing sends nothing', () => {
    expect(written()).toEqual([]);
  });
});

describe('bytes as nft sends them', () => {
  it('a table with a comment', () => {
    const [, made] = written(
      table.add({ family: 'inet', name: 'node-netns', comment: 'node-netns 1' }),
    );
    expect(made.type).toBe(0x0a00);
    expect(made.flags).toBe(1 | 4 | 0x600);
    expect(made.body).toBe(
      '01000000' +
        `0f000100${text('node-netns')}00` +
        '0800020000000000' +
        `13000600000d${text('node-netns 1')}00`,
    );
  });

  it('a base chain', () => {
    const body = bodyOf(
      chain.add({ ...TABLE, name: 'c', type: 'nat', hook: 'output', priority: 'dstnat' }),
    );
    expect(body).toBe(
      `01000000${'06000100'}${text('t')}0000` +
        `06000300${text('c')}0000` +
        `14000480${'08000100'}00000003${'08000200'}ffffff9c` +
        '0800050000000001' +
        `08000700${text('nat')}`,
    );
  });

  it('a map of concatenations, and an element of it', () => {
    const made = bodyOf(
      set.add({
        ...TABLE,
        name: 'm',
        key: ['inet_proto', 'inet_service'],
        data: ['ipv4_addr', 'inet_service'],
        id: 1,
      }),
    );
    expect(made).toContain(
      '080004000000030d' + '0800050000000008' + '08000600000001cd' + '0800070000000008',
    );
    expect(made).toContain('0800030000000008');
    const added = bodyOf(
      element.add({ ...TABLE, set: 'm' }, [
        {
          key: concat(new Uint8Array([6]), be16Bytes(8080)),
          data: concat(ipBytes('10.88.0.2'), be16Bytes(80)),
          comment: 'br0 web',
        },
      ]),
    );
    // Captured from nft 1.0.6 for `tcp . 8080 comment "br0 web" : 10.88.0.2 . 80`.
    expect(added).toContain(
      '38000380' +
        '34000180' +
        '10000180' +
        '0c000100' +
        '060000001f900000' +
        '10000280' +
        '0c000100' +
        '0a58000200500000' +
        '0e000600' +
        `0008${text('br0 web')}0000`,
    );
  });

  it('a verdict', () => {
    const body = bodyOf(
      rule.add({ ...TABLE, chain: 'c', expressions: verdicts.jump('published') }),
    );
    const name = `0e000100${text('immediate')}0000`;
    const verdict = '0800010000000000';
    expect(body).toContain(`${name}2c000280${verdict}200002801c00028008000100fffffffd`);
    expect(body).toContain(`0e000200${text('published')}0000`);
  });

  it('refuses a comment, a name or a list that does not fit', () => {
    expect(() => bodyOf(table.add({ family: 'inet', name: 'x'.repeat(256) }))).toThrow(
      /table\.name/,
    );
    const many = Array.from({ length: 2000 }, () => ({ key: new Uint8Array(40) }));
    expect(() => bodyOf(element.add({ ...TABLE, set: 's' }, many))).toThrow(/elements\.elements/);
  });
});

describe('matches', () => {
  const shown = (expressions: ReturnType<typeof match.iifname>): unknown[] =>
    expressions.map(({ name, data }) => [name, data]);

  it('compares a whole name with its padding, a pattern without', () => {
    expect(shown(match.iifname('br0'))[1]).toEqual([
      'cmp',
      {
        sreg: 1,
        op: '==',
        data: { value: new Uint8Array([98, 114, 48, ...new Array(13).fill(0)]) },
      },
    ]);
    expect(shown(match.oifname('rt0-*', '!='))[1]).toEqual([
      'cmp',
      { sreg: 1, op: '!=', data: { value: new Uint8Array([114, 116, 48, 45]) } },
    ]);
  });

  it.each([
    [24, 3, undefined, [10, 1, 2]],
    [20, 4, [255, 255, 240, 0], [10, 1, 0, 0]],
    [32, 4, undefined, [10, 1, 2, 3]],
    [1, 4, [128, 0, 0, 0], [0, 0, 0, 0]],
  ])('a prefix of %i bits', (length, size, mask, value) => {
    const expressions = match.saddr({
      family: 4,
      address: value.concat([0, 0, 0]).slice(0, 4).join('.'),
      length,
    });
    const byName = new Map(expressions.map((each) => [each.name, each.data]));
    expect(byName.get('payload')).toEqual({ dreg: 1, base: 'network', offset: 12, len: size });
    expect(byName.get('bitwise')).toEqual(
      mask && {
        sreg: 1,
        dreg: 1,
        len: 4,
        mask: { value: new Uint8Array(mask) },
        xor: { value: new Uint8Array(4) },
      },
    );
    expect(expressions.at(-1)?.data).toEqual({
      sreg: 1,
      op: '==',
      data: { value: new Uint8Array(value) },
    });
  });

  it('puts IPv6 keys into registers that do not overlap', () => {
    const registers = nat.dnatTo(6, 'm', true).map(({ data }) => data);
    expect(registers.slice(2)).toEqual([
      { dreg: 1, base: 'network', offset: 24, len: 16 },
      { key: 'l4proto', dreg: 12 },
      { dreg: 13, base: 'transport', offset: 2, len: 2 },
      { sreg: 1, dreg: 1, set: 'm' },
      { type: 'dnat', family: 'ip6', addressMin: 1, protoMin: 12 },
    ]);
  });

  it('reads back what it has written', () => {
    const expressions = [
      ...match.ctStatus('dnat'),
      ...match.toThisHost(),
      ...nat.masquerade(),
      ...verdicts.drop(),
    ];
    const body = Buffer.from(
      bodyOf(rule.add({ ...TABLE, chain: 'c', expressions, comment: 'br0' })),
      'hex',
    );
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    const read = ruleTable.decode(body, view, 4, body.length);
    expect(read.expressions?.map(({ name }) => name)).toEqual([
      'ct',
      'bitwise',
      'cmp',
      'fib',
      'cmp',
      'masq',
      'immediate',
    ]);
    expect(read.expressions?.[0].data).toEqual({ key: 'status', dreg: 1 });
    expect(commentOf(read.userdata)).toBe('br0');
  });
});

describe('userdata', () => {
  it('finds its comment behind other entries', () => {
    expect(commentOf(new Uint8Array([3, 2, 1, 1, ...comment('a b')]))).toBe('a b');
    expect(setCommentOf(setUserdata(2, 0, 'ports'))).toBe('ports');
    expect(commentOf(undefined)).toBeUndefined();
  });

  it('survives cut and foreign bytes', () => {
    for (const bytes of [[0], [0, 9, 65], [5, 255, 1], []]) {
      expect(() => commentOf(new Uint8Array(bytes))).not.toThrow();
    }
  });
});
