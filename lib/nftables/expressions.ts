import { array, binary, bits, oneOf } from '../wire/codecs.ts';
import { be16, be32, be64, u8 } from '../wire/numbers.ts';
import { attr, type Infer, table, union } from '../wire/schema.ts';
import { text } from '../wire/texts.ts';
import * as K from './constants.ts';

/** NFT_NAME_MAXLEN less its NUL. */
export const name = text(255);
const register = be32;

/** A verdict: `{ code: 'jump', chain: 'published' }`. */
export const verdictTable = table('verdict', {
  code: attr(1, oneOf(be32, K.VERDICT), { kernel: 'NFTA_VERDICT_CODE' }),
  chain: attr(2, name, { kernel: 'NFTA_VERDICT_CHAIN' }),
  chainId: attr(3, be32, { kernel: 'NFTA_VERDICT_CHAIN_ID', since: '5.15' }),
});

/** A constant: bytes in network order, or a verdict. */
export const dataTable = table('data', {
  value: attr(1, binary, { kernel: 'NFTA_DATA_VALUE' }),
  verdict: attr(2, verdictTable, { kernel: 'NFTA_DATA_VERDICT' }),
});

const meta = table('meta', {
  dreg: attr(1, register, { kernel: 'NFTA_META_DREG' }),
  key: attr(2, oneOf(be32, K.META), { kernel: 'NFTA_META_KEY' }),
  sreg: attr(3, register, { kernel: 'NFTA_META_SREG' }),
});

const cmp = table('cmp', {
  sreg: attr(1, register, { kernel: 'NFTA_CMP_SREG' }),
  op: attr(2, oneOf(be32, K.CMP), { kernel: 'NFTA_CMP_OP' }),
  data: attr(3, dataTable, { kernel: 'NFTA_CMP_DATA' }),
});

const range = table('range', {
  sreg: attr(1, register, { kernel: 'NFTA_RANGE_SREG' }),
  op: attr(2, oneOf(be32, { '==': 0, '!=': 1 }), { kernel: 'NFTA_RANGE_OP' }),
  from: attr(3, dataTable, { kernel: 'NFTA_RANGE_FROM_DATA' }),
  to: attr(4, dataTable, { kernel: 'NFTA_RANGE_TO_DATA' }),
});

const bitwise = table('bitwise', {
  sreg: attr(1, register, { kernel: 'NFTA_BITWISE_SREG' }),
  dreg: attr(2, register, { kernel: 'NFTA_BITWISE_DREG' }),
  len: attr(3, be32, { kernel: 'NFTA_BITWISE_LEN' }),
  mask: attr(4, dataTable, { kernel: 'NFTA_BITWISE_MASK' }),
  xor: attr(5, dataTable, { kernel: 'NFTA_BITWISE_XOR' }),
  op: attr(6, oneOf(be32, { bool: 0, lshift: 1, rshift: 2 }), {
    kernel: 'NFTA_BITWISE_OP',
    since: '5.6',
  }),
  data: attr(7, dataTable, { kernel: 'NFTA_BITWISE_DATA', since: '5.6' }),
});

const payload = table('payload', {
  dreg: attr(1, register, { kernel: 'NFTA_PAYLOAD_DREG' }),
  base: attr(2, oneOf(be32, K.PAYLOAD_BASE), { kernel: 'NFTA_PAYLOAD_BASE' }),
  offset: attr(3, be32, { kernel: 'NFTA_PAYLOAD_OFFSET' }),
  len: attr(4, be32, { kernel: 'NFTA_PAYLOAD_LEN' }),
  sreg: attr(5, register, { kernel: 'NFTA_PAYLOAD_SREG' }),
  csumType: attr(6, be32, { kernel: 'NFTA_PAYLOAD_CSUM_TYPE' }),
  csumOffset: attr(7, be32, { kernel: 'NFTA_PAYLOAD_CSUM_OFFSET' }),
  csumFlags: attr(8, be32, { kernel: 'NFTA_PAYLOAD_CSUM_FLAGS' }),
});

const immediate = table('immediate', {
  dreg: attr(1, register, { kernel: 'NFTA_IMMEDIATE_DREG' }),
  data: attr(2, dataTable, { kernel: 'NFTA_IMMEDIATE_DATA' }),
});

const lookup = table('lookup', {
  set: attr(1, name, { kernel: 'NFTA_LOOKUP_SET' }),
  sreg: attr(2, register, { kernel: 'NFTA_LOOKUP_SREG' }),
  dreg: attr(3, register, { kernel: 'NFTA_LOOKUP_DREG' }),
  setId: attr(4, be32, { kernel: 'NFTA_LOOKUP_SET_ID' }),
  flags: attr(5, bits(be32, { invert: 1 }), { kernel: 'NFTA_LOOKUP_FLAGS' }),
});

/** Bits of NF_NAT_RANGE_* (linux/netfilter/nf_nat.h). */
const natFlags = bits(be32, {
  mapIps: 0x1,
  protoSpecified: 0x2,
  random: 0x4,
  persistent: 0x8,
  fullyRandom: 0x10,
  protoOffset: 0x20,
  netmap: 0x40,
});

const nat = table('nat', {
  type: attr(1, oneOf(be32, { snat: 0, dnat: 1 }), { kernel: 'NFTA_NAT_TYPE' }),
  family: attr(2, oneOf(be32, K.NFPROTO), { kernel: 'NFTA_NAT_FAMILY' }),
  addressMin: attr(3, register, { kernel: 'NFTA_NAT_REG_ADDR_MIN' }),
  addressMax: attr(4, register, { kernel: 'NFTA_NAT_REG_ADDR_MAX' }),
  protoMin: attr(5, register, { kernel: 'NFTA_NAT_REG_PROTO_MIN' }),
  protoMax: attr(6, register, { kernel: 'NFTA_NAT_REG_PROTO_MAX' }),
  flags: attr(7, natFlags, { kernel: 'NFTA_NAT_FLAGS' }),
});

const masq = table('masq', {
  flags: attr(1, natFlags, { kernel: 'NFTA_MASQ_FLAGS' }),
  protoMin: attr(2, register, { kernel: 'NFTA_MASQ_REG_PROTO_MIN' }),
  protoMax: attr(3, register, { kernel: 'NFTA_MASQ_REG_PROTO_MAX' }),
});

const redir = table('redir', {
  protoMin: attr(1, register, { kernel: 'NFTA_REDIR_REG_PROTO_MIN' }),
  protoMax: attr(2, register, { kernel: 'NFTA_REDIR_REG_PROTO_MAX' }),
  flags: attr(3, natFlags, { kernel: 'NFTA_REDIR_FLAGS' }),
});

const ct = table('ct', {
  dreg: attr(1, register, { kernel: 'NFTA_CT_DREG' }),
  key: attr(2, oneOf(be32, K.CT), { kernel: 'NFTA_CT_KEY' }),
  direction: attr(3, oneOf(u8, { original: 0, reply: 1 }), { kernel: 'NFTA_CT_DIRECTION' }),
  sreg: attr(4, register, { kernel: 'NFTA_CT_SREG' }),
});

const fib = table('fib', {
  dreg: attr(1, register, { kernel: 'NFTA_FIB_DREG' }),
  result: attr(2, oneOf(be32, K.FIB_RESULT), { kernel: 'NFTA_FIB_RESULT' }),
  flags: attr(3, bits(be32, K.FIB_FLAGS), { kernel: 'NFTA_FIB_FLAGS' }),
});

const counter = table('counter', {
  bytes: attr(1, be64, { kernel: 'NFTA_COUNTER_BYTES' }),
  packets: attr(2, be64, { kernel: 'NFTA_COUNTER_PACKETS' }),
  pad: attr(3, binary, { kernel: 'NFTA_COUNTER_PAD', readonly: true }),
});

const limit = table('limit', {
  rate: attr(1, be64, { kernel: 'NFTA_LIMIT_RATE' }),
  unit: attr(2, be64, { kernel: 'NFTA_LIMIT_UNIT', doc: 'seconds' }),
  burst: attr(3, be32, { kernel: 'NFTA_LIMIT_BURST' }),
  type: attr(4, oneOf(be32, { packets: 0, bytes: 1 }), { kernel: 'NFTA_LIMIT_TYPE' }),
  flags: attr(5, bits(be32, { invert: 1 }), { kernel: 'NFTA_LIMIT_FLAGS' }),
  pad: attr(6, binary, { kernel: 'NFTA_LIMIT_PAD', readonly: true }),
});

const reject = table('reject', {
  type: attr(1, oneOf(be32, { icmp: 0, tcpReset: 1, icmpx: 2 }), { kernel: 'NFTA_REJECT_TYPE' }),
  code: attr(2, u8, { kernel: 'NFTA_REJECT_ICMP_CODE' }),
});

const log = table('log', {
  group: attr(1, be16, { kernel: 'NFTA_LOG_GROUP' }),
  prefix: attr(2, text(127), { kernel: 'NFTA_LOG_PREFIX' }),
  snaplen: attr(3, be32, { kernel: 'NFTA_LOG_SNAPLEN' }),
  qthreshold: attr(4, be16, { kernel: 'NFTA_LOG_QTHRESHOLD' }),
  level: attr(5, be32, { kernel: 'NFTA_LOG_LEVEL' }),
  flags: attr(6, be32, { kernel: 'NFTA_LOG_FLAGS' }),
});

const objref = table('objref', {
  type: attr(1, be32, { kernel: 'NFTA_OBJREF_IMM_TYPE' }),
  name: attr(2, name, { kernel: 'NFTA_OBJREF_IMM_NAME' }),
  sreg: attr(3, register, { kernel: 'NFTA_OBJREF_SET_SREG' }),
  set: attr(4, name, { kernel: 'NFTA_OBJREF_SET_NAME' }),
  setId: attr(5, be32, { kernel: 'NFTA_OBJREF_SET_ID' }),
});

/** An expression without attributes. */
const notrack = table('notrack', {});

/** The expressions by the kernel's names for them. */
export const EXPRESSIONS = {
  meta,
  cmp,
  range,
  bitwise,
  payload,
  immediate,
  lookup,
  nat,
  masq,
  redir,
  ct,
  fib,
  counter,
  limit,
  reject,
  log,
  objref,
  notrack,
};

type Kinds = typeof EXPRESSIONS;

/** One expression of a rule: `{ name: 'meta', data: { key: 'iifname', dreg: 1 } }`. */
export type Expression = {
  [K in keyof Kinds]: { name: K; data?: Infer<Kinds[K]> };
}[keyof Kinds];

export const expressionTable = table('expression', {
  name: attr(1, text(31), { kernel: 'NFTA_EXPR_NAME' }),
  data: attr(2, union('name', EXPRESSIONS), { kernel: 'NFTA_EXPR_DATA' }),
});

/** A rule's expressions in order; one of a kind that is not known here keeps its bytes. */
export const expressionList = array(expressionTable, 1);
