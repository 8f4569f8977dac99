import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;

const DESCRIPTORS = 12_000;
const mayOpen = spawnSync('sh', ['-c', `ulimit -n ${DESCRIPTORS}`]).status === 0;

/** The other ends: a process that listens in the namespaces whose files it is told, and echoes. */
const SERVERS = `
  import { NetNs } from '${LIBRARY}';
  import net from 'node:net';
  process.once('message', async (paths) => {
    for (const path of paths) {
      const ns = NetNs.open({ path });
      const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
      await ns.listen(server, { port: 80, host: '127.0.0.1' });
      ns.close();
    }
    process.send('listening');
  });
`;

const CLIENTS = `
  import { NetNs } from '${LIBRARY}';
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { readdirSync, readlinkSync } from 'node:fs';
  const places = new Set();
  const look = () => {
    for (const id of readdirSync('/proc/self/task')) places.add(readlinkSync('/proc/self/task/' + id + '/ns/net'));
  };
  const all = await Promise.all(Array.from({ length: 100 }, () => NetNs.create()));
  await Promise.all(all.map((ns) => ns.link.set('lo', { up: true })));
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
  const servers = spawn(process.execPath, ['--input-type=module', '-e', process.argv[1]], { stdio });
  servers.send(all.map((ns) => '/proc/' + process.pid + '/fd/' + ns.fd));
  await once(servers, 'message');
  const before = readdirSync('/proc/self/fd').length;
  const sockets = [];
  let echoed = 0;
  for (let round = 0; round < 10; round++) {
    const made = all.flatMap((ns) => Array.from({ length: 10 }, async () => {
      const socket = await ns.connect({ port: 80, host: '127.0.0.1' });
      sockets.push(socket);
      socket.write('x');
      await once(socket, 'data');
      echoed++;
    }));
    await Promise.all(made);
    look();
  }
  const held = readdirSync('/proc/self/fd').length - before;
  for (const socket of sockets) socket.destroy();
  servers.kill();
  await once(servers, 'exit');
  const left = readdirSync('/proc/self/fd').length - before;
  for (const ns of all) ns.close();
  console.log(JSON.stringify({ echoed, held, left: Math.max(0, left), places: places.size }));
`;

test.skipIf(!mayOpen)(
  `10,000 connections in 100 namespaces, from one process (ulimit -n ${DESCRIPTORS})`,
  { timeout: 60_000 },
  () => {
    const command = 'ulimit -n "$1"; shift; exec "$@"';
    const node = [process.execPath, '--input-type=module', '-e', CLIENTS, SERVERS];
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', command, 'sh', String(DESCRIPTORS), ...node],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    // No thread was seen anywhere but at home.
    expect(JSON.parse(stdout)).toEqual({ echoed: 10_000, held: 10_000, left: 0, places: 1 });
  },
);
