import { invalidType, invalidValue } from '../../errors.ts';
import { be64, type Codec, ipv4, ipv6, oneOf, u8, u16 } from '../../wire/codecs.ts';
import { DecodeError } from '../../wire/errors.ts';
import { attr, type Infer, table } from '../../wire/schema.ts';
import {
  type Seg6Local,
  seg6LocalEncap,
  seg6LocalFromWire,
  seg6LocalToWire,
} from './seg6-local.ts';
import { checkSegments, readSrh, SRH_HEADER, writeSrh } from './srh.ts';

/** An MPLS label stack, outermost first: 20 bits each; the last has the bottom-of-stack bit. */
export const labelStack: Codec<number[]> = {
  type: 'MPLS labels',
  alignment: 4,
  samples: [[100], [16, 1048575, 3]],
  write(w, value, path) {
    if (!Array.isArray(value) || value.length === 0) {
      throw invalidType(path.toString(), value, 'an array of MPLS labels');
    }
    value.forEach((label, i) => {
      if (!Number.isInteger(label) || label < 0 || label > 0xfffff) {
        throw invalidValue(`${path}[${i}]`, label, 'an MPLS label from 0 to 1048575');
      }
      w.be32(((label << 12) | (i === value.length - 1 ? 0x100 : 0)) >>> 0);
    });
  },
  read(_bytes, view, at, length) {
    const labels: number[] = [];
    for (let i = 0; i + 4 <= length; i += 4) labels.push(view.getUint32(at + i, false) >>> 12);
    return labels;
  },
};

/** MPLS_IPTUNNEL_* of linux/mpls_iptunnel.h. */
export const mplsEncap = table('encap', {
  labels: attr(1, labelStack, { kernel: 'MPLS_IPTUNNEL_DST', since: '4.3' }),
  ttl: attr(2, u8, { kernel: 'MPLS_IPTUNNEL_TTL', since: '4.12' }),
});

/**
 * LWTUNNEL_IP_* of linux/lwtunnel.h. LWTUNNEL_IP_OPTS is left out on purpose: some 6.18 kernels
 * fail while they read it, holding the lock that all of rtnetlink needs.
 */
export const ipEncap = table('encap', {
  id: attr(1, be64, { kernel: 'LWTUNNEL_IP_ID', since: '4.3' }),
  dst: attr(2, ipv4, { kernel: 'LWTUNNEL_IP_DST', since: '4.3' }),
  src: attr(3, ipv4, { kernel: 'LWTUNNEL_IP_SRC', since: '4.3' }),
  ttl: attr(4, u8, { kernel: 'LWTUNNEL_IP_TTL', since: '4.3' }),
  tos: attr(5, u8, { kernel: 'LWTUNNEL_IP_TOS', since: '4.3' }),
  flags: attr(6, u16, { kernel: 'LWTUNNEL_IP_FLAGS', since: '4.3' }),
});

/** LWTUNNEL_IP6_* of linux/lwtunnel.h. */
export const ip6Encap = table('encap', {
  id: attr(1, be64, { kernel: 'LWTUNNEL_IP6_ID', since: '4.3' }),
  dst: attr(2, ipv6, { kernel: 'LWTUNNEL_IP6_DST', since: '4.3' }),
  src: attr(3, ipv6, { kernel: 'LWTUNNEL_IP6_SRC', since: '4.3' }),
  hopLimit: attr(4, u8, { kernel: 'LWTUNNEL_IP6_HOPLIMIT', since: '4.3' }),
  tc: attr(5, u8, { kernel: 'LWTUNNEL_IP6_TC', since: '4.3' }),
  flags: attr(6, u16, { kernel: 'LWTUNNEL_IP6_FLAGS', since: '4.3' }),
});

const SEG6_MODES = { inline: 0, encap: 1, l2encap: 2, 'encap.red': 3, 'l2encap.red': 4 } as const;

export interface SegmentRouting {
  mode: keyof typeof SEG6_MODES;
  /** The segments in the order of travel; for 'inline' without the destination itself. */
  segments: string[];
}

function checkRouting(path: string, mode: string, segments: string[]): void {
  if (!Object.hasOwn(SEG6_MODES, mode)) {
    throw invalidValue(`${path}.mode`, mode, `one of '${Object.keys(SEG6_MODES).join("', '")}'`);
  }
  checkSegments(`${path}.segments`, segments);
}

/** struct seg6_iptunnel_encap: the mode, then the IPv6 routing header with its segments reversed. */
export const segmentRouting: Codec<SegmentRouting> = {
  type: 'struct seg6_iptunnel_encap',
  alignment: 4,
  samples: [
    { mode: 'encap', segments: ['fc00::1'] },
    { mode: 'inline', segments: ['fc00::1', 'fc00::2'] },
  ],
  write(w, value, path) {
    const { mode, segments } = value;
    checkRouting(path.toString(), mode, segments);
    // Inline leaves the last place to the packet's own destination.
    const all = mode === 'inline' ? ['::', ...segments.toReversed()] : segments.toReversed();
    w.u32(SEG6_MODES[mode]);
    path.enter();
    path.set('segments');
    writeSrh(w, all, path);
    path.leave();
  },
  read(bytes, view, at, length) {
    if (length < 4 + SRH_HEADER)
      throw new DecodeError('shorter than struct seg6_iptunnel_encap', at);
    const number = view.getUint32(at, true);
    const names = Object.keys(SEG6_MODES) as (keyof typeof SEG6_MODES)[];
    const mode = names.find((name) => SEG6_MODES[name] === number);
    if (mode === undefined) throw new DecodeError(`a seg6 mode ${number}`, at);
    const segments = readSrh(bytes, view, at + 4, length - 4).reverse();
    if (mode === 'inline') segments.pop();
    return { mode, segments };
  },
};

/** SEG6_IPTUNNEL_SRH of linux/seg6_iptunnel.h. */
export const seg6Encap = table('encap', {
  srh: attr(1, segmentRouting, { kernel: 'SEG6_IPTUNNEL_SRH', since: '4.10' }),
});

/** Kinds of encapsulation with a table; others are read as bytes. */
export const encapTables = {
  mpls: mplsEncap,
  ip: ipEncap,
  ip6: ip6Encap,
  seg6: seg6Encap,
  seg6local: seg6LocalEncap,
};

/** How packets of a route are wrapped (`encap` of ip-route(8)). */
export type Encap =
  | { type: 'mpls'; labels: number[]; ttl?: number }
  | {
      type: 'ip';
      id?: number;
      dst?: string;
      src?: string;
      ttl?: number;
      tos?: number;
      flags?: number;
    }
  | {
      type: 'ip6';
      id?: number;
      dst?: string;
      src?: string;
      hopLimit?: number;
      tc?: number;
      flags?: number;
    }
  | { type: 'seg6'; mode: SegmentRouting['mode']; segments: string[] }
  | Seg6Local;

/** An encapsulation as it is read; one without a table as bytes. */
export type EncapValue = Encap | { type: string | number; bytes: Uint8Array };

/** The two attributes that an encapsulation is on the wire. */
export function encapToWire(
  encap: Encap,
  path: string,
): { encapType: keyof typeof encapTables; encap: object } {
  if (typeof encap !== 'object' || encap === null) throw invalidType(path, encap, 'an object');
  const { type, ...rest } = encap;
  if (!Object.hasOwn(encapTables, type)) {
    throw invalidValue(`${path}.type`, type, `one of '${Object.keys(encapTables).join("', '")}'`);
  }
  if (encap.type === 'seg6local') {
    return { encapType: 'seg6local', encap: seg6LocalToWire(encap, path) };
  }
  if (encap.type !== 'seg6') return { encapType: type, encap: rest };
  const { type: _type, mode, segments, ...others } = encap;
  checkRouting(path, mode, segments);
  return { encapType: 'seg6', encap: { ...others, srh: { mode, segments } } };
}

export function encapFromWire(type: string | number, wire: unknown): EncapValue {
  if (wire instanceof Uint8Array) return { type, bytes: wire };
  if (type === 'seg6') {
    const { srh } = wire as { srh?: SegmentRouting };
    return { type: 'seg6', mode: srh?.mode ?? 'encap', segments: srh?.segments ?? [] };
  }
  if (type === 'seg6local') return seg6LocalFromWire(wire as Infer<typeof seg6LocalEncap>);
  return { type, ...(wire as object) } as Encap;
}

export const encapType = oneOf(u16, {
  none: 0,
  mpls: 1,
  ip: 2,
  ila: 3,
  ip6: 4,
  seg6: 5,
  bpf: 6,
  seg6local: 7,
  rpl: 8,
  ioam6: 9,
  xfrm: 10,
});
