import { randomInt } from 'node:crypto';
import type { Replies } from '../../netlink/replies.ts';
import type { Request } from '../../netlink/request.ts';
import type { NetNs } from '../../netns/netns.ts';
import { NETLINK_ROUTE } from '../../rtnetlink/requests.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';

const AF_INET = 2;
const AF_BRIDGE = 7;
const AF_INET6 = 10;
const RTNL_FAMILY_IPMR = 128;
const RTNL_FAMILY_IP6MR = 129;

/** Where bytes change by themselves: from an attribute to one within it. */
type Drift = readonly number[];

/** One question about all that a namespace has of something. */
interface Dump {
  /** How a difference is told. */
  readonly what: string;
  /** RTM_GET* */
  readonly type: number;
  /** The message's fixed part: its family first. */
  readonly family: number;
  readonly header: number;
  /** An attribute of the question, u32: IFLA_EXT_MASK. */
  readonly mask?: readonly [attribute: number, value: number];
  /** Bytes of the fixed part that are not zero. */
  readonly fixed?: readonly [at: number, value: number];
  /** The answer's fixed part, where it is another than the question's. */
  readonly answer?: number;
  readonly drifts?: readonly Drift[];
  /** A word of the answer's fixed part, and those of its bits that count. */
  readonly flags?: readonly [at: number, bits: number];
}

/** All that rtnetlink can list of a namespace without knowing what to ask for. */
const DUMPS: readonly Dump[] = [
  {
    what: 'links',
    type: 18,
    family: 0,
    header: 16,
    // RTEXT_FILTER_SKIP_STATS
    mask: [29, 8],
    // Counters, and what the other end does to the carrier: IFLA_STATS, IFLA_OPERSTATE,
    // IFLA_STATS64, IFLA_CARRIER and its counts, IFF_RUNNING and IFF_LOWER_UP. And a time that is
    // drawn anew: IFLA_AF_SPEC, AF_INET6, IFLA_INET6_CACHEINFO.
    drifts: [[7], [16], [23], [33], [35], [47], [48], [26, AF_INET6, 5]],
    flags: [8, ~0x10040],
  },
  { what: 'IPv4 addresses', type: 22, family: AF_INET, header: 8 },
  { what: 'IPv6 addresses', type: 22, family: AF_INET6, header: 8 },
  { what: 'IPv4 routes', type: 26, family: AF_INET, header: 12 },
  { what: 'IPv6 routes', type: 26, family: AF_INET6, header: 12 },
  { what: 'IPv4 multicast routes', type: 26, family: RTNL_FAMILY_IPMR, header: 12 },
  { what: 'IPv6 multicast routes', type: 26, family: RTNL_FAMILY_IP6MR, header: 12 },
  { what: 'IPv4 rules', type: 34, family: AF_INET, header: 12 },
  { what: 'IPv6 rules', type: 34, family: AF_INET6, header: 12 },
  { what: 'IPv4 multicast rules', type: 34, family: RTNL_FAMILY_IPMR, header: 12 },
  { what: 'IPv6 multicast rules', type: 34, family: RTNL_FAMILY_IP6MR, header: 12 },
  // NTF_PROXY in ndm_flags
  { what: 'proxied neighbours', type: 30, family: 0, header: 12, fixed: [10, 8] },
  { what: 'hardware addresses', type: 30, family: AF_BRIDGE, header: 12 },
  {
    what: 'neighbour tables',
    type: 66,
    family: 0,
    header: 4,
    // NDTA_CONFIG and NDTA_STATS; of NDTA_PARMS, NDTPA_REFCNT and NDTPA_REACHABLE_TIME
    drifts: [[5], [7], [6, 2], [6, 3]],
  },
  { what: 'nexthops', type: 106, family: 0, header: 8 },
  { what: 'qdiscs', type: 38, family: 0, header: 20 },
  { what: 'IPv4 configuration', type: 82, family: AF_INET, header: 4, answer: 4 },
  { what: 'IPv6 configuration', type: 82, family: AF_INET6, header: 4, answer: 4 },
  { what: 'address labels', type: 74, family: AF_INET6, header: 12 },
  { what: 'the multicast database', type: 86, family: AF_BRIDGE, header: 8 },
  { what: 'ids of namespaces', type: 90, family: 0, header: 4 },
  { what: 'IPv4 multicast addresses', type: 58, family: AF_INET, header: 8 },
  { what: 'IPv6 multicast addresses', type: 58, family: AF_INET6, header: 8 },
  { what: 'anycast addresses', type: 62, family: AF_INET6, header: 8 },
];

/** What each dump showed, as a digest; 0 for what this kernel does not list. */
export type Template = Float64Array;

// Drawn anew by each process: nobody can make two answers alike on purpose.
const seeds = [randomInt(2 ** 31) * 2 + 1, randomInt(2 ** 31) * 2 + 1];

let one = 0;
let two = 0;

function mix(word: number): void {
  one = Math.imul(one ^ word, seeds[0]);
  one ^= one >>> 15;
  two = Math.imul((two + word) ^ (two >>> 13), seeds[1]);
}

/** Takes attributes into the digest, from one byte to another, but for what drifts. */
function digest(view: DataView, from: number, to: number, drifts: readonly Drift[]): void {
  for (let at = from; at + 4 <= to; ) {
    const length = view.getUint16(at, true);
    const end = Math.min(to, at + Math.max(4, length));
    const type = view.getUint16(at + 2, true) & 0x3fff;
    const within = drifts.filter(([first]) => first === type);
    mix(view.getUint32(at, true));
    if (within.length === 0) {
      for (let word = at + 4; word + 4 <= end; word += 4) mix(view.getUint32(word, true));
      for (let byte = end - ((end - at) & 3); byte < end; byte++) mix(view.getUint8(byte));
    } else if (!within.some((path) => path.length === 1)) {
      const deeper = within.map((path) => path.slice(1));
      digest(view, at + 4, end, deeper);
    }
    at += (Math.max(4, length) + 3) & ~3;
  }
}

function digestOf(replies: Replies, { header, answer = header, drifts = [], flags }: Dump): number {
  [one, two] = seeds;
  while (replies.next()) {
    const { view, from, to } = replies;
    mix(replies.type);
    const rest = from + answer;
    for (let at = from; at + 4 <= Math.min(rest, to); at += 4) {
      const word = view.getUint32(at, true);
      mix(flags !== undefined && at === from + flags[0] ? word & flags[1] : word);
    }
    if (drifts.length > 0) digest(view, rest, to, drifts);
    else {
      let at = rest;
      for (; at + 4 <= to; at += 4) mix(view.getUint32(at, true));
      for (; at < to; at++) mix(view.getUint8(at));
    }
  }
  // 53 bits of the two.
  return (one >>> 0) * 0x20_0000 + (two >>> 11);
}

function request(dump: Dump): Request<number> {
  return {
    operation: 'network.recycle',
    family: NETLINK_ROUTE,
    write(messages) {
      const { writer } = messages;
      messages.begin(dump.type, NLM_F_DUMP, `RTM_GET ${dump.what}`, undefined, { optional: true });
      for (let i = 0; i < dump.header; i++) {
        writer.u8(i === 0 ? dump.family : i === dump.fixed?.[0] ? dump.fixed[1] : 0);
      }
      if (dump.mask !== undefined) {
        const at = writer.begin(dump.mask[0]);
        writer.u32(dump.mask[1]);
        writer.end(at);
      }
      messages.end();
    },
    read: (replies) => digestOf(replies, dump),
  };
}

const QUESTIONS: readonly Request<number>[] = DUMPS.map(request);

/** Asks a namespace for all there is in it. */
export async function templateIn(netns: NetNs): Promise<Template> {
  const answers = await netns.channel.batch(QUESTIONS);
  // Undefined where the kernel has nothing of the kind.
  return Float64Array.from(DUMPS, (_, i) => Number(answers[i] ?? 0));
}

/** What differs: 'links', 'IPv4 routes'; undefined where all is alike. */
export function difference(template: Template, found: Template): string | undefined {
  const names = DUMPS.filter((_, i) => template[i] !== found[i]).map(({ what }) => what);
  return names.length === 0 ? undefined : names.join(', ');
}
