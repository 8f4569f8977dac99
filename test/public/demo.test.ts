import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test, vi } from 'vitest';

// A busy machine takes its time for the processes that the demo spawns to compare with.
vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const demo = ['--import', './scripts/typescript.mjs', 'examples/demo.ts'];

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the demo; `during` is called with its output so far each time there is more. */
function runDemo(
  during: (output: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
  options: { uid?: number; args?: readonly string[] } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...demo, ...(options.args ?? [])], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 40_000,
      killSignal: 'SIGKILL',
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        during(output, (signal) => child.kill(signal));
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

function names(): string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns') : [];
}

beforeAll(() => {
  if (!existsSync(`${root}dist/index.js`)) throw new Error('not built: npm run build:ts');
});

test('builds two containers on a bridge, lets them talk, and removes everything', async () => {
  let during: string[] = [];
  const { code, output } = await runDemo((text) => {
    if (text.includes('TCP') && during.length === 0) during = names();
  });
  expect(output).toContain('web heard from 10.88.0.3:5432: db says hello');
  expect(output).toContain('web heard from 10.88.0.1:80: the host says hello');
  expect(output).toContain('the host heard from 10.88.0.3:5432: db says hello');
  expect(output).toMatch(/a veth pair on the bridge.* ms +[0-9.]+ ms by 1 × ip/);
  expect(output).toMatch(/┌─+┴─+┐/);
  expect(output).toMatch(/10\.88\.0\.2\/16 +10\.88\.0\.3\/16/);
  expect(code).toBe(0);
  expect(during.filter((name) => /^netns-demo-[0-9]+-(host|web|db)$/.test(name))).toHaveLength(3);
  expect(names()).toEqual([]);
  expect(readdirSync('/sys/class/net')).toEqual(['lo']);
});

const moments = [
  ['SIGINT', 'staying until Ctrl-C', 130],
  ['SIGINT', "namespace 'web'", 130],
  ['SIGTERM', 'staying until Ctrl-C', 143],
  ['SIGTERM', 'a bridge, up', 143],
] as const;

test.each(moments)('%s after "%s" removes everything', async (signal, moment, exit) => {
  let sent = false;
  const { code, output } = await runDemo(
    (text, kill) => {
      if (sent || !text.includes(moment)) return;
      sent = true;
      kill(signal);
    },
    { args: ['--stay'] },
  );
  expect(output).toContain(`${signal}: removing everything`);
  expect(code).toBe(exit);
  expect(names()).toEqual([]);
});

test('what a killed demo left behind is removed by the next', async () => {
  await runDemo(
    (text, kill) => {
      if (text.includes('staying until')) kill('SIGKILL');
    },
    { args: ['--stay'] },
  );
  expect(names().length).toBeGreaterThan(0);
  await sleep(10);
  const { code } = await runDemo();
  expect(code).toBe(0);
  expect(names()).toEqual([]);
});

/** Whether another user can read this clone; not so in a private folder. */
function othersCanRead(): boolean {
  try {
    execFileSync('cat', ['package.json'], { uid: 65534, gid: 65534, cwd: root, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const asOther = test.skipIf(!othersCanRead());

asOther(
  'without root it does all of it in a user namespace (a clone that others can read)',
  async () => {
    const { code, output } = await runDemo(undefined, { uid: 65534 });
    expect(output).toContain('Not root: a user namespace of your own has to do');
    expect(output).toContain('web heard from 10.88.0.3:5432: db says hello');
    expect(output).toContain('everything gone');
    expect(code).toBe(0);
  },
);

asOther('without a user namespace either, it says what is missing and ends with 1', async () => {
  // The kernel gives none to who has another root directory than its mount namespace.
  const elsewhere = '/run/elsewhere';
  const run = `cd ${root} && exec ${process.execPath} ${demo.join(' ')} 2>&1`;
  const script = [
    `mkdir -p ${elsewhere}`,
    `mount --rbind / ${elsewhere}`,
    `exec chroot --userspec=65534:65534 ${elsewhere} sh -c '${run}'`,
  ].join(' && ');
  const { status, stdout } = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
    encoding: 'utf8',
    timeout: 40_000,
  });
  expect(stdout).toMatch(/root \(CAP_SYS_ADMIN and CAP_NET_ADMIN\), or a\s+user namespace/);
  expect(stdout).toContain('EPERM');
  expect(status).toBe(1);
});
