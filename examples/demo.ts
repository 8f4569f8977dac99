// npm run demo: two containers on a bridge, made, used and removed without spawning a process.
//
// Everything happens in network namespaces of the demo's own, one of which plays the host, so the
// machine's network is not touched (without root they are in a user namespace of your own). Beside each step stands what the same costs with one `ip`
// process a command, done to a second set of namespaces.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { address, link, NetNs, route } from 'node-netns';

const prefix = 'netns-demo-';
const mine = `${prefix}${process.pid}-`;
const names = { host: `${mine}host`, web: `${mine}web`, db: `${mine}db` };
const others = { host: `${mine}ip-host`, web: `${mine}ip-web`, db: `${mine}ip-db` };
const gateway = '10.88.0.1';
const containers = [
  { name: 'web', address: '10.88.0.2' },
  { name: 'db', address: '10.88.0.3' },
] as const;

const bold = (text: string) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
const dim = (text: string) => (process.stdout.isTTY ? `\x1b[2m${text}\x1b[0m` : text);

// --- leaving

const open: (Server | Socket | NetNs)[] = [];

function closeAll(): void {
  for (const one of open.splice(0).reverse()) {
    if (one instanceof NetNs) one.close();
    else if ('listen' in one) one.close();
    else one.destroy();
  }
}

/** A demo that was killed outright could not remove its names; the next one does. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function removeNames(which: (name: string) => boolean): Promise<void> {
  for (const { name } of await NetNs.list()) if (which(name)) await NetNs.delete(name);
}

async function leave(code: number): Promise<never> {
  // What is being made meanwhile has to be there before it can be removed.
  await Promise.race([running, sleep(2_000)]);
  closeAll();
  await removeNames((name) => name.startsWith(mine));
  process.exit(code);
}

let running: Promise<unknown> = Promise.resolve();
let interrupted = false;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => {
    if (interrupted) return;
    interrupted = true;
    console.log(`\n${signal}: removing everything`);
    void leave(code);
  });
}

// --- steps

interface Step {
  readonly title: string;
  readonly ms: number;
  readonly ip?: { readonly ms: number; readonly commands: number };
}

function say({ title, ms, ip }: Step): void {
  const own = `${ms.toFixed(2)} ms`.padStart(10);
  const beside = ip === undefined ? '' : `${ip.ms.toFixed(1)} ms`.padStart(12);
  const count = ip === undefined ? '' : dim(` by ${ip.commands} × ip`);
  console.log(`  ${title.padEnd(52)}${bold(own)}${beside}${count}`);
}

/** Runs the commands as a program does that spawns `ip`; undefined without `ip`, or without root. */
function timeIp(commands: readonly string[]): Step['ip'] {
  if (!root) return undefined;
  const from = performance.now();
  try {
    for (const command of commands) execFileSync('ip', command.split(' '), { stdio: 'pipe' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return { ms: performance.now() - from, commands: commands.length };
}

async function step(
  title: string,
  work: () => Promise<unknown>,
  commands: readonly string[] = [],
): Promise<void> {
  const from = performance.now();
  const done = work();
  running = done.catch(() => {});
  await done;
  const ms = performance.now() - from;
  if (interrupted) return new Promise(() => {}); // `leave` is at it
  say(commands.length > 0 ? { title, ms, ip: timeIp(commands) } : { title, ms });
}

const root = process.getuid?.() === 0;

/** A named namespace; an ordinary user's are anonymous, in a user namespace of their own. */
async function makeNamed(name: string): Promise<NetNs> {
  const ns = root ? await NetNs.create(name) : await NetNs.createRootless();
  open.push(ns);
  return ns;
}

/** Serves `answer` to whoever connects. */
async function serve(ns: NetNs, port: number, answer: string): Promise<void> {
  const server = createServer((socket) => socket.end(answer));
  open.push(server);
  await ns.listen(server, { port });
}

async function ask(ns: NetNs, host: string, port: number): Promise<string> {
  const socket = await ns.connect({ host, port });
  open.push(socket);
  let text = '';
  socket.setEncoding('utf8').on('data', (data: string) => {
    text += data;
  });
  await once(socket, 'close');
  return text;
}

/** What stands, read back from the kernel and not from what was asked for. */
async function picture(host: NetNs, inside: readonly NetNs[]): Promise<string> {
  const bridge = await host.link.get('br0');
  const [bridgeAddress] = await host.address.list({ dev: 'br0', family: 'inet' });
  const ports = await host.link.list({ master: 'br0' });
  const columns = await Promise.all(
    inside.map(async (ns, i) => {
      const eth0 = await ns.link.get('eth0');
      const [own] = await ns.address.list({ dev: 'eth0', family: 'inet' });
      const port = ports.find(({ index }) => index === eth0.link);
      const rows = [port?.name, '│', eth0.name, own.address, eth0.address, containers[i].name];
      return rows.map((row) => center(row ?? '?', 22));
    }),
  );
  const width = 22 * columns.length;
  const half = '─'.repeat(10);
  return [
    center(`host: ${bridge.name} ${bridgeAddress.address}`, width),
    center(`┌${half}┴${half}┐`, width),
    ...columns[0].map((_, row) => columns.map((column) => column[row]).join('')),
  ].join('\n');
}

function center(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return text.padStart(text.length + Math.max(0, left)).padEnd(width);
}

async function main(): Promise<void> {
  await removeNames((name) => {
    const pid = Number(/^netns-demo-([0-9]+)-/.exec(name)?.[1]);
    return Number.isInteger(pid) && !isAlive(pid);
  });

  console.log(`\n  ${dim(''.padEnd(52) + 'node-netns'.padStart(10) + 'spawned ip'.padStart(12))}`);
  let host: NetNs | undefined;
  await step('a namespace that plays the host', async () => {
    host = await makeNamed(names.host);
  }, [`netns add ${others.host}`]);
  if (host === undefined) throw new Error('no host');
  const bridgeHost = host;
  const onHost = `-n ${others.host}`;
  await step(
    `a bridge, up, with the gateway address ${gateway}/16`,
    () =>
      bridgeHost.batch([
        link.set('lo', { up: true }),
        link.add({ kind: 'bridge', name: 'br0', up: true, address: '02:00:00:00:00:01' }),
        address.add({ dev: 'br0', address: `${gateway}/16` }),
      ]),
    [
      `${onHost} link set lo up`,
      `${onHost} link add br0 up address 02:00:00:00:00:01 type bridge`,
      `${onHost} address add ${gateway}/16 dev br0`,
    ],
  );

  const inside: NetNs[] = [];
  for (const container of containers) {
    const { name } = container;
    const veth = `veth-${name}`;
    await step(`namespace '${name}'`, async () => {
      inside.push(await makeNamed(names[name]));
    }, [`netns add ${others[name]}`]);
    const ns = inside[inside.length - 1];
    await step(
      '  a veth pair on the bridge, its peer born inside',
      () =>
        bridgeHost.link.add({
          kind: 'veth',
          name: veth,
          master: 'br0',
          up: true,
          peer: { name: 'eth0', netns: ns },
        }),
      [`${onHost} link add ${veth} up master br0 type veth peer name eth0 netns ${others[name]}`],
    );
    await step(
      `  lo and eth0 up, ${container.address}/16, default route`,
      () =>
        ns.batch([
          link.set('lo', { up: true }),
          link.set('eth0', { up: true }),
          address.add({ dev: 'eth0', address: `${container.address}/16` }),
          route.add({ dst: 'default', via: gateway }),
        ]),
      [
        `-n ${others[name]} link set lo up`,
        `-n ${others[name]} link set eth0 up`,
        `-n ${others[name]} address add ${container.address}/16 dev eth0`,
        `-n ${others[name]} route add default via ${gateway}`,
      ],
    );
  }

  const [web, db] = inside;
  await serve(db, 5432, 'db says hello');
  await serve(bridgeHost, 80, 'the host says hello');
  const heard: string[] = [];
  const hear = (who: string, ns: NetNs, where: string, port: number) => async () => {
    heard.push(`${who} heard from ${where}:${port}: ${await ask(ns, where, port)}`);
  };
  await step('TCP: web to db', hear('web', web, containers[1].address, 5432));
  await step('TCP: web to the host', hear('web', web, gateway, 80));
  await step('TCP: the host to db', hear('the host', bridgeHost, containers[1].address, 5432));

  console.log(`\n${await picture(bridgeHost, inside)}\n`);
  for (const line of heard) console.log(`  ${line}`);
  if (process.argv.includes('--stay')) {
    console.log(`\n  staying until Ctrl-C; look with: ip netns; ip -n ${names.web} address`);
    await sleep(2 ** 31 - 1);
  }

  console.log();
  await step(
    'everything gone',
    async () => {
      closeAll();
      await removeNames((name) => Object.values(names).includes(name));
    },
    Object.values(others).map((name) => `netns delete ${name}`),
  );
  await leave(0);
}

if (!root) {
  try {
    (await NetNs.createRootless()).close();
    console.log(
      'Not root: a user namespace of your own has to do; namespaces are anonymous there.',
    );
  } catch (error) {
    console.error(
      'The demo makes network namespaces, which takes root (CAP_SYS_ADMIN and CAP_NET_ADMIN), or a\n' +
        `user namespace, which this system does not let you have:\n  ${error}\n` +
        'Run it as root:  sudo npm run demo',
    );
    process.exit(1);
  }
}
try {
  await main();
} catch (error) {
  // Ctrl-C ends a spawned ip too, and its failure can be here before our own signal is.
  await sleep(20);
  if (!interrupted) {
    console.error(error);
    await leave(1);
  }
}
