import { describe, expect, test } from 'vitest';
import { capturedExtras } from './captured/extras.ts';
import { capturedObjects } from './captured/objects.ts';
import { capturedTraffic } from './captured/traffic.ts';
import type { Captured } from './captured/types.ts';
import { canonical, hex, type Nests, unhex, written } from './support/attributes.ts';

const NLMSG_HEADER = 16;
const NLM_F_ACK = 4;

/** Bytes of the fixed header, by the message's type. */
function headerSize(type: number): number {
  if (type >= 84 && type <= 86) return 8;
  if (type >= 120 && type <= 122) return 8;
  if (type >= 24 && type <= 26) return 12;
  if (type >= 104 && type <= 106) return 8;
  if (type >= 112 && type <= 114) return 8;
  if (type >= 64 && type <= 67) return 4;
  if (type >= 36 && type <= 46) return 20;
  if (type >= 28 && type <= 30) return 12;
  if (type >= 32 && type <= 34) return 12;
  return 16;
}

/** A message as text, whatever the order of its attributes. */
function shown(message: Uint8Array, nests: Nests) {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const type = view.getUint16(4, true);
  const body = message.subarray(NLMSG_HEADER, view.getUint32(0, true));
  const size = headerSize(type);
  return {
    type,
    // Whether an acknowledgement is asked for is the transport's affair.
    flags: view.getUint16(6, true) & ~NLM_F_ACK,
    header: hex(body.subarray(0, size)),
    attributes: canonical(body.subarray(size), nests),
  };
}

const cases = (all: Captured[]) => all.map(([command, ...rest]) => ({ command, rest }));

describe('each object says what iproute2 says', () => {
  test.each(cases([...capturedObjects, ...capturedTraffic, ...capturedExtras]))(
    '$command',
    ({ rest }) => {
      const [request, message, nests] = rest;
      const mine = written(request());
      expect(mine).toHaveLength(1);
      expect(shown(mine[0], nests)).toEqual(shown(unhex(message), nests));
    },
  );
});
