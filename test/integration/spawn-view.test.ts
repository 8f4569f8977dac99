import { once } from 'node:events';
import { mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NetNs } from '../../lib/index.ts';
import { strayThreads } from './support/threads.ts';

const NAME = 'view-test';
let ns: NetNs;

beforeAll(async () => {
  mkdirSync(`/etc/netns/${NAME}`, { recursive: true });
  writeFileSync(`/etc/netns/${NAME}/resolv.conf`, 'nameserver 10.9.8.7\n');
  writeFileSync(`/etc/netns/${NAME}/no-such-file-in-etc`, '');
  ns = await NetNs.create(NAME);
});

afterAll(async () => {
  await ns.delete();
  rmSync(`/etc/netns/${NAME}`, { recursive: true });
  expect(strayThreads()).toEqual([]);
});

const sh = async (script: string, options: Parameters<NetNs['execFile']>[2]): Promise<string> =>
  (await ns.execFile('sh', ['-c', script], options)).stdout.trim();

describe('view', () => {
  test('shows what `ip netns exec` shows', async () => {
    const script =
      'ls /sys/class/net; cat /etc/resolv.conf; readlink /proc/self/ns/net; grep -c . /proc/self/mountinfo';
    const ours = await sh(script, { view: true });
    const { execFile } = await import('node:child_process');
    const theirs = await new Promise<string>((resolve, reject) =>
      execFile('ip', ['netns', 'exec', NAME, 'sh', '-c', script], (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      ),
    );
    expect(ours).toBe(theirs.trim());
    expect(ours).toContain('nameserver 10.9.8.7');
    expect(ours.split('\n')[0]).toBe('lo');
  });

  test('changes nothing outside', async () => {
    const before = readFileSync('/proc/self/mountinfo', 'utf8');
    const resolv = readFileSync('/etc/resolv.conf', 'utf8');
    await sh('mount -t tmpfs none /mnt', { view: true });
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(before);
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(resolv);
  });

  test('without it the child sees the mounts of this process', async () => {
    expect(await sh('readlink /proc/self/ns/mnt', {})).toBe(readlinkSync('/proc/self/ns/mnt'));
    expect(await sh('readlink /proc/self/ns/mnt', { view: true })).not.toBe(
      readlinkSync('/proc/self/ns/mnt'),
    );
  });

  test('an anonymous namespace has its /sys', async () => {
    using anonymous = await NetNs.create();
    await anonymous.execFile('ip', ['link', 'add', 'br7', 'type', 'bridge']);
    const { stdout } = await anonymous.execFile('ls', ['/sys/class/net'], { view: true });
    expect(stdout.split('\n')).toContain('br7');
  });

  test('the pid is that of the command, which has the exit code, the streams and the signals', async () => {
    const child = ns.spawn('sh', ['-c', 'echo $$; exec sleep 60'], { view: true });
    const [line] = await once(child.stdout, 'data');
    expect(Number(line)).toBe(child.pid);
    expect(child.spawnfile).toBe('sh');
    expect(child.spawnargs).toEqual(['sh', '-c', 'echo $$; exec sleep 60']);
    expect(child.stdio).toHaveLength(3);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  });

  test('gives up its privileges after the mounts', async () => {
    expect(
      await sh('id -u; id -g; id -G; cat /etc/resolv.conf', { view: true, uid: 65534, gid: 65534 }),
    ).toBe('65534\n65534\n65534\nnameserver 10.9.8.7');
  });

  test('speaks IPC, and tells spawn before exit', async () => {
    const script =
      'process.send(require("fs").readFileSync("/etc/resolv.conf", "utf8")); process.disconnect()';
    const child = ns.spawn(process.execPath, ['-e', script], {
      view: true,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    const told: string[] = [];
    child.on('spawn', () => told.push('spawn'));
    child.on('exit', () => told.push('exit'));
    expect((await once(child, 'message'))[0]).toBe('nameserver 10.9.8.7\n');
    await once(child, 'close');
    expect(told).toEqual(['spawn', 'exit']);
  });

  test('a child without the privilege to mount tells so', async () => {
    const script = `
      import { NetNs } from '${new URL('../../dist/index.js', import.meta.url)}';
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      const ns = NetNs.current();
      try { ns.spawn('true', [], { view: true }); } catch (error) { console.log(error.code, error.syscall); }
    `;
    const { stdout } = await ns.execFile(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout).toBe('EPERM setns\n');
  });
});

describe('unshare', () => {
  test('each kind is the child’s own, and only those asked for', async () => {
    const links = 'for kind in mnt uts ipc cgroup user pid; do readlink /proc/self/ns/$kind; done';
    const kinds = { mount: 'mnt', uts: 'uts', ipc: 'ipc', cgroup: 'cgroup', user: 'user' } as const;
    const order = ['mnt', 'uts', 'ipc', 'cgroup', 'user', 'pid'];
    const own = order.map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
    for (const [option, kind] of Object.entries(kinds)) {
      const seen = (await sh(links, { unshare: { [option]: true } })).split('\n');
      const differing = order.filter((_, i) => seen[i] !== own[i]);
      expect(differing, option).toEqual([kind]);
    }
  });

  test('a process namespace: the command is process 1, with a /proc of its own', async () => {
    const child = ns.spawn('sh', ['-c', 'echo $$ $(ls /proc | grep -c "^[0-9]"); exec sleep 60'], {
      unshare: { pid: true },
    });
    const [line] = await once(child.stdout, 'data');
    // The shell and what counts: not the dozens that run outside.
    expect(String(line).trim()).toMatch(/^1 [234]$/);
    expect(readlinkSync(`/proc/${child.pid}/ns/pid`)).not.toBe(readlinkSync('/proc/self/ns/pid'));
    expect(readlinkSync('/proc/thread-self/ns/pid_for_children')).toBe(
      readlinkSync('/proc/self/ns/pid'),
    );
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  });

  test('the next child is born in the old process namespace again', async () => {
    await ns.execFile('true', [], { unshare: { pid: true } });
    expect(await sh('readlink /proc/self/ns/pid', {})).toBe(readlinkSync('/proc/self/ns/pid'));
  });

  test('a host name', async () => {
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    expect(
      await sh('hostname || cat /proc/sys/kernel/hostname', { unshare: { hostname: 'box' } }),
    ).toBe('box');
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before);
  });

  test('a user namespace: root inside, mapped as said', async () => {
    expect(await sh('id -u; cat /proc/self/uid_map', { unshare: { user: true } })).toMatch(
      /^0\n\s*0\s+0\s+1$/,
    );
    const user = {
      uids: [{ inside: 0, outside: 100_000, count: 1000 }],
      gids: [{ inside: 0, outside: 200_000, count: 1000 }],
    };
    const child = ns.spawn('sh', ['-c', 'echo $(id -u; id -g); exec sleep 60'], {
      unshare: { user },
    });
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toBe('0 0\n');
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toBe('100000');
    expect(/^Gid:\s+(\d+)/m.exec(status)?.[1]).toBe('200000');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await sh('id -u; id -g', { unshare: { user }, uid: 7, gid: 8 })).toBe('7\n8');
  });

  test('all together: a child that can’t reach the host’s namespace', async () => {
    const everything = {
      mount: true,
      pid: true,
      uts: true,
      ipc: true,
      cgroup: true,
      user: true,
      hostname: 'jail',
    };
    const seen = await sh(
      'echo $$; id -u; hostname; ls /proc | grep -c "^[0-9]"; nsenter --net=/proc/1/ns/net readlink /proc/self/ns/net 2>/dev/null || echo refused',
      { unshare: everything },
    );
    const [pid, uid, hostname, processes] = seen.split('\n');
    expect([pid, uid, hostname]).toEqual(['1', '0', 'jail']);
    expect(Number(processes)).toBeLessThan(5);
    expect(seen).toMatch(/refused$/);
  });

  test('with a view', async () => {
    expect(
      await sh('cat /etc/resolv.conf; echo $$; ls /sys/class/net', {
        view: true,
        unshare: { pid: true },
      }),
    ).toBe('nameserver 10.9.8.7\n1\nlo');
  });

  test('maps that the kernel refuses are an error of the child, and nothing runs', async () => {
    const overlapping = [
      { inside: 0, outside: 0, count: 10 },
      { inside: 5, outside: 100, count: 10 },
    ];
    const child = ns.spawn('touch', ['/run/must-not-be'], {
      unshare: { user: { uids: overlapping, gids: overlapping } },
    });
    const [error] = await once(child, 'error');
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'spawn touch', path: 'touch' });
    expect(error.message).toBe('spawn touch EINVAL: invalid argument, uid_map');
    expect(statSync('/run/must-not-be', { throwIfNoEntry: false })).toBe(undefined);
  });

  test('bad options are named', () => {
    const attempt = (unshare: object) => () => ns.spawn('true', [], { unshare });
    expect(attempt({ pid: 1 })).toThrow('options.unshare.pid must be true or false');
    expect(attempt({ hostname: '' })).toThrow('options.unshare.hostname');
    expect(attempt({ user: { uids: [], gids: [] } })).toThrow('options.unshare.user.uids');
    expect(attempt({ user: { uids: [{ inside: -1, outside: 0 }], gids: [] } })).toThrow(
      'options.unshare.user.uids[0].inside',
    );
  });
});
