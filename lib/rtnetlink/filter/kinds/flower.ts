import { integer, ipPrefix, string } from '../../../check.ts';
import { invalidType, invalidValue } from '../../../errors.ts';
import type { Infer } from '../../../wire/schema.ts';
import { IP_PROTOCOLS } from '../../protocols.ts';
import { compact, options } from '../../qdisc/kind.ts';
import type { FilterProtocol } from '../constants.ts';
import { flowerTable } from './flower-table.ts';
import {
  classOf,
  classText,
  type FilterBase,
  flagsOf,
  type Offloadable,
  readFlags,
} from './simple.ts';

/** A number, or a number under a mask: bits that are zero in the mask may be anything. */
export type Masked = number | { value: number; mask: number };
/** A port, a port under a mask, or all from `min` to `max` (since 5.1). */
export type FlowerPort = Masked | { min: number; max: number };

/** Matches fields of headers, by the words of `tc flower` (since 4.2). */
export interface Flower extends FilterBase, Offloadable {
  indev?: string;
  /** '02:00:00:00:00:01', or with a mask '02:00:00:00:00:00/ff:00:00:00:00:00'. */
  dstMac?: string;
  srcMac?: string;
  /** The protocol of the frame, as the filter's own `protocol`. */
  ethType?: FilterProtocol | number;
  vlanId?: number;
  vlanPrio?: number;
  /** The protocol behind the tag. */
  vlanEthType?: FilterProtocol | number;
  cvlanId?: number;
  cvlanPrio?: number;
  cvlanEthType?: FilterProtocol | number;
  ipProto?: keyof typeof IP_PROTOCOLS | number;
  /** A prefix of either family. */
  srcIp?: string;
  dstIp?: string;
  ipTos?: Masked;
  ipTtl?: Masked;
  /** With ipProto 'tcp', 'udp' or 'sctp'. */
  srcPort?: FlowerPort;
  dstPort?: FlowerPort;
  tcpFlags?: Masked;
  /** With ipProto 'icmp' or 'icmpv6'. */
  icmpType?: Masked;
  icmpCode?: Masked;
  arpOp?: Masked;
  arpSip?: string;
  arpTip?: string;
  arpSha?: string;
  arpTha?: string;
  /** Fragments, or their first: bits of TCA_FLOWER_KEY_FLAGS_*. */
  packetFlags?: Masked;
  /** Of the tunnel around: the VNI. */
  encKeyId?: number;
  encSrcIp?: string;
  encDstIp?: string;
  encSrcPort?: Masked;
  encDstPort?: Masked;
  encTos?: Masked;
  encTtl?: Masked;
  ctState?: Masked;
  ctZone?: Masked;
  ctMark?: Masked;
  hash?: Masked;
  numOfVlans?: number;
  /** In how many pieces of hardware it is; told, never set. */
  inHwCount?: number;
}

type Wire = Infer<typeof flowerTable>;
type WireKey = keyof Wire & string;
type Draft = Record<string, unknown>;

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
const FULL_MAC = 'ff:ff:ff:ff:ff:ff';

function netmask(length: number, family: 4 | 6): string {
  const total = family === 4 ? 32 : 128;
  const bits = '1'.repeat(length) + '0'.repeat(total - length);
  if (family === 4)
    return [0, 8, 16, 24].map((i) => Number.parseInt(bits.slice(i, i + 8), 2)).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number.parseInt(bits.slice(i * 16, i * 16 + 16), 2),
  );
  return groups.map((group) => group.toString(16)).join(':');
}

/** How long a mask is as a prefix; undefined when it is none. */
function prefixLength(mask: string): number | undefined {
  const bits = mask.includes(':')
    ? expand(mask)
        .map((group) => group.toString(2).padStart(16, '0'))
        .join('')
    : mask
        .split('.')
        .map((byte) => Number(byte).toString(2).padStart(8, '0'))
        .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

function expand(address: string): number[] {
  const [head, tail] = address.split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function putMac(out: Draft, path: string, value: string | undefined, key: string): void {
  if (value === undefined) return;
  const [address, mask = FULL_MAC] = string(path, value).split('/');
  if (!MAC.test(address) || !MAC.test(mask)) {
    throw invalidValue(path, value, 'a hardware address, or one and a mask');
  }
  out[key] = address;
  out[`${key}Mask`] = mask;
}

function putIp(
  out: Draft,
  path: string,
  value: string | undefined,
  key4: string,
  key6?: string,
): void {
  if (value === undefined) return;
  const prefix = ipPrefix(path, value);
  const key = prefix.family === 4 ? key4 : key6;
  if (key === undefined) throw invalidValue(path, value, 'an IPv4 prefix');
  out[key] = prefix.address;
  out[`${key}Mask`] = netmask(prefix.length, prefix.family);
}

function putMasked(
  out: Draft,
  path: string,
  value: Masked | undefined,
  key: string,
  max: number,
): void {
  if (value === undefined) return;
  if (typeof value === 'number') {
    out[key] = integer(path, value, 0, max);
    out[`${key}Mask`] = max;
    return;
  }
  if (typeof value !== 'object' || value === null)
    throw invalidType(path, value, 'a number or { value, mask }');
  out[key] = integer(`${path}.value`, value.value, 0, max);
  out[`${key}Mask`] = integer(`${path}.mask`, value.mask, 0, max);
}

const PORT_KINDS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

function protocolOf(path: string, value: Flower['ipProto']): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  if (Object.hasOwn(IP_PROTOCOLS, value)) return IP_PROTOCOLS[value];
  throw invalidValue(path, value, `one of '${Object.keys(IP_PROTOCOLS).join("', '")}' or a number`);
}

function putPort(
  out: Draft,
  path: string,
  value: FlowerPort | undefined,
  protocol: number | undefined,
  side: 'Src' | 'Dst',
): void {
  if (value === undefined) return;
  const kind = protocol === undefined ? undefined : PORT_KINDS[protocol];
  if (kind === undefined)
    throw invalidValue(path, value, "used with ipProto 'tcp', 'udp' or 'sctp'");
  if (typeof value === 'object' && value !== null && 'min' in value) {
    out[`port${side}Min`] = integer(`${path}.min`, value.min, 1, 65535);
    out[`port${side}Max`] = integer(`${path}.max`, value.max, value.min, 65535);
    return;
  }
  putMasked(out, path, value, `${kind}${side}`, 0xffff);
  // Without a mask all of a port counts; tc leaves it out as well.
  if (typeof value === 'number') delete out[`${kind}${side}Mask`];
}

/** Numbers with masks: the option, the attribute, the largest. */
const MASKED = [
  ['ipTos', 'ipTos', 0xff],
  ['ipTtl', 'ipTtl', 0xff],
  ['tcpFlags', 'tcpFlags', 0x0fff],
  ['arpOp', 'arpOp', 0xff],
  ['packetFlags', 'packetFlags', 0xffffffff],
  ['encSrcPort', 'encUdpSrcPort', 0xffff],
  ['encDstPort', 'encUdpDstPort', 0xffff],
  ['encTos', 'encIpTos', 0xff],
  ['encTtl', 'encIpTtl', 0xff],
  ['ctState', 'ctState', 0xffff],
  ['ctZone', 'ctZone', 0xffff],
  ['ctMark', 'ctMark', 0xffffffff],
  ['hash', 'hash', 0xffffffff],
] as const;
const PLAIN = [
  'indev',
  'ethType',
  'vlanId',
  'vlanPrio',
  'vlanEthType',
  'cvlanId',
  'cvlanPrio',
  'cvlanEthType',
  'ipProto',
  'encKeyId',
  'numOfVlans',
] as const;
const MACS = [
  ['dstMac', 'ethDst'],
  ['srcMac', 'ethSrc'],
  ['arpSha', 'arpSha'],
  ['arpTha', 'arpTha'],
] as const;
const IPS = [
  ['srcIp', 'ipv4Src', 'ipv6Src'],
  ['dstIp', 'ipv4Dst', 'ipv6Dst'],
  ['encSrcIp', 'encIpv4Src', 'encIpv6Src'],
  ['encDstIp', 'encIpv4Dst', 'encIpv6Dst'],
  ['arpSip', 'arpSip', undefined],
  ['arpTip', 'arpTip', undefined],
] as const;

function putIcmp(out: Draft, spec: Flower, path: string, protocol: number | undefined): void {
  for (const [key, part] of [
    ['icmpType', 'Type'],
    ['icmpCode', 'Code'],
  ] as const) {
    if (spec[key] === undefined) continue;
    const family =
      protocol === IP_PROTOCOLS.icmp ? 4 : protocol === IP_PROTOCOLS.icmpv6 ? 6 : undefined;
    if (family === undefined)
      throw invalidValue(`${path}.${key}`, spec[key], "used with ipProto 'icmp' or 'icmpv6'");
    putMasked(out, `${path}.${key}`, spec[key], `icmpv${family}${part}`, 0xff);
  }
}

export const flower = options<Flower, Wire>(flowerTable, {
  keys: [
    'classId',
    'actions',
    'skipHw',
    'skipSw',
    'inHw',
    'inHwCount',
    ...PLAIN,
    ...MACS.map(([key]) => key),
    ...IPS.map(([key]) => key),
    ...MASKED.map(([key]) => key),
    'srcPort',
    'dstPort',
    'icmpType',
    'icmpCode',
  ],
  always: true,
  samples: [
    {
      classId: '1:10',
      ethType: 'ip',
      ipProto: 'tcp',
      srcIp: '10.0.0.0/8',
      dstIp: '192.168.1.1/32',
      dstPort: 443,
      ipTos: { value: 0x10, mask: 0xfc },
    },
  ],
  toWire(spec, path) {
    const out: Draft = { classId: classOf(path, spec.classId) };
    const protocol = protocolOf(`${path}.ipProto`, spec.ipProto);
    for (const key of PLAIN) if (spec[key] !== undefined) out[key] = spec[key];
    for (const [key, wire] of MACS) putMac(out, `${path}.${key}`, spec[key], wire);
    for (const [key, v4, v6] of IPS) putIp(out, `${path}.${key}`, spec[key], v4, v6);
    for (const [key, wire, max] of MASKED) {
      putMasked(out, `${path}.${key}`, spec[key], wire, max);
      if (wire.endsWith('Port') && typeof spec[key] === 'number') delete out[`${wire}Mask`];
    }
    putPort(out, `${path}.srcPort`, spec.srcPort, protocol, 'Src');
    putPort(out, `${path}.dstPort`, spec.dstPort, protocol, 'Dst');
    putIcmp(out, spec, path, protocol);
    out.flags = flagsOf(spec) ?? {};
    out.actions = spec.actions;
    return out;
  },
  fromWire: readFlower,
});

function masked(wire: Wire, key: WireKey, max: number): Masked | undefined {
  const values: Draft = wire;
  const value = values[key];
  if (typeof value !== 'number') return undefined;
  const mask = values[`${key}Mask`];
  return typeof mask === 'number' && mask !== max ? { value, mask } : value;
}

function prefix(wire: Wire, key: WireKey | undefined): string | undefined {
  if (key === undefined) return undefined;
  const values: Draft = wire;
  const address = values[key];
  const mask = values[`${key}Mask`];
  if (typeof address !== 'string') return undefined;
  if (typeof mask !== 'string') return address;
  return `${address}/${prefixLength(mask) ?? mask}`;
}

function hardware(wire: Wire, key: WireKey): string | undefined {
  const values: Draft = wire;
  const address = values[key];
  const mask = values[`${key}Mask`];
  if (typeof address !== 'string') return undefined;
  return typeof mask !== 'string' || mask === FULL_MAC ? address : `${address}/${mask}`;
}

function port(wire: Wire, side: 'Src' | 'Dst'): FlowerPort | undefined {
  const min = side === 'Src' ? wire.portSrcMin : wire.portDstMin;
  const max = side === 'Src' ? wire.portSrcMax : wire.portDstMax;
  if (min !== undefined && max !== undefined) return { min, max };
  for (const kind of ['tcp', 'udp', 'sctp'] as const) {
    const value = masked(wire, `${kind}${side}`, 0xffff);
    if (value !== undefined) return value;
  }
  return undefined;
}

function readFlower(wire: Wire): Flower {
  const out: Draft = {
    classId: classText(wire.classId),
    actions: wire.actions,
    inHwCount: wire.inHwCount,
    srcPort: port(wire, 'Src'),
    dstPort: port(wire, 'Dst'),
    icmpType: masked(wire, 'icmpv4Type', 0xff) ?? masked(wire, 'icmpv6Type', 0xff),
    icmpCode: masked(wire, 'icmpv4Code', 0xff) ?? masked(wire, 'icmpv6Code', 0xff),
    ...readFlags(wire.flags),
  };
  for (const key of PLAIN) out[key] = wire[key];
  for (const [key, from] of MACS) out[key] = hardware(wire, from);
  for (const [key, v4, v6] of IPS) out[key] = prefix(wire, v4) ?? prefix(wire, v6);
  for (const [key, from, max] of MASKED) out[key] = masked(wire, from, max);
  return compact(out);
}
