import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { link, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';

const descriptors = () => readdirSync('/proc/self/fd').length;
const library = new URL('../../dist/index.js', import.meta.url).pathname;

test('a thousand calls that fail leave nothing: no descriptor, no name, no handle', async () => {
  using ns = await NetNs.create('t-fails');
  await ns.link.list();
  ns.sync.link.list();
  const before = { stats: NetNs.stats(), descriptors: descriptors() };
  for (let i = 0; i < 200; i++) {
    await errorOf(() => NetNs.create('t-fails'));
    await errorOf(() => NetNs.open('t-none'));
    await errorOf(() => ns.link.add({ kind: 'bridge', name: 'lo' }));
    await errorOf(() => ns.link.set('none', { netns: 't-none' }));
    await errorOf(() => ns.sync.link.delete('none'));
    await errorOf(() => ns.batch([link.set('none', { up: true }), link.delete('none')]));
  }
  expect(descriptors()).toBe(before.descriptors);
  expect(NetNs.stats()).toEqual(before.stats);
  expect(readdirSync('/run/netns')).toEqual(['t-fails']);
  await ns.delete();
});

/** Runs a script against the library in a process of its own; its output. */
function script(body: string, ...wrapper: string[]): string {
  const code = `import { NetNs, link } from ${JSON.stringify(library)};\n${body}`;
  const node = [process.execPath, '--expose-gc', '--input-type=module', '-e', code];
  const [command, ...args] = [...wrapper, ...node];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  expect(stderr).toBe('');
  return stdout.trim();
}

test('no descriptors left: EMFILE, with what to do, and everything works again afterwards', () => {
  const out = script(
    `
    import { readdirSync } from 'node:fs';
    const first = await NetNs.create();
    const held = [];
    let error;
    while (error === undefined) {
      try { held.push(await NetNs.create()); } catch (failed) { error = failed; }
    }
    console.log(error.code, error.message.includes('ulimit'));
    console.log(await NetNs.create('t-emfile').catch((failed) => failed.code));
    for (const ns of held) ns.close();
    await first.link.set('lo', { up: true });
    const again = await NetNs.create();
    const names = await NetNs.list();
    console.log((await again.link.list()).length, NetNs.stats().handles, names.length);
    first.close(); again.close();`,
    'prlimit',
    '--nofile=500:500',
  );
  expect(out.split('\n')).toEqual(['EMFILE true', 'EMFILE', '1 2 0']);
});

test('thousands of namespaces come and go, and the process stays as it was', () => {
  const out = script(`
    import { readdirSync } from 'node:fs';
    const round = async (n) => {
      for (let i = 0; i < n; i++) {
        const ns = await NetNs.create();
        await ns.link.set('lo', { up: true });
        ns.close();
      }
      gc();
    };
    await round(500);
    const before = { rss: process.memoryUsage().rss, fds: readdirSync('/proc/self/fd').length };
    await round(3000);
    const grown = (process.memoryUsage().rss - before.rss) / 1e6;
    console.log(readdirSync('/proc/self/fd').length - before.fds, grown < 20, NetNs.stats().handles);`);
  expect(out).toBe('0 true 0');
}, 90_000);

test('worker threads load it side by side, and are ended in the middle of anything', () => {
  const out = script(`
    import { Worker } from 'node:worker_threads';
    import { readdirSync, readlinkSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    const body = \`
      import(${JSON.stringify(library)}).then(async ({ NetNs }) => {
        // Node itself leaves files open when it is stopped while it imports.
        (await import('node:worker_threads')).parentPort.postMessage('ready');
        const kept = [];
        for (;;) {
          const ns = await NetNs.create();
          kept.push(ns);
          await Promise.all([ns.link.list(), ns.link.set('lo', { up: true })]);
          ns.sync.link.list();
          if (Math.random() < 0.5) ns.close();
        }
      });\`;
    (await NetNs.create()).close();
    // All but /dev/null, which Node opens on its own account.
    const fds = () => readdirSync('/proc/self/fd').flatMap((fd) => {
      try { return [fd + ' ' + readlinkSync('/proc/self/fd/' + fd)].filter((path) => !path.endsWith('/dev/null')); } catch { return []; }
    });
    const before = fds();
    let worked = 0;
    for (let round = 0; round < 4; round++) {
      const workers = Array.from({ length: 4 }, () => new Worker(body, { eval: true }));
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
      await sleep(Math.random() * 60);
      const held = fds().length;
      await Promise.all(workers.map((worker) => worker.terminate()));
      if (held > before.length) worked++;
    }
    await sleep(100);
    console.log(worked > 0, JSON.stringify(fds().filter((fd) => !before.includes(fd))), NetNs.stats().handles);
    const home = readlinkSync('/proc/self/ns/net');
    const tasks = readdirSync('/proc/self/task').map((task) => readlinkSync('/proc/self/task/' + task + '/ns/net'));
    console.log(tasks.every((ns) => ns === home));
    (await NetNs.create()).close();`);
  expect(out.split('\n')).toEqual(['true [] 0', 'true']);
}, 90_000);
