import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addon } from '../../lib/native.ts';
import { getLink, messages } from '../support/messages.ts';
import { planBytes, Ran, runPlanHere, start, submitBytes } from '../support/plan.ts';

const EINVAL = -22;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'netns-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

// The same mistakes every time.
let state = 20240229;
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

// Operations that do no harm whatever their operands are turned into: HOME, READ, CLOSE of a slot,
// COOKIE, STAT, MOUNTED, GETSOCKNAME. A plan that mutation has given any other is not run at all.
const HARMLESS = new Set([3, 12, 13, 15, 16, 23, 24]);
// TRANSACT and LINKINDEX send something, so their sockets may only be empty slots.
const SENDING = new Set([6, 25]);
const LAST = 26;

const valid = (): Uint8Array[] => [
  planBytes((plan) => {
    plan.stat(0);
    plan.cookie();
    plan.read('/proc/self/comm');
    plan.mounted('/proc/self/ns/net');
    plan.home();
    plan.export(3);
  }),
  planBytes((plan) => {
    plan.getsockname(~plan.slot(), plan.IGNORE);
    plan.linkNameOf(~plan.slot(), 1, plan.IGNORE);
    plan.close(plan.slot(), plan.IGNORE);
    plan.stat(0, plan.UNDO);
    plan.read('/proc/self/missing');
  }),
  planBytes((plan) => plan.read(directory)),
  planBytes((plan) => {
    // To an empty slot: whatever the bytes become, nothing is sent.
    const all = messages(
      getLink('lo'),
      getLink(1),
      getLink('a-name-longer-than-most', { barrier: true }),
    );
    plan.transact(~plan.slot(), all, 0, 3, plan.IGNORE);
  }),
];

/** Whether all steps, as far as they can be followed, are harmless. */
function harmless(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 16; at + 8 <= bytes.length; ) {
    const operation = view.getUint16(at, true);
    const length = view.getUint32(at + 4, true);
    if (SENDING.has(operation)) {
      if (at + 12 <= bytes.length && view.getInt32(at + 8, true) >= 0) return false;
    } else if (operation > 0 && operation <= LAST && !HARMLESS.has(operation)) {
      return false;
    }
    if (length < 8) return true; // not a step: the plan is refused
    at += length;
  }
  return true;
}

function mutate(plan: Uint8Array): Uint8Array {
  let bytes = plan.slice();
  const view = new DataView(bytes.buffer);
  for (let i = 0; i <= random(3); i++) {
    const at = random(bytes.length / 4) * 4;
    switch (random(6)) {
      case 0:
        bytes[random(bytes.length)] = random(256);
        break;
      case 1:
        view.setUint32(at, random(0xffffffff), true);
        break;
      case 2:
        view.setUint32(
          at,
          [0, 1, 4, 8, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc][random(8)],
          true,
        );
        break;
      case 3:
        view.setInt32(at, view.getInt32(at, true) + random(33) - 16, true);
        break;
      case 4:
        bytes.copyWithin(at, random(bytes.length), random(bytes.length));
        break;
      default:
        bytes = bytes.slice();
    }
  }
  if (random(4) === 0) {
    bytes = bytes.slice(0, random(bytes.length + 1));
    // Half of the truncated ones say so themselves.
    if (bytes.length >= 4 && random(2) === 0)
      new DataView(bytes.buffer).setUint32(0, bytes.length, true);
  }
  return bytes;
}

test('every truncated plan is refused', () => {
  start();
  for (const plan of valid()) {
    for (let length = 0; length < plan.length; length++) {
      const cut = new Ran(addon.transactSync(plan, length));
      expect(cut).toMatchObject({ errno: EINVAL, step: 0, message: -1 });
      const honest = plan.slice(0, length);
      if (length >= 4) new DataView(honest.buffer).setUint32(0, length, true);
      expect(new Ran(addon.transactSync(honest, length)).errno).toBe(EINVAL);
    }
  }
});

test('50,000 mutated plans are run or refused, and nothing breaks', () => {
  start();
  const plans = valid();
  const seen = new Map<number, number>();
  let ran = 0;
  while (ran < 50_000) {
    const plan = mutate(plans[random(plans.length)]);
    if (!harmless(plan)) continue;
    ran++;
    const outcome = new Ran(addon.transactSync(plan, plan.length));
    seen.set(outcome.errno, (seen.get(outcome.errno) ?? 0) + 1);
  }
  expect(seen.get(EINVAL)).toBeGreaterThan(10_000);
  expect(seen.get(0)).toBeGreaterThan(100);
  expect(addon.openFds()).toBe(0);
}, 60_000);

test('random bytes', () => {
  start();
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: random(30) * 4 }, () => random(256));
    if (bytes.length >= 16) {
      const view = new DataView(bytes.buffer);
      view.setUint32(0, bytes.length, true);
      view.setUint32(4, random(4), true);
      view.setUint32(12, 0, true);
    }
    if (!harmless(bytes)) continue;
    expect([EINVAL, 0, -9, -2, -88]).toContain(addon.transactSync(bytes, bytes.length).errno);
  }
});

test('refused on a lane as well, and told like any other failure', async () => {
  const bytes = new Uint8Array(20);
  expect(await submitBytes(bytes, 20).done).toMatchObject({ errno: EINVAL, step: 0, message: -1 });
  expect(addon.cancel(4711)).toBe('done');
});

test('arguments that are no plan at all', () => {
  start();
  const bytes = new Uint8Array(20);
  for (const call of [addon.transactSync, addon.runSync]) {
    expect(() => call(bytes, 21)).toThrow(TypeError);
    expect(() => Reflect.apply(call, addon, [bytes])).toThrow(TypeError);
    expect(() => Reflect.apply(call, addon, ['bytes', 4])).toThrow(TypeError);
    expect(() => Reflect.apply(call, addon, [])).toThrow(TypeError);
  }
  expect(Reflect.apply(addon.submit, addon, [])).toBe(EINVAL);
  expect(Reflect.apply(addon.submit, addon, [new Float64Array(8), 20])).toBe(EINVAL);
});

// Single wrong fields, each of which must be seen before anything runs.
test('what is wrong with a plan is seen before its first step', () => {
  const path = join(directory, 'made');
  const good = planBytes((plan) => {
    plan.create(path);
    plan.transact(~plan.slot(), messages(getLink('lo'), getLink(1)), 0, 3);
  });
  const view = new DataView(good.buffer);
  const second = 16 + view.getUint32(20, true);
  const message = good.length - 64;
  const wrong: [what: string, at: number, value: number][] = [
    ['more steps than there are', 4, 3],
    ['fewer steps than there are', 4, 1],
    ['a flag of the plan', 12, 1],
    ['a flag of a step', second, 6 | (4 << 16)],
    ['an operation', second, 99],
    ['a length', second + 4, 8],
    ['a slot', second + 8, -300],
    ['the number of messages', second + 12, 3],
    ['the number of references', second + 16, 2],
    ['the length of the messages', second + 20, 60],
    ['the offset of a message', second + 36, 4],
    ['a reference into a header', second + 44, 8],
    ['a reference behind its message', second + 44, 30],
    ['the kind of a reference', second + 48, 7 | (2 << 16)],
    ['the length of a message', message, 15],
    ['the length of the other', message + 32, 33],
  ];
  for (const [what, at, value] of wrong) {
    const bytes = good.slice();
    new DataView(bytes.buffer).setInt32(at, value, true);
    expect([what, new Ran(addon.transactSync(bytes, bytes.length)).errno]).toEqual([what, EINVAL]);
  }
  // Nothing of it ran: the file can be made now.
  expect(runPlanHere((plan) => plan.create(path)).errno).toBe(0);
  expect(new Ran(addon.transactSync(good, good.length))).toMatchObject({ errno: -17, step: 0 });
});

test('strings with a NUL in them, and names that are none', () => {
  expect(runPlanHere((plan) => plan.read('/proc/self/comm\0x')).errno).toBe(EINVAL);
  const long = messages(getLink('x'.repeat(128)));
  expect(runPlanHere((plan) => plan.transact(~plan.slot(), long)).errno).toBe(EINVAL);
  const empty = messages(getLink(''));
  expect(runPlanHere((plan) => plan.transact(~plan.slot(), empty)).errno).toBe(EINVAL);
});
