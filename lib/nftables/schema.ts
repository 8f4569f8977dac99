import { array, binary, bits, mapped, oneOf } from '../wire/codecs.ts';
import { be32, be64 } from '../wire/numbers.ts';
import { attr, table } from '../wire/schema.ts';
import { text } from '../wire/texts.ts';
import { CHAIN_TYPES, ELEMENT_FLAGS, POLICY, SET_FLAGS } from './constants.ts';
import { dataTable, expressionList, expressionTable, name } from './expressions.ts';

/** struct nfgenmsg: u8 family, u8 version, be16 resource. */
export const NFGENMSG = 4;

const signed = mapped<number, number>(
  be32,
  's32, network order',
  (value) => value >>> 0,
  (wire) => wire | 0,
  [-100, 0, 100],
);

export const batchTable = table('batch', {
  generation: attr(1, be32, { kernel: 'NFNL_BATCH_GENID', since: '4.14' }),
});

export const generationTable = table('generation', {
  id: attr(1, be32, { kernel: 'NFTA_GEN_ID', readonly: true }),
  pid: attr(2, be32, { kernel: 'NFTA_GEN_PROC_PID', readonly: true }),
  process: attr(3, text(15), { kernel: 'NFTA_GEN_PROC_NAME', readonly: true }),
});

export const tableTable = table('table', {
  name: attr(1, name, { kernel: 'NFTA_TABLE_NAME' }),
  flags: attr(2, bits(be32, { dormant: 1, owner: 2, persist: 4 }), { kernel: 'NFTA_TABLE_FLAGS' }),
  use: attr(3, be32, { kernel: 'NFTA_TABLE_USE', readonly: true }),
  handle: attr(4, be64, { kernel: 'NFTA_TABLE_HANDLE' }),
  pad: attr(5, binary, { kernel: 'NFTA_TABLE_PAD', readonly: true }),
  userdata: attr(6, binary, { kernel: 'NFTA_TABLE_USERDATA', since: '5.10' }),
  owner: attr(7, be32, { kernel: 'NFTA_TABLE_OWNER', since: '5.12' }),
});

export const hookTable = table('hook', {
  hook: attr(1, be32, { kernel: 'NFTA_HOOK_HOOKNUM' }),
  priority: attr(2, signed, { kernel: 'NFTA_HOOK_PRIORITY' }),
  dev: attr(3, text(15), { kernel: 'NFTA_HOOK_DEV' }),
  devs: attr(4, array(text(15), 1), { kernel: 'NFTA_HOOK_DEVS', since: '5.5' }),
});

const counters = table('counters', {
  bytes: attr(1, be64, { kernel: 'NFTA_COUNTER_BYTES' }),
  packets: attr(2, be64, { kernel: 'NFTA_COUNTER_PACKETS' }),
  pad: attr(3, binary, { kernel: 'NFTA_COUNTER_PAD', readonly: true }),
});

export const chainTable = table('chain', {
  table: attr(1, name, { kernel: 'NFTA_CHAIN_TABLE' }),
  handle: attr(2, be64, { kernel: 'NFTA_CHAIN_HANDLE' }),
  name: attr(3, name, { kernel: 'NFTA_CHAIN_NAME' }),
  hook: attr(4, hookTable, { kernel: 'NFTA_CHAIN_HOOK' }),
  policy: attr(5, oneOf(be32, POLICY), { kernel: 'NFTA_CHAIN_POLICY' }),
  use: attr(6, be32, { kernel: 'NFTA_CHAIN_USE', readonly: true }),
  type: attr(7, text(15), { kernel: 'NFTA_CHAIN_TYPE', doc: CHAIN_TYPES.join(', ') }),
  counters: attr(8, counters, { kernel: 'NFTA_CHAIN_COUNTERS' }),
  pad: attr(9, binary, { kernel: 'NFTA_CHAIN_PAD', readonly: true }),
  flags: attr(10, bits(be32, { base: 1, offload: 2, binding: 4 }), { kernel: 'NFTA_CHAIN_FLAGS' }),
  id: attr(11, be32, { kernel: 'NFTA_CHAIN_ID', since: '5.9' }),
  userdata: attr(12, binary, { kernel: 'NFTA_CHAIN_USERDATA', since: '5.10' }),
});

export const ruleTable = table('rule', {
  table: attr(1, name, { kernel: 'NFTA_RULE_TABLE' }),
  chain: attr(2, name, { kernel: 'NFTA_RULE_CHAIN' }),
  handle: attr(3, be64, { kernel: 'NFTA_RULE_HANDLE' }),
  expressions: attr(4, expressionList, { kernel: 'NFTA_RULE_EXPRESSIONS' }),
  compat: attr(5, binary, { kernel: 'NFTA_RULE_COMPAT' }),
  position: attr(6, be64, {
    kernel: 'NFTA_RULE_POSITION',
    doc: 'the handle of a rule to stand behind',
  }),
  userdata: attr(7, binary, { kernel: 'NFTA_RULE_USERDATA' }),
  pad: attr(8, binary, { kernel: 'NFTA_RULE_PAD', readonly: true }),
  id: attr(9, be32, { kernel: 'NFTA_RULE_ID' }),
  positionId: attr(10, be32, { kernel: 'NFTA_RULE_POSITION_ID', since: '5.1' }),
  chainId: attr(11, be32, { kernel: 'NFTA_RULE_CHAIN_ID', since: '5.9' }),
});

const concatField = table('field', {
  len: attr(1, be32, { kernel: 'NFTA_SET_FIELD_LEN' }),
});

const setDescription = table('description', {
  size: attr(1, be32, { kernel: 'NFTA_SET_DESC_SIZE' }),
  concat: attr(2, array(concatField, 1), { kernel: 'NFTA_SET_DESC_CONCAT', since: '5.6' }),
});

export const setTable = table('set', {
  table: attr(1, name, { kernel: 'NFTA_SET_TABLE' }),
  name: attr(2, name, { kernel: 'NFTA_SET_NAME' }),
  flags: attr(3, bits(be32, SET_FLAGS), { kernel: 'NFTA_SET_FLAGS' }),
  keyType: attr(4, be32, { kernel: 'NFTA_SET_KEY_TYPE' }),
  keyLen: attr(5, be32, { kernel: 'NFTA_SET_KEY_LEN' }),
  dataType: attr(6, be32, { kernel: 'NFTA_SET_DATA_TYPE' }),
  dataLen: attr(7, be32, { kernel: 'NFTA_SET_DATA_LEN' }),
  policy: attr(8, oneOf(be32, { performance: 0, memory: 1 }), { kernel: 'NFTA_SET_POLICY' }),
  description: attr(9, setDescription, { kernel: 'NFTA_SET_DESC' }),
  id: attr(10, be32, { kernel: 'NFTA_SET_ID' }),
  timeout: attr(11, be64, { kernel: 'NFTA_SET_TIMEOUT', doc: 'milliseconds' }),
  gcInterval: attr(12, be32, { kernel: 'NFTA_SET_GC_INTERVAL', doc: 'milliseconds' }),
  userdata: attr(13, binary, { kernel: 'NFTA_SET_USERDATA' }),
  pad: attr(14, binary, { kernel: 'NFTA_SET_PAD', readonly: true }),
  objectType: attr(15, be32, { kernel: 'NFTA_SET_OBJ_TYPE' }),
  handle: attr(16, be64, { kernel: 'NFTA_SET_HANDLE' }),
  expression: attr(17, expressionTable, { kernel: 'NFTA_SET_EXPR', since: '5.7' }),
  expressions: attr(18, expressionList, { kernel: 'NFTA_SET_EXPRESSIONS', since: '5.11' }),
});

export const elementTable = table('element', {
  key: attr(1, dataTable, { kernel: 'NFTA_SET_ELEM_KEY' }),
  data: attr(2, dataTable, { kernel: 'NFTA_SET_ELEM_DATA' }),
  flags: attr(3, bits(be32, ELEMENT_FLAGS), { kernel: 'NFTA_SET_ELEM_FLAGS' }),
  timeout: attr(4, be64, { kernel: 'NFTA_SET_ELEM_TIMEOUT', doc: 'milliseconds' }),
  expiration: attr(5, be64, { kernel: 'NFTA_SET_ELEM_EXPIRATION', doc: 'milliseconds' }),
  userdata: attr(6, binary, { kernel: 'NFTA_SET_ELEM_USERDATA' }),
  expression: attr(7, expressionTable, { kernel: 'NFTA_SET_ELEM_EXPR' }),
  pad: attr(8, binary, { kernel: 'NFTA_SET_ELEM_PAD', readonly: true }),
  object: attr(9, name, { kernel: 'NFTA_SET_ELEM_OBJREF' }),
  keyEnd: attr(10, dataTable, { kernel: 'NFTA_SET_ELEM_KEY_END', since: '5.6' }),
  expressions: attr(11, expressionList, { kernel: 'NFTA_SET_ELEM_EXPRESSIONS', since: '5.11' }),
});

export const elementListTable = table('elements', {
  table: attr(1, name, { kernel: 'NFTA_SET_ELEM_LIST_TABLE' }),
  set: attr(2, name, { kernel: 'NFTA_SET_ELEM_LIST_SET' }),
  elements: attr(3, array(elementTable, 1), { kernel: 'NFTA_SET_ELEM_LIST_ELEMENTS' }),
  setId: attr(4, be32, { kernel: 'NFTA_SET_ELEM_LIST_SET_ID' }),
});
