import { ipAddress, ipPrefix } from '../check.ts';
import { invalidValue } from '../errors.ts';
import { type IpRange, ipText, overlaps, parseIp, prefixRange } from './ip.ts';
import type { Gap } from './subnet.ts';

export interface SubnetRange extends IpRange {
  length: number;
}

/** A subnet of a network, written without host bits. */
export function readSubnet(text: unknown, index: number, all: readonly string[]): SubnetRange {
  const path = all.length === 1 ? 'subnet' : `subnet[${index}]`;
  const { family, address, length } = ipPrefix(path, text);
  const range = prefixRange(family, address, length);
  if (range.first !== parseIp(address).value) {
    const base = `${ipText(family, range.first)}/${length}`;
    throw invalidValue(path, text, `a network without host bits (${base}?)`);
  }
  if (length < 8 || length > (family === 4 ? 30 : 126)) {
    throw invalidValue(path, text, `a prefix of 8 to ${family === 4 ? 30 : 126} bits`);
  }
  return { ...range, length };
}

/** '10.0.0.1', '10.0.0.0/24' or '10.0.0.1-10.0.0.9'. */
export function readRange(path: string, text: unknown): IpRange {
  if (typeof text === 'string' && text.includes('-')) {
    const [from, to] = text.split('-');
    const first = parseIp(ipAddress(path, from.trim()));
    const last = parseIp(ipAddress(path, to.trim(), first.family));
    if (last.value < first.value) throw invalidValue(path, text, 'a range in rising order');
    return { family: first.family, first: first.value, last: last.value };
  }
  const { family, address, length } = ipPrefix(path, text);
  return prefixRange(family, address, length);
}

/** The gateway of a family among those given, else the first address of its first subnet. */
export function chooseGateway(
  family: 4 | 6,
  gateways: readonly string[],
  ranges: readonly SubnetRange[],
): string | undefined {
  const given = gateways.filter((g) => g.includes(':') === (family === 6));
  const own = ranges.filter((r) => r.family === family);
  if (given.length > 1) throw invalidValue('gateway', given.join(', '), `one of each family`);
  if (given.length === 0) return own.length === 0 ? undefined : ipText(family, own[0].first + 1n);
  const { value } = parseIp(given[0]);
  const inside = own.some(
    (r) => value > r.first && value <= r.last && (family === 6 || value < r.last),
  );
  if (!inside)
    throw invalidValue('gateway', given[0], `a host's address inside the network's subnet`);
  return given[0];
}

/** The parts of `ranges` inside the subnet, as offsets, in order and joined where they meet. */
export function clip(subnet: SubnetRange, ranges: readonly IpRange[]): Gap[] {
  const gaps: Gap[] = ranges
    .filter((range) => overlaps(subnet, range))
    .map((range) => ({
      first: Math.max(Number(range.first - subnet.first), 0),
      last: Math.min(Number(range.last - subnet.first), Number(subnet.last - subnet.first)),
    }))
    .sort((a, b) => a.first - b.first);
  const joined: Gap[] = [];
  for (const gap of gaps) {
    const before = joined.at(-1);
    if (before !== undefined && gap.first <= before.last + 1)
      before.last = Math.max(before.last, gap.last);
    else joined.push({ ...gap });
  }
  return joined;
}
