import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { ip } from '../support/ip.ts';

/** How often /run/netns itself is mounted: doubled mounts are what a first-run race leaves. */
const runDirMounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(' /run/netns ')).length;

test('the shared mount is made once, whoever is first, under the lock of iproute2', async () => {
  expect(existsSync('/run/netns')).toBe(false);
  const before = runDirMounts();
  const made = await Promise.all([
    NetNs.create('t-race-0'),
    ...Array.from(
      { length: 8 },
      (_, i) =>
        new Promise<void>((resolve) => {
          if (i % 2 === 0) NetNs.create(`t-race-${i + 1}`).then((ns) => resolve(ns.close()));
          else {
            execFileSync('ip', ['netns', 'add', `t-race-${i + 1}`]);
            resolve();
          }
        }),
    ),
  ]);
  made[0].close();
  expect(runDirMounts() - before).toBe(1);
  expect((await NetNs.list()).filter((entry) => entry.name.startsWith('t-race-'))).toHaveLength(9);
  for (let i = 0; i < 9; i++) await NetNs.delete(`t-race-${i}`);
  const info = readFileSync('/proc/self/mountinfo', 'utf8');
  expect(info.split('\n').findLast((line) => line.includes(' /run/netns '))).toContain('shared:');
});

test('a leftover of a crash is told as such, and can be replaced or deleted', async () => {
  writeFileSync('/run/netns/t-left', '');
  expect((await NetNs.list()).find((entry) => entry.name === 't-left')).toMatchObject({
    leftover: true,
    inode: 0,
  });
  expect((await errorOf(() => NetNs.open('t-left'))).message).toContain('crash');
  const exists = await errorOf(() => NetNs.create('t-left'));
  expect(exists.code).toBe('EEXIST');
  expect(exists.message).toContain('replaceLeftover');
  using ns = await NetNs.create('t-left', { replaceLeftover: true });
  expect((await NetNs.list()).find((entry) => entry.name === 't-left')?.inode).toBe(ns.inode);
  // A name in use is never replaced.
  expect((await errorOf(() => NetNs.create('t-left', { replaceLeftover: true }))).code).toBe(
    'EEXIST',
  );
  await ns.delete();
  writeFileSync('/run/netns/t-left', '');
  await NetNs.delete('t-left');
  expect(existsSync('/run/netns/t-left')).toBe(false);
});

test('a mount that fails leaves neither file nor namespace', async () => {
  const before = NetNs.stats();
  // No room for another mount: fs.mount-max of this mount namespace.
  const max = readFileSync('/proc/sys/fs/mount-max', 'utf8');
  writeFileSync('/proc/sys/fs/mount-max', '1');
  const error = await errorOf(() => NetNs.create('t-nomount')).finally(() =>
    writeFileSync('/proc/sys/fs/mount-max', max),
  );
  expect(error.code).toBe('ENOSPC');
  expect(error.syscall).toBe('mount');
  expect(existsSync('/run/netns/t-nomount')).toBe(false);
  expect(NetNs.stats().descriptors).toBe(before.descriptors);
});

test('watch tells names that come and go, whoever makes them, quick ones too', async () => {
  const stop = new AbortController();
  const watch = NetNs.watch({ signal: stop.signal });
  const ns = await NetNs.create('t-seen');
  ip('netns', 'add', 't-seen2');
  ip('netns', 'delete', 't-seen2');
  await ns.delete();
  const events: string[] = [];
  for await (const { type, name } of watch) {
    events.push(`${type} ${name}`);
    if (events.length === 4) break;
  }
  expect(events).toEqual(['add t-seen', 'add t-seen2', 'delete t-seen2', 'delete t-seen']);

  const ended = NetNs.watch({ signal: stop.signal });
  const next = ended.next();
  stop.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
  expect((await ended.next()).done).toBe(true);
});

test('a name may be anything that a file may be called', async () => {
  for (const name of ['-x', 'ü', 'a:b', 'x'.repeat(255), '%s', '"']) {
    using ns = await NetNs.create(name);
    expect((await NetNs.list()).find((entry) => entry.name === name)?.inode).toBe(ns.inode);
    await ns.delete();
  }
});

test('a namespace that was dropped is closed by the collector, which warns', async () => {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('node --expose-gc');
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const before = NetNs.stats().handles;
  await (async () => void (await NetNs.create()))();
  for (let i = 0; i < 50 && NetNs.stats().handles > before; i++) {
    gc();
    await sleep(10);
  }
  expect((await warned).name).toBe('NetNsLeakWarning');
  expect(NetNs.stats().handles).toBe(before);
});

test('without the right to make one, EPERM says what is needed', () => {
  const script = `
    import { NetNs } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).pathname)};
    process.setgid(65534); process.setuid(65534);
    await NetNs.create().catch((error) => console.log(error.code, error.syscall, error.message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^EPERM unshare .*CAP_SYS_ADMIN.*createRootless/);
});
