import type { Prefix } from '../check.ts';
import { ipBytes, nameBytes, u32Bytes } from './bytes.ts';
import {
  CT_STATE,
  CT_STATUS,
  NFPROTO,
  NFT_REG_1,
  NFT_REG32_00,
  RTN_LOCAL,
  RTN_UNICAST,
} from './constants.ts';
import type { Expression } from './expressions.ts';

/**
 * What rules ask of a packet, as the expressions nft itself makes of the same words: so that
 * `nft list ruleset` shows those words again. Each function gives a rule's next expressions.
 */

type Operator = '==' | '!=';

function compare(op: Operator, value: Uint8Array): Expression {
  return { name: 'cmp', data: { sreg: NFT_REG_1, op, data: { value } } };
}

/** A name, or with a '*' at its end the beginning of one. */
function linkName(key: 'iifname' | 'oifname', pattern: string, op: Operator): Expression[] {
  const open = pattern.endsWith('*');
  const value = open
    ? nameBytes(pattern.slice(0, -1), Buffer.byteLength(pattern) - 1)
    : nameBytes(pattern);
  return [{ name: 'meta', data: { key, dreg: NFT_REG_1 } }, compare(op, value)];
}

function family(version: 4 | 6): Expression[] {
  const value = new Uint8Array([version === 4 ? NFPROTO.ip : NFPROTO.ip6]);
  return [{ name: 'meta', data: { key: 'nfproto', dreg: NFT_REG_1 } }, compare('==', value)];
}

/** Where the addresses stand in their headers. */
const OFFSETS = { 4: { source: 12, destination: 16 }, 6: { source: 8, destination: 24 } } as const;

function address(which: 'source' | 'destination', prefix: Prefix, op: Operator): Expression[] {
  const bytes = ipBytes(prefix.address);
  const whole = prefix.length % 8 === 0;
  const size = whole ? prefix.length / 8 : bytes.length;
  const offset = OFFSETS[prefix.family][which];
  const out: Expression[] = [
    ...family(prefix.family),
    { name: 'payload', data: { dreg: NFT_REG_1, base: 'network', offset, len: size } },
  ];
  if (!whole) {
    const mask = bytes.map(
      (_, i) => 0xff & ~(0xff >> Math.min(8, Math.max(0, prefix.length - i * 8))),
    );
    const none = { value: new Uint8Array(size) };
    const data = { sreg: NFT_REG_1, dreg: NFT_REG_1, len: size, mask: { value: mask }, xor: none };
    out.push({ name: 'bitwise', data });
  }
  out.push(compare(op, bytes.subarray(0, size)));
  return out;
}

/** Any of these bits of a number that the kernel puts into the register. */
function anyBit(mask: number): Expression[] {
  const zero = new Uint8Array(4);
  return [
    {
      name: 'bitwise',
      data: {
        sreg: NFT_REG_1,
        dreg: NFT_REG_1,
        len: 4,
        mask: { value: u32Bytes(mask) },
        xor: { value: zero },
      },
    },
    compare('!=', zero),
  ];
}

function maskOf<K extends string>(bits: Record<K, number>, names: readonly K[]): number {
  return names.reduce((mask, name) => mask | bits[name], 0);
}

export const match = {
  /** `iifname "br0"`, `iifname "rt0-*"` */
  iifname: (pattern: string, op: Operator = '=='): Expression[] => linkName('iifname', pattern, op),
  /** `oifname != "br0"` */
  oifname: (pattern: string, op: Operator = '=='): Expression[] => linkName('oifname', pattern, op),
  /** `iifname @networks` */
  iifnameIn: (set: string): Expression[] => [
    { name: 'meta', data: { key: 'iifname', dreg: NFT_REG_1 } },
    { name: 'lookup', data: { sreg: NFT_REG_1, set } },
  ],
  /** `ip saddr 10.0.0.0/8`; the prefix has no host bits */
  saddr: (prefix: Prefix, op: Operator = '=='): Expression[] => address('source', prefix, op),
  /** `ip daddr 10.0.0.0/8` */
  daddr: (prefix: Prefix, op: Operator = '=='): Expression[] => address('destination', prefix, op),
  /** `meta l4proto { tcp, udp }`: a set made in the same transaction with this id */
  l4protoIn: (setId: number): Expression[] => [
    { name: 'meta', data: { key: 'l4proto', dreg: NFT_REG_1 } },
    { name: 'lookup', data: { sreg: NFT_REG_1, set: '__set%d', setId } },
  ],
  /** `ct state established,related` */
  ctState: (...states: (keyof typeof CT_STATE)[]): Expression[] => [
    { name: 'ct', data: { key: 'state', dreg: NFT_REG_1 } },
    ...anyBit(maskOf(CT_STATE, states)),
  ],
  /** `ct status dnat` */
  ctStatus: (...states: (keyof typeof CT_STATUS)[]): Expression[] => [
    { name: 'ct', data: { key: 'status', dreg: NFT_REG_1 } },
    ...anyBit(maskOf(CT_STATUS, states)),
  ],
  /** `fib daddr type local`: the packet is for an address of this host */
  toThisHost: (): Expression[] => [
    { name: 'fib', data: { dreg: NFT_REG_1, result: 'addressType', flags: { daddr: true } } },
    compare('==', u32Bytes(RTN_LOCAL)),
  ],
  /** `fib daddr type unicast`: neither for this host nor for many */
  toOneHost: (): Expression[] => [
    { name: 'fib', data: { dreg: NFT_REG_1, result: 'addressType', flags: { daddr: true } } },
    compare('==', u32Bytes(RTN_UNICAST)),
  ],
};

function verdict(
  code: 'accept' | 'drop' | 'return' | 'jump' | 'goto',
  chain?: string,
): Expression[] {
  return [{ name: 'immediate', data: { dreg: 0, data: { verdict: { code, chain } } } }];
}

export const verdicts = {
  accept: (): Expression[] => verdict('accept'),
  drop: (): Expression[] => verdict('drop'),
  return: (): Expression[] => verdict('return'),
  jump: (chain: string): Expression[] => verdict('jump', chain),
  goto: (chain: string): Expression[] => verdict('goto', chain),
};

/** The register so many bytes behind the first: registers of 4 bytes overlap those of 16. */
function register(offset: number): number {
  return NFT_REG32_00 + offset / 4;
}

export const nat = {
  /** `masquerade` */
  masquerade: (): Expression[] => [{ name: 'masq' }],

  /**
   * `dnat ip to meta l4proto . th dport map @published`, or with `byAddress`
   * `dnat ip to ip daddr . meta l4proto . th dport map @published-at`
   */
  dnatTo(version: 4 | 6, map: string, byAddress: boolean): Expression[] {
    const size = version === 4 ? 4 : 16;
    const before = byAddress ? size : 0;
    const expressions: Expression[] = byAddress
      ? [
          ...family(version),
          {
            name: 'payload',
            data: {
              dreg: NFT_REG_1,
              base: 'network',
              offset: OFFSETS[version].destination,
              len: size,
            },
          },
        ]
      : [];
    expressions.push(
      { name: 'meta', data: { key: 'l4proto', dreg: register(before) } },
      // The destination port stands at the same place in TCP, UDP and SCTP.
      {
        name: 'payload',
        data: { dreg: register(before + 4), base: 'transport', offset: 2, len: 2 },
      },
      { name: 'lookup', data: { sreg: NFT_REG_1, dreg: NFT_REG_1, set: map } },
      {
        name: 'nat',
        data: {
          type: 'dnat',
          family: version === 4 ? 'ip' : 'ip6',
          addressMin: NFT_REG_1,
          protoMin: register(size),
        },
      },
    );
    return expressions;
  },
};
