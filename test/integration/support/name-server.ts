/** What a name server in a test knows, by name. */
export type Zone = Record<
  string,
  { A?: string[]; AAAA?: string[]; CNAME?: string; truncated?: boolean; status?: number }
>;

const TYPES = { 1: 'A', 28: 'AAAA' } as const;

function nameBytes(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head, tail = ''] = address.split('::');
  const groups = (text: string) =>
    text
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail)];
  const words = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 255]));
}

/** Answers one query from the zone; `short` as over UDP, where a large answer is cut. */
export function answerTo(
  query: Buffer,
  zone: Zone,
  short: boolean,
): { bytes: Buffer; question: string } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]; length > 0; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[query.readUInt16BE(at + 1) as 1 | 28];
  const name = labels.join('.').toLowerCase();
  const entry = zone[name];
  const cut = short && entry?.truncated === true;
  const records: Buffer[] = [];
  const add = (owner: Uint8Array, kind: number, data: Buffer) => {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(kind, 0);
    fixed.writeUInt16BE(1, 2);
    fixed.writeUInt32BE(60, 4);
    fixed.writeUInt16BE(data.length, 8);
    records.push(Buffer.concat([owner, fixed, data]));
  };
  let owner: Uint8Array = Buffer.from([0xc0, 12]);
  let target = entry;
  if (entry?.CNAME !== undefined) {
    add(owner, 5, nameBytes(entry.CNAME));
    owner = nameBytes(entry.CNAME);
    target = zone[entry.CNAME];
  }
  const number = type === 'A' ? 1 : 28;
  if (!cut) for (const address of target?.[type] ?? []) add(owner, number, addressBytes(address));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(
    0x8180 | (cut ? 0x0200 : 0) | (entry === undefined ? 3 : (entry.status ?? 0)),
    2,
  );
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return {
    bytes: Buffer.concat([header, query.subarray(12, at + 5), ...records]),
    question: `${name} ${type}`,
  };
}
