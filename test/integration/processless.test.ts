import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';

const library = new URL('../../dist/index.js', import.meta.url).pathname;
const trace = '/run/processless.trace';

const SCRIPT = `
  import { writeFileSync } from 'node:fs';
  import { address, BridgeNetwork, link, NetNs, route } from ${JSON.stringify(library)};
  // What is traced counts from here: Node has started its own threads by now.
  await NetNs.create().then((ns) => ns.close());
  writeFileSync('/run/processless.begin', '');
  const host = NetNs.current();
  const web = await NetNs.create('t-web');
  await host.link.add({ kind: 'bridge', name: 't-br', up: true });
  await host.link.add({ kind: 'veth', name: 't-veth', master: 't-br', up: true, peer: { name: 'eth0', netns: web } });
  await web.batch([
    link.set('lo', { up: true }),
    link.set('eth0', { up: true }),
    address.add({ dev: 'eth0', address: '10.0.0.2/24' }),
    route.add({ dst: 'default', via: '10.0.0.1' }),
  ]);
  await web.delete({ wait: true });
  await host.link.delete('t-br');
  host.close();
  const net = await BridgeNetwork.create({ name: 't-net', subnet: '10.88.0.0/16', masquerade: true });
  const endpoint = await net.attach('t-box');
  await endpoint.publish({ hostPort: 8080, port: 80 });
  await endpoint.detach();
  await net.delete();
`;

/** CLONE_THREAD: what has it is a thread, and no process. */
const isThread = (line: string): boolean => line.includes('CLONE_THREAD');

test('a whole attach, by hand and by a network, starts no process', () => {
  const { status, stderr } = spawnSync(
    'strace',
    [
      '-f',
      '-o',
      trace,
      '-e',
      'trace=execve,execveat,fork,vfork,clone,clone3,openat',
      process.execPath,
      '--input-type=module',
      '-e',
      SCRIPT,
    ],
    { encoding: 'utf8', timeout: 100_000 },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const lines = readFileSync(trace, 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.includes('/run/processless.begin'));
  expect(begin).toBeGreaterThan(0);
  const started = lines
    .slice(begin)
    .filter(
      (line) => /\b(execve|execveat|fork|vfork|clone|clone3)\(/.test(line) && !isThread(line),
    );
  expect(started).toEqual([]);
  // It can fail: Node's own start is in the trace as an execve.
  expect(lines.some((line) => line.includes('execve('))).toBe(true);
  rmSync(trace);
  rmSync('/run/processless.begin');
}, 120_000);
