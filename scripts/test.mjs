// npm test [-- FILE...]: types, unit tests and kernel tests, none of which can hang the whole.
// Each kernel test file runs in a host of its own (scripts/test-host) and under a time limit.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wholeSeconds = Number(process.env.NETNS_TEST_SECONDS ?? 1200);
const fileSeconds = Number(process.env.NETNS_TEST_FILE_SECONDS ?? 300);
const started = Date.now();
const scratch = mkdtempSync(join(tmpdir(), 'netns-test-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips = new Set();
/** Files that failed beside another: run again alone, since two share the machine's time. */
const again = [];
const second = [];

/** The seconds that a job may take: its own limit, or what is left of the whole. */
const allowance = (limit) =>
  Math.min(limit, Math.floor(wholeSeconds - (Date.now() - started) / 1000));

function run(command, limit) {
  const seconds = allowance(limit);
  if (seconds <= 0) return Promise.resolve({ code: 124, output: 'not run: the time was over\n' });
  return new Promise((done) => {
    const child = spawn('timeout', ['-k', '5', String(seconds), ...command], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    // 'exit', not 'close': a stray process that kept the pipe must not keep us waiting.
    child.on('exit', (status, signal) => {
      const code = status ?? signal;
      const late = code === 124 || code === 137 || code === 'SIGKILL';
      const output = Buffer.concat(chunks).toString();
      done({ code, output: late ? `${output}\nkilled after ${seconds} s\n` : output });
    });
    child.on('error', (error) => done({ code: 1, output: `${error.message}\n` }));
  });
}

function say(ok, name, seconds, detail = '') {
  console.log(`${ok ? '✓' : '✗'} ${name} ${detail}(${seconds.toFixed(1)} s)`);
}

function countReport(path, code) {
  let report = {};
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {} // killed before it could write one
  const passed = report.numPassedTests ?? 0;
  const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
  // A file can fail outside its tests: an import, a hook, the leak check, a crash.
  const failed = Math.max(report.numFailedTests ?? 0, code === 0 ? 0 : 1);
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  for (const file of report.testResults ?? []) {
    for (const test of file.assertionResults) {
      if (test.status === 'pending' || test.status === 'skipped' || test.status === 'todo') {
        skips.add(`${relative(root, file.name)}: ${test.fullName}`);
      }
    }
  }
  return `${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''} `;
}

async function vitest(project, files, name, limit, wrapper = [], last = false) {
  const begun = Date.now();
  const report = join(scratch, `${name.replaceAll('/', '_')}.json`);
  const { code, output } = await run(
    [
      ...wrapper,
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      project,
    ].concat(['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files]),
    limit,
  );
  if (code !== 0 && !last) {
    say(false, name, (Date.now() - begun) / 1000, 'to be tried again ');
    process.stdout.write(output);
    again.push(() => vitest(project, files, name, limit, wrapper, true));
    return;
  }
  const detail = countReport(report, code);
  if (last && code === 0) second.push(name);
  say(code === 0, name, (Date.now() - begun) / 1000, detail);
  if (code !== 0) process.stdout.write(output);
}

function filesIn(folder) {
  let entries = [];
  try {
    entries = readdirSync(join(root, folder), { recursive: true });
  } catch {} // a folder that has no tests yet
  return entries.filter((entry) => entry.endsWith('.test.ts')).map((entry) => `${folder}/${entry}`);
}

async function types() {
  const begun = Date.now();
  const { code, output } = await run(
    [process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'test/types'],
    120,
  );
  if (code === 0) totals.passed += 1;
  else totals.failed += 1;
  say(code === 0, 'test/types', (Date.now() - begun) / 1000);
  if (code !== 0) process.stdout.write(output);
}

/** What kernel tests need and this machine or user has not. */
function missing() {
  const lacks = [];
  if (process.getuid() !== 0) lacks.push('root (CAP_SYS_ADMIN and CAP_NET_ADMIN): sudo npm test');
  for (const tool of ['unshare', 'mount', 'ip']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0)
      lacks.push(`the program ${tool}`);
  }
  if (lacks.length === 0) {
    const trial = spawnSync('timeout', ['20', 'scripts/test-host', 'true'], { cwd: root });
    if (trial.status !== 0) lacks.push(`a network namespace of one's own: ${trial.stderr}`);
  }
  return lacks;
}

const wanted = process.argv.slice(2).map((file) => relative(root, resolve(file)));
const chosen = (files) =>
  wanted.length === 0
    ? files
    : files.filter((file) => wanted.some((want) => file === want || file.startsWith(`${want}/`)));

const unit = chosen(filesIn('test/unit'));
const kernel = chosen(
  ['integration', 'interop', 'fault', 'public'].flatMap((f) => filesIn(`test/${f}`)),
);
const lacks = kernel.length > 0 ? missing() : [];

const jobs = [];
if (wanted.length === 0 || wanted.includes('test/types')) jobs.push(types);
if (unit.length > 0) jobs.push(() => vitest('unit', unit, 'test/unit', 180));
if (lacks.length === 0) {
  for (const file of kernel) {
    jobs.push(() => vitest('kernel', [file], file, fileSeconds, ['scripts/test-host']));
  }
}

// Hosts are apart from each other in all that tests touch, so two can run at once.
const width = Number(process.env.NETNS_TEST_WIDTH ?? Math.min(2, availableParallelism()));
await Promise.all(
  Array.from({ length: width }, async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
  }),
);
for (const job of again) await job();
rmSync(scratch, { recursive: true, force: true });

if (skips.size > 0) console.log(`\nskipped:\n${[...skips].map((name) => `  ${name}`).join('\n')}`);
if (second.length > 0) console.log(`\npassed only when run alone: ${second.join(', ')}`);
if (lacks.length > 0) {
  console.log(`\nthe ${kernel.length} files of kernel tests were not run, for lack of:`);
  for (const lack of lacks) console.log(`  ${lack}`);
}
console.log(`\n${((Date.now() - started) / 1000).toFixed(0)} s`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
