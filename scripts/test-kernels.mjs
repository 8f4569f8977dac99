// node scripts/test-kernels.mjs [--kernel 6.1]... [--together] [--seconds N] [--verbose] [FILE...]
//
// Runs test files under other kernels. NETNS_KERNEL_RUNNER names the program that boots one
// (otherwise `netns-kernel-runner`, looked for on the PATH), called as
//   RUNNER --kernel RELEASE --timeout SECONDS -- COMMAND [ARG...]
// COMMAND runs as root in this directory, on a read-only view of this machine's files.
// The tests are bundled here, since a kernel without hardware support is emulated, and slow.
// No runner, or one that has no such kernel: nothing is run, and the exit status is 0. What is not
// done within the seconds allowed is told as not run, and is not a failure; a guest that dies is.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kernel: { type: 'string', multiple: true, default: ['6.12', '6.1'] },
    together: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '600' },
    verbose: { type: 'boolean', default: false },
  },
});
const deadline = Date.now() + Number(values.seconds) * 1000;
/** A file may take this long in a guest: minutes for what takes a second here. */
const fileSeconds = 240;

const runner = process.env.NETNS_KERNEL_RUNNER ?? 'netns-kernel-runner';
if (spawnSync('sh', ['-c', `command -v "$0"`, runner]).status !== 0) {
  console.log(`no tests under other kernels: ${runner} is not here (NETNS_KERNEL_RUNNER)`);
  process.exit(0);
}

/** About headers, not about the kernel. */
const UNFIT = new Set(['test/interop/uapi.test.ts']);
const files =
  positionals.length > 0
    ? positionals.map((file) => relative(root, resolve(file)))
    : [
        ...readdirSync(join(root, 'test/interop'))
          .filter((name) => name.endsWith('.test.ts'))
          .map((name) => `test/interop/${name}`)
          .filter((file) => !UNFIT.has(file)),
        ...['link', 'watch', 'network-macvlan'].map((name) => `test/integration/${name}.test.ts`),
      ];

const out = join(root, 'build/guest-tests');
await bundle();
let failed = 0;
// A guest takes a processor of this machine.
if (values.together) await Promise.all(values.kernel.map(under));
else for (const kernel of values.kernel) await under(kernel);
rmSync(out, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);

/** One module a test file, with all it imports, the stand-in of vitest among it. */
async function bundle() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const standIn = join(root, 'test/support/guest/vitest.ts');
  const fromVitest = createRequire(join(root, 'node_modules/vitest/package.json'));
  const plugin = {
    name: 'guest',
    setup(building) {
      building.onResolve({ filter: /^vitest$/ }, () => ({ path: standIn }));
      building.onResolve({ filter: /^node-netns$/ }, () => ({ path: join(root, 'lib/index.ts') }));
      // What vitest brings along, wherever it is installed.
      building.onResolve({ filter: /^(@vitest\/(runner|expect)|chai)$/ }, ({ path, kind }) =>
        kind === 'import-statement' && !path.startsWith('/')
          ? { path: moduleOf(fromVitest, path) }
          : undefined,
      );
      // Files find each other as they lie in the project, not in the bundle.
      building.onLoad({ filter: /\/(lib|test)\/.*\.ts$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll(
          'import.meta.url',
          JSON.stringify(pathToFileURL(path).href),
        ),
        loader: 'ts',
      }));
    },
  };
  await Promise.all(
    files.map((file) =>
      build({
        stdin: {
          contents: `import { runFile } from ${JSON.stringify(standIn)};
await runFile(${JSON.stringify(file)}, () => import(${JSON.stringify(join(root, file))}));`,
          resolveDir: root,
        },
        outfile: bundleOf(file),
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node20',
        minifySyntax: true,
        minifyWhitespace: true,
        plugins: [plugin],
        logLevel: 'error',
      }),
    ),
  );
}

/** The ES module of a package, as seen from another. */
function moduleOf(require, name) {
  let folder = dirname(require.resolve(name));
  for (;;) {
    try {
      const {
        name: found,
        exports,
        module,
        main,
      } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (found === name) {
        const dot = exports?.['.'] ?? exports;
        const entry = typeof dot === 'string' ? dot : (dot?.import ?? dot?.default);
        const path = typeof entry === 'string' ? entry : (entry?.default ?? module ?? main);
        return join(folder, path);
      }
    } catch {} // not here: further up
    folder = dirname(folder);
  }
}

function bundleOf(file) {
  return join(out, `${file.replaceAll('/', '_').replace(/\.ts$/, '')}.mjs`);
}

/** Runs all files in one guest, one after the other, each in a host of its own. */
async function under(kernel) {
  const seconds = Math.floor((deadline - Date.now()) / 1000);
  if (seconds < 30) return console.log(`\n${kernel}: not run, the time was over`);
  const list = join(out, `files-${kernel}`);
  writeFileSync(list, files.map((file) => `${bundleOf(file)}\n`).join(''));
  // A guest sees this folder read-only, so nothing is written there.
  // Tunnel modules make a link of their own in every new namespace, unless told not to.
  const script = `uname -r; echo 2 >/proc/sys/net/core/fb_tunnels_only_for_init_net; while read -r file; do timeout -k 5 ${fileSeconds} scripts/test-host \
${process.execPath} --expose-gc "$file" </dev/null || echo "ended with $?: $file"; done <${list}`;
  const begun = Date.now();
  const child = spawn(
    'timeout',
    [
      '-k',
      '10',
      String(seconds + 10),
      runner,
      '--kernel',
      kernel,
      '--timeout',
      String(seconds),
    ].concat(['--', 'sh', '-c', script]),
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } },
  );
  const seen = {
    booted: false,
    pass: 0,
    fail: 0,
    skip: [],
    ended: new Set(),
    absent: new Set(),
    bad: [],
  };
  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop();
    for (const line of lines) hear(line, kernel, seen);
  });
  const status = await new Promise((done) =>
    child.on('close', (code, signal) => done(code ?? signal)),
  );
  const late = Date.now() >= deadline - 1000;
  if (!seen.booted) {
    console.log(`${kernel}: not run: ${runner} could not boot it (exit ${status})`);
    return;
  }
  const undone = files.filter((file) => !seen.ended.has(file));
  for (const text of seen.bad) console.log(text);
  if (undone.length > 0) {
    console.log(
      `${kernel}: ${late ? 'not run or not ended, the time was over' : 'did not end'}: ${undone.join(' ')}`,
    );
    if (!late) seen.fail += 1;
  }
  for (const name of seen.skip) console.log(`${kernel}: skipped: ${name}`);
  if (seen.absent.size > 0)
    console.log(`${kernel}: not there: ${[...seen.absent].sort().join('; ')}`);
  console.log(
    `${kernel}: ${seen.pass} passed, ${seen.fail} failed, ${seen.skip.length} skipped ` +
      `(${((Date.now() - begun) / 1000).toFixed(0)} s, exit ${status})\n`,
  );
  failed += seen.fail;
}

/** One line of a guest: what a test came to, or anything else. */
function hear(line, kernel, seen) {
  const at = line.indexOf('\u0001');
  if (at < 0) {
    seen.booted = true;
    if (line.startsWith('ended with')) seen.bad.push(line);
    else if (line.trim() !== '') console.log(`${kernel}: ${line}`);
    return;
  }
  const told = JSON.parse(line.slice(at + 1));
  if (told.end) {
    seen.ended.add(told.file);
    for (const name of told.absent) seen.absent.add(name);
    console.log(`  ${kernel} ${told.file} (${told.seconds.toFixed(0)} s)`);
  } else if (told.state === 'pass') {
    seen.pass += 1;
    if (values.verbose) console.log(`  ${kernel} ✓ ${told.name}`);
  } else if (told.state === 'skip') {
    seen.skip.push(`${told.file}: ${told.name}`);
  } else {
    seen.fail += 1;
    console.log(`${kernel} ✗ ${told.file}: ${told.name}\n${(told.errors ?? []).join('\n')}\n`);
  }
}
