import { integer } from '../../check.ts';
import { invalidType, invalidValue, unknownKey } from '../../errors.ts';
import type { Codec } from '../../wire/codecs.ts';
import type { Path } from '../../wire/path.ts';
import type { Writer } from '../../wire/writer.ts';
import { ifinfomsg, linkAttributes, settableAttributes } from './attributes.ts';
import { addFlag, header } from './flags.ts';
import { AFTERWARDS, FLAG, peerKeys, SHARED } from './keys.ts';
import { writeNetns } from './netns.ts';
import type { PeerSpec } from './spec.ts';

/**
 * The other end of a pair: a link's header and attributes inside an attribute. Both ends get one
 * queue each unless told otherwise: the kernel's default, one a CPU, makes a pair twice as slow to
 * create and is never used by a container.
 */
export const peer: Codec<PeerSpec> = {
  type: 'struct ifinfomsg, then link attributes',
  nested: true,
  samples: [{ name: 'eth0', index: 2, numTxQueues: 1, numRxQueues: 1 }],
  write(w: Writer, value: PeerSpec, path: Path): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidType(path.toString(), value, 'an object');
    }
    const start = w.length;
    w.zeros(ifinfomsg.size);
    path.enter();
    // The main end's flags are in the holder until its own header is written.
    const { flags, change } = header;
    header.flags = header.change = 0;
    const given = value as Record<string, unknown>;
    for (const name in given) {
      const key = peerKeys.get(name);
      if (key?.role === SHARED && key.entry !== undefined) {
        settableAttributes.putEntry(w, key.entry, given[name], path, given);
      } else if (key?.role === FLAG) {
        addFlag(name, key.bit, given[name], path);
      } else if (key?.role !== AFTERWARDS) {
        putOther(w, name, given[name], path, start);
      }
    }
    if (value.numTxQueues === undefined) settableAttributes.put(w, 'numTxQueues', 1, path, value);
    if (value.numRxQueues === undefined) settableAttributes.put(w, 'numRxQueues', 1, path, value);
    path.leave();
    w.patch32(start + 8, header.flags);
    w.patch32(start + 12, header.change);
    header.flags = flags;
    header.change = change;
  },
  read(bytes, view, at, length) {
    const { index } = ifinfomsg.read(bytes, view, at, length);
    const out: Record<string, unknown> = index === 0 ? {} : { index };
    linkAttributes.readInto(bytes, view, at + ifinfomsg.size, at + length, out);
    return out;
  },
  pathOf: (bytes, view, from, to, offset) =>
    linkAttributes.pathOf(bytes, view, from + ifinfomsg.size, to, offset),
};

function putOther(w: Writer, key: string, value: unknown, path: Path, start: number): void {
  if (!peerKeys.has(key)) throw unknownKey(path.holder(), key, peerKeys.keys());
  if (value === undefined) return;
  path.set(key);
  if (key === 'netns') writeNetns(w, value, path, false);
  else w.patch32(start + 4, isIndex(value) ? value : integer(path.toString(), value, 1, MAX_INDEX));
}

const MAX_INDEX = 0x7fffffff;

export const isIndex = (value: unknown): value is number =>
  Number.isInteger(value) && typeof value === 'number' && value > 0 && value <= MAX_INDEX;

/** What the peer needs beyond its creation, or undefined. Refused for a peer born elsewhere. */
export function peerFollowUps(
  spec: PeerSpec | undefined,
  path: string,
): Record<string, unknown> | undefined {
  let after: Record<string, unknown> | undefined;
  if (spec === undefined || spec === null) return undefined;
  for (const key in spec) {
    const value = (spec as Record<string, unknown>)[key];
    if (peerKeys.get(key)?.role !== AFTERWARDS || value === undefined || value === false) continue;
    if (spec.netns !== undefined) {
      throw invalidValue(
        `${path}.${key}`,
        value,
        `left out for a peer born in another namespace: call link.set('${spec.name ?? 'eth0'}', { ${key} }) there`,
      );
    }
    if (spec.name === undefined)
      throw invalidValue(`${path}.name`, undefined, `a name, since ${path}.${key} is set`);
    after ??= {};
    after[key] = value;
  }
  return after;
}
