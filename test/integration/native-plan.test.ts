import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addon } from '../../lib/native.ts';
import type { PlanWriter } from '../../lib/netlink/plan.ts';
import { namespace, runPlan, runPlanHere, runPlanSync, submitPlan } from '../support/plan.ts';
import { threadNamespaces } from '../support/threads.ts';

const EPERM = -1;
const ENOENT = -2;
const EBADF = -9;
const EEXIST = -17;
const EINVAL = -22;
const ECANCELED = -125;

let directory: string;
let home: Set<string>;
const at = (name: string): string => join(directory, name);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'netns-'));
  home = threadNamespaces();
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  expect(threadNamespaces()).toEqual(home);
  expect(addon.openFds()).toBe(0);
});

/** A plan that holds its lane until the file's lock is given back. */
function waits(path: string): (plan: PlanWriter) => void {
  return (plan) => plan.lock(plan.slot(), path);
}

/** Holds the lock of a file by a descriptor that a plan exports. */
async function locked(path: string): Promise<number> {
  writeFileSync(path, '');
  const ran = await runPlan((plan) => {
    const slot = plan.slot();
    plan.lock(slot, path);
    plan.export(slot);
  });
  expect(ran.errno).toBe(0);
  return ran.fd(0);
}

const busy = async (threads: number): Promise<void> => {
  await expect.poll(() => addon.lanes().busy, { interval: 1 }).toBe(threads);
};

describe('steps', () => {
  test('a namespace of its own, and home again', async () => {
    const ran = await runPlan((plan) => {
      const slot = plan.slot();
      plan.cookie();
      plan.unshare(slot);
      plan.cookie();
      plan.stat(~slot);
      plan.home();
      plan.cookie();
      plan.export(slot);
    });
    expect(ran.errno).toBe(0);
    expect(ran.u64(2)).not.toBe(ran.u64(0));
    expect(ran.u64(5)).toBe(ran.u64(0));
    const [, inode] = addon.fstat(ran.fd(0));
    expect(new DataView(ran.data(3).buffer).getBigUint64(8, true)).toBe(BigInt(inode));
    expect(addon.nsType(ran.fd(0))).toBe(0x40000000);
    expect(addon.close(ran.fd(0))).toBe(true);
  });

  test('what is not exported is closed', async () => {
    const before = addon.open('/dev/null', 0);
    addon.close(before);
    await runPlan((plan) => plan.open(plan.slot(), 0, '/dev/null'));
    const after = addon.open('/dev/null', 0);
    expect(after).toBe(before);
    addon.close(after);
  });

  test('files are made, written, read and removed', async () => {
    const path = at('file');
    const ran = await runPlan((plan) => {
      plan.create(path);
      plan.writeFile(path, 'wörds');
      plan.read(path);
      plan.unlink(path);
    });
    expect(ran.errno).toBe(0);
    expect(Buffer.from(ran.data(2)).toString()).toBe('wörds');
    expect(existsSync(path)).toBe(false);
  });

  test('a file in the namespace the lane is in', async () => {
    const { ns, socket } = await namespace();
    const key = '/proc/sys/net/ipv4/ip_default_ttl';
    const ran = await runPlan((plan) => {
      plan.enter(ns);
      plan.writeFile(key, '77');
      plan.read(key);
      plan.home();
      plan.read(key);
    });
    expect(Buffer.from(ran.data(2)).toString()).toBe('77\n');
    expect(Buffer.from(ran.data(4)).toString()).toBe('64\n');
    addon.close(ns);
    addon.close(socket);
  });

  test('a large file is read whole', async () => {
    const content = Buffer.alloc(300_001, 'abcdefg');
    writeFileSync(at('large'), content);
    const ran = await runPlan((plan) => plan.read(at('large')));
    expect(Buffer.from(ran.data(0)).equals(content)).toBe(true);
  });

  test('a small file behind large ones, in the room that those have left', async () => {
    writeFileSync(at('huge'), Buffer.alloc(3_900_000, 'x'));
    const key = '/proc/sys/net/ipv4/ip_default_ttl';
    const huge = (plan: PlanWriter): void => {
      for (let i = 0; i < 3; i++) plan.read(at('huge'));
    };
    // The kernel allocates as much for a sysctl as it is asked for, up to 4 MB.
    expect((await runPlan(huge)).errno).toBe(0);
    const ran = await runPlan((plan) => plan.read(key));
    expect(Buffer.from(ran.data(0)).toString()).toBe('64\n');
    expect(runPlanSync(huge).errno).toBe(0);
    expect(Buffer.from(runPlanSync((plan) => plan.read(key)).data(0)).toString()).toBe('64\n');
  });
});

describe('failure', () => {
  test('stops at the first failing step and undoes in reverse', async () => {
    const path = at('undone');
    writeFileSync(path, '');
    const ran = await runPlan((plan) => {
      plan.writeFile(path, 'first');
      plan.writeFile(path, 'undone 1st', plan.UNDO);
      plan.writeFile(path, 'undone 2nd', plan.UNDO);
      plan.create(at('made'));
      plan.unlink(at('made'), plan.UNDO);
      plan.writeFile(path, 'undone 3rd', plan.UNDO);
      plan.open(plan.slot(), 0, at('missing'));
      plan.writeFile(path, 'not undone', plan.UNDO);
      plan.create(at('later'));
    });
    expect(ran).toMatchObject({ errno: ENOENT, step: 6, message: -1, syscall: 'open' });
    // The last to run is the one that was registered first.
    expect(readFileSync(path, 'utf8')).toBe('undone 1st');
    expect(existsSync(at('made'))).toBe(false);
    expect(existsSync(at('later'))).toBe(false);
  });

  test('nothing is undone after a success, nor for a step that failed', async () => {
    const path = at('kept');
    writeFileSync(path, 'as it was');
    const ran = await runPlan((plan) => {
      plan.unlink(at('missing'), plan.IGNORE);
      plan.writeFile(path, 'undone!!!', plan.UNDO);
      plan.stat(0);
      plan.writeFile(path, 'undone!!!', plan.UNDO);
    });
    expect(ran.errno).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('as it was');
    const failed = await runPlan((plan) => {
      plan.unlink(at('missing'), plan.IGNORE);
      plan.writeFile(path, 'undone!!!', plan.UNDO);
      plan.unlink(at('missing'));
    });
    expect(failed).toMatchObject({ errno: ENOENT, step: 2 });
    expect(readFileSync(path, 'utf8')).toBe('as it was');
  });

  test('descriptors of a failed plan are closed, and none is handed out', async () => {
    const ran = await runPlan((plan) => {
      const slot = plan.slot();
      plan.unshare(slot);
      plan.export(slot);
      plan.stat(0);
      plan.unlink(at('missing'));
    });
    expect(ran).toMatchObject({ errno: ENOENT, step: 2 });
    expect(ran.fds.size).toBe(0);
    expect(ran.data(1)).toHaveLength(16);
  });

  test('an empty slot is EBADF, an existing file EEXIST, each with its system call', async () => {
    const empty = await runPlan((plan) => plan.stat(~plan.slot()));
    expect(empty).toMatchObject({ errno: EBADF, syscall: 'fstat' });
    writeFileSync(at('there'), '');
    const there = await runPlan((plan) => plan.create(at('there')));
    expect(there).toMatchObject({ errno: EEXIST, syscall: 'open' });
  });

  test('a lane is in its namespace again after a failure inside another', async () => {
    const ran = await runPlan((plan) => {
      plan.unshare(plan.slot());
      plan.unlink(at('missing'));
    });
    expect(ran.errno).toBe(ENOENT);
    const next = await runPlan((plan) => plan.cookie());
    expect(next.u64(0)).toBe(runPlanHere((plan) => plan.cookie()).u64(0));
  });
});

describe('lanes', () => {
  test('one that can not come home is retired, its plan undone, and replaced', async () => {
    const { retired } = addon.lanes();
    writeFileSync(at('home'), 'before');
    for (let i = 1; i <= 3; i++) {
      const ran = await runPlan((plan) => {
        const slot = plan.slot();
        plan.unshare(slot);
        plan.export(slot);
        plan.create(at('stranded'));
        plan.unlink(at('stranded'), plan.UNDO);
        plan.failHome();
      });
      expect(ran).toMatchObject({ errno: EPERM, step: 3, syscall: 'setns' });
      expect(ran.fds.size).toBe(0);
      expect(existsSync(at('stranded'))).toBe(false);
      expect(addon.lanes().retired).toBe(retired + i);
    }
    const sync = runPlanSync((plan) => {
      plan.unshare(plan.slot());
      plan.failHome();
    });
    expect(sync.errno).toBe(EPERM);
    const next = await runPlan((plan) => plan.cookie());
    expect(next.u64(0)).toBe(runPlanHere((plan) => plan.cookie()).u64(0));
    expect(addon.lanes().threads).toBe(1);
  });

  test('what is queued behind one that is retired runs on the next', async () => {
    const all = Array.from({ length: 20 }, (_, i) =>
      runPlan((plan) => {
        plan.unshare(plan.slot());
        if (i % 3 === 0) plan.failHome();
      }),
    );
    const outcomes = (await Promise.all(all)).map((ran) => ran.errno);
    expect(outcomes).toEqual(Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? EPERM : 0)));
  });

  test('a thousand plans in flight, each told once', async () => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        runPlan((plan) => {
          plan.stat(0);
          plan.cookie();
        }).then((ran) => {
          expect(ran.errno).toBe(0);
          order.push(i);
        }),
      ),
    );
    // One lane runs them in order; a machine that holds it up makes another take over.
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(addon.lanes()).toMatchObject({ busy: 0, queued: 0 });
  });

  test('a plan that waits for a lock holds up no other, and goes on when it gets it', async () => {
    const held = await locked(at('lock'));
    const waiting = submitPlan(waits(at('lock')));
    await busy(1);
    const ran = await Promise.race([runPlan((plan) => plan.stat(0)), waiting.done]);
    expect(ran.data(0)).toHaveLength(16);
    expect(runPlanSync((plan) => plan.stat(0)).errno).toBe(0);
    expect(addon.lanes().threads).toBeLessThanOrEqual(3);
    addon.close(held);
    expect((await waiting.done).errno).toBe(0);
  });

  test('no more than four, and the rest waits its turn', async () => {
    const held = await locked(at('lock'));
    const waiting = Array.from({ length: 6 }, () => submitPlan(waits(at('lock'))));
    await busy(4);
    expect(addon.lanes()).toMatchObject({ threads: 4, queued: 2 });
    addon.close(held);
    for (const { done } of waiting) expect((await done).errno).toBe(0);
  });
});

describe('cancelling', () => {
  test('a queued plan never runs; one that runs ends before its next step, undone', async () => {
    const held = await locked(at('lock'));
    const running = Array.from({ length: 4 }, () =>
      submitPlan((plan) => {
        plan.create(at(`cancelled-${plan.slot()}`), plan.IGNORE);
        waits(at('lock'))(plan);
        plan.create(at('not-reached'));
      }),
    );
    await busy(4);
    const queued = submitPlan((plan) => plan.create(at('queued')));
    expect(addon.cancel(queued.ticket)).toBe('never');
    expect(addon.cancel(queued.ticket)).toBe('done');
    for (const { ticket } of running) expect(addon.cancel(ticket)).toBe('running');
    for (const { done, ticket } of running) {
      expect((await done).errno).toBe(ECANCELED);
      expect(addon.cancel(ticket)).toBe('done');
    }
    addon.close(held);
    expect(existsSync(at('queued'))).toBe(false);
    expect(existsSync(at('not-reached'))).toBe(false);
    expect((await runPlan((plan) => plan.stat(0))).errno).toBe(0);
  });
});

describe('on the calling thread', () => {
  test('the same plans, but none that changes namespace', () => {
    expect(runPlanHere((plan) => plan.stat(0)).data(0)).toHaveLength(16);
    expect(runPlanHere((plan) => plan.unshare(plan.slot()))).toMatchObject({ errno: EINVAL });
    expect(runPlanHere((plan) => plan.enter(0))).toMatchObject({ errno: EINVAL });
    const failed = runPlanHere((plan) => plan.unlink(at('missing')));
    expect(failed).toMatchObject({ errno: ENOENT, syscall: 'unlink' });
  });

  test('a result that is larger than the shared bytes', () => {
    const content = Buffer.alloc(100_000, 'x');
    writeFileSync(at('big'), content);
    const ran = runPlanSync((plan) => plan.read(at('big')));
    expect(Buffer.from(ran.data(0)).equals(content)).toBe(true);
  });
});
