import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import {
  CLONE,
  cloneHolder,
  NetNs,
  nsDescriptors,
  openNs,
  setns,
  unshare,
} from '../../lib/index.ts';
import { strayThreads } from './support/threads.ts';

const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;

afterEach(() => {
  expect(strayThreads()).toEqual([]);
});

/** Runs code in a worker thread; it gets the library as `n`, and returns what is told. */
async function inWorker(code: string, workerData?: unknown): Promise<unknown> {
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { readlinkSync } = require('node:fs');
    import('${LIBRARY}').then(async (n) => parentPort.postMessage(await (async () => { ${code} })()));
  `;
  const worker = new Worker(script, { eval: true, workerData });
  try {
    return await new Promise((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
  } finally {
    await worker.terminate();
  }
}

describe('nsDescriptors', () => {
  test('the namespaces of a process by kind, with their ids', async () => {
    using ns = await NetNs.create();
    const child = ns.spawn('sleep', ['60']);
    {
      using theirs = nsDescriptors(child.pid!);
      using ours = nsDescriptors('self');
      expect(Object.keys(theirs).sort()).toEqual([
        'cgroup',
        'ipc',
        'mnt',
        'net',
        'pid',
        'pid_for_children',
        'time',
        'time_for_children',
        'user',
        'uts',
      ]);
      expect(theirs.net?.id.ino).toBe(ns.inode);
      expect(String(theirs.net)).toBe(readlinkSync(`/proc/${child.pid}/ns/net`));
      expect(theirs.mnt?.equals(ours.mnt!)).toBe(true);
      expect(theirs.net?.equals(ours.net!)).toBe(false);
    }
    child.kill();
    await once(child, 'exit');
    expect(() => nsDescriptors(child.pid!)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });

  test('owners and parents', async () => {
    using ns = await NetNs.create();
    const child = ns.spawn('sleep', ['60'], {
      unshare: {
        user: { uids: [{ inside: 0, outside: 1000 }], gids: [{ inside: 0, outside: 1000 }] },
        uts: true,
        pid: true,
      },
    });
    await once(child, 'spawn');
    {
      using theirs = nsDescriptors(child.pid!, ['user', 'uts', 'net', 'pid']);
      using ours = nsDescriptors('self', ['user', 'pid']);
      expect(Object.keys(theirs).sort()).toEqual(['net', 'pid', 'user', 'uts']);
      const check = (
        descriptor: ReturnType<typeof openNs>,
        expected: typeof descriptor | undefined,
      ) => {
        expect(expected !== undefined && descriptor.equals(expected)).toBe(true);
        descriptor.close();
      };
      check(theirs.uts!.owner(), theirs.user);
      check(theirs.net!.owner(), ours.user);
      check(theirs.user!.parent(), ours.user);
      check(theirs.pid!.parent(), ours.pid);
      expect(theirs.user!.ownerUid()).toBe(0);
      expect(() => ours.user!.parent()).toThrow(
        expect.objectContaining({ code: 'EPERM', syscall: 'NS_GET_PARENT' }),
      );
      expect(() => theirs.net!.parent()).toThrow(expect.objectContaining({ code: 'EINVAL' }));
      expect(() => theirs.net!.ownerUid()).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  test('openNs takes a file of a namespace, and no other', async () => {
    await using ns = await NetNs.create('primitives-open');
    const opened = openNs('/run/netns/primitives-open');
    expect([opened.kind, opened.id.ino]).toEqual(['net', ns.inode]);
    opened.close();
    opened.close();
    expect(() => opened.id).toThrow(expect.objectContaining({ code: 'ERR_NETNS_CLOSED' }));
    const before = readdirSync('/proc/self/fd').length;
    expect(() => openNs('/etc/passwd')).toThrow(
      expect.objectContaining({ code: 'ENOTTY', syscall: 'NS_GET_NSTYPE' }),
    );
    expect(() => openNs('/no/such/file')).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
    );
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    await NetNs.delete('primitives-open');
  });

  test('bad arguments', () => {
    expect(() => nsDescriptors(0)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    // @ts-expect-error no kind
    expect(() => nsDescriptors('self', ['network'])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});

describe('unshare and setns', () => {
  test('are refused on the main thread', async () => {
    using ns = await NetNs.create();
    expect(() => unshare(CLONE.NEWNET)).toThrow(
      expect.objectContaining({ code: 'ERR_NETNS_MAIN_THREAD' }),
    );
    expect(() => setns(ns, CLONE.NEWNET)).toThrow(
      expect.objectContaining({ code: 'ERR_NETNS_MAIN_THREAD' }),
    );
  });

  test('move a worker’s thread, and nothing else', async () => {
    using ns = await NetNs.create();
    const where = await inWorker(
      `n.setns({ fd: workerData }, n.CLONE.NEWNET);
       const here = n.NetNs.current();
       const other = n.NetNs.createSync();
       const inside = other.run(() => readlinkSync('/proc/thread-self/ns/net')) === 'net:[' + other.inode + ']';
       return [here.inode, inside, readlinkSync('/proc/thread-self/ns/net')];`,
      ns.fd,
    );
    expect(where).toEqual([ns.inode, true, `net:[${ns.inode}]`]);
  });

  test('new namespaces, mounts with the file system of the thread', async () => {
    const seen = await inWorker(`
      const before = ['net', 'mnt', 'uts'].map((kind) => readlinkSync('/proc/thread-self/ns/' + kind));
      n.unshare(n.CLONE.NEWNET | n.CLONE.FS | n.CLONE.NEWNS | n.CLONE.NEWUTS);
      const after = ['net', 'mnt', 'uts'].map((kind) => readlinkSync('/proc/thread-self/ns/' + kind));
      return after.map((each, i) => each !== before[i]);
    `);
    expect(seen).toEqual([true, true, true]);
  });

  test('the kernel’s refusals are errors', async () => {
    const seen = await inWorker(`
      const code = (f) => { try { f(); return 'fine'; } catch (error) { return error.code + ' ' + error.syscall; } };
      using_ = n.nsDescriptors('self');
      const answers = [
        code(() => n.unshare(n.CLONE.NEWUSER)),
        code(() => n.setns({ fd: using_.mnt.fd }, n.CLONE.NEWNS)),
        code(() => n.setns({ fd: using_.uts.fd }, n.CLONE.NEWNET)),
        code(() => n.setns({ fd: 9999 }, 0)),
      ];
      using_[Symbol.dispose ?? Symbol.for('Symbol.dispose')]?.();
      return answers;
    `);
    expect(seen).toEqual(['EINVAL unshare', 'EINVAL setns', 'EINVAL setns', 'EBADF setns']);
  });
});

describe('cloneHolder', () => {
  test('keeps new namespaces, which others may enter and which end with it', async () => {
    const kinds = {
      net: 'net',
      mount: 'mnt',
      uts: 'uts',
      ipc: 'ipc',
      cgroup: 'cgroup',
      time: 'time',
    } as const;
    using own = nsDescriptors('self');
    for (const [option, kind] of Object.entries(kinds)) {
      const holder = cloneHolder({ [option]: true });
      const theirs = holder.descriptors();
      const differing = Object.values(kinds).filter((each) => !theirs[each]?.equals(own[each]!));
      expect(differing, option).toEqual([kind]);
      theirs[Symbol.dispose]();
      holder.close();
      expect(holder.ended).toBe(true);
      expect(() => holder.descriptors()).toThrow(
        expect.objectContaining({ code: 'ERR_NETNS_HOLDER_ENDED' }),
      );
      expect(() => process.kill(holder.pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    }
  });

  test('a network namespace of a user namespace, and a process namespace', async () => {
    using holder = cloneHolder({
      net: true,
      pid: true,
      user: {
        uids: [{ inside: 0, outside: 1000, count: 10 }],
        gids: [{ inside: 0, outside: 2000 }],
      },
    });
    const theirs = holder.descriptors();
    const ns = NetNs.open({ pid: holder.pid });
    expect(theirs.net?.id.ino).toBe(ns.inode);
    const owner = theirs.net?.owner();
    expect(owner?.equals(theirs.user!)).toBe(true);
    owner?.close();
    expect(readFileSync(`/proc/${holder.pid}/uid_map`, 'utf8').trim().split(/\s+/)).toEqual([
      '0',
      '1000',
      '10',
    ]);
    expect(readFileSync(`/proc/${holder.pid}/gid_map`, 'utf8').trim().split(/\s+/)).toEqual([
      '0',
      '2000',
      '1',
    ]);
    expect(/^NSpid:\s+\d+\s+1$/m.test(readFileSync(`/proc/${holder.pid}/status`, 'utf8'))).toBe(
      true,
    );
    expect(readdirSync(`/proc/${holder.pid}/fd`).sort()).toEqual(['0', '1', '2', '3']);
    await ns.execFile('true');
    theirs[Symbol.dispose]();
    ns.close();
  });

  test('one that is killed is noticed and leaves no zombie', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const holder = cloneHolder({ uts: true });
    process.kill(holder.pid, 'SIGKILL');
    await expect.poll(() => holder.ended).toBe(true);
    expect(() => process.kill(holder.pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  test('maps that the kernel refuses end it', () => {
    const overlapping = [
      { inside: 0, outside: 0, count: 10 },
      { inside: 5, outside: 100 },
    ];
    const attempt = () => cloneHolder({ user: { uids: overlapping, gids: overlapping } });
    expect(attempt).toThrow(expect.objectContaining({ code: 'EINVAL', syscall: 'uid_map' }));
    expect(() => cloneHolder({ user: { uids: [], gids: [] } })).toThrow('options.user.uids');
    // @ts-expect-error no kind
    expect(() => cloneHolder({ network: true })).toThrow(/options\.network/);
    expect(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()).toBe('');
  });
});

describe('life', () => {
  test('empty resolves when the last process has gone', async () => {
    using ns = await NetNs.create();
    await ns.empty();
    const first = ns.spawn('sh', ['-c', 'sleep 0.05; sleep 60 & echo $!; exec sleep 0.05']);
    const [pid] = await once(first.stdout, 'data');
    let gone = false;
    const empty = ns.empty().then(() => {
      gone = true;
    });
    await once(first, 'exit');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(gone).toBe(false);
    process.kill(Number(pid), 'SIGKILL');
    await empty;
    expect(await ns.pids()).toEqual([]);
  });

  test('empty can be given up, and leaves no descriptor', async () => {
    using ns = await NetNs.create();
    const child = ns.spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const before = readdirSync('/proc/self/fd').length;
    await expect(ns.empty({ timeout: 20 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await expect(ns.empty({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    child.kill();
    await once(child, 'exit');
  });

  test('attach gives the namespace of a process a name', async () => {
    const child = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' });
    await expect
      .poll(() => readlinkSync(`/proc/${child.pid}/ns/net`))
      .not.toBe(readlinkSync('/proc/self/ns/net'));
    const attached = await NetNs.attach('primitives-attach', child.pid!);
    expect(attached.name).toBe('primitives-attach');
    expect(await NetNs.identify(child.pid!)).toEqual(['primitives-attach']);
    expect(await attached.pids()).toEqual([child.pid]);
    await expect(NetNs.attach('primitives-attach', child.pid!)).rejects.toMatchObject({
      code: 'EEXIST',
    });
    await expect(NetNs.attach('other', 2 ** 22)).rejects.toMatchObject({ code: 'ENOENT' });
    child.kill();
    await once(child, 'exit');
    await attached.delete({ wait: true });
  });
});
