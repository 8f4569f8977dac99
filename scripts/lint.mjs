// npm run lint: every check that needs no kernel, two at a time, each under a time limit.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const limit = Number(process.env.NETNS_LINT_SECONDS ?? 120);
const has = (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
const native = (pattern) =>
  readdirSync(`${root}native`)
    .filter((file) => pattern.test(file))
    .map((file) => `native/${file}`);
const bench = readdirSync(`${root}bench`)
  .filter((f) => f.endsWith('.c'))
  .map((f) => `bench/${f}`);
const sources = native(/\.cc$/);
const headers = existsSync('/usr/include/node')
  ? '/usr/include/node'
  : `${process.execPath}/../../include/node`;

const checks = [
  ['tsc', ['node_modules/.bin/tsc', '-p', 'tsconfig.json']],
  ['biome', ['node_modules/.bin/biome', 'ci', '--colors=off', '.']],
  ['layers', ['node', 'scripts/check-layers.mjs']],
  ['words', ['node', 'scripts/check-words.mjs']],
];
if (existsSync(`${root}scripts/check-native-sources.mjs`)) {
  checks.push(['native sources', ['node', 'scripts/check-native-sources.mjs']]);
}
const formatted = [...native(/\.(cc|h)$/), ...bench];
if (formatted.length > 0) {
  if (has('clang-format')) {
    checks.push(['clang-format', ['clang-format', '--dry-run', '-Werror', ...formatted]]);
  } else console.log('- clang-format is not installed: not run');
}
if (sources.length > 0) {
  if (has('clang-tidy')) {
    for (const source of sources) {
      const flags = [
        '-std=c++17',
        '-DNAPI_VERSION=9',
        '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        '-D_GNU_SOURCE',
        `-isystem${headers}`,
        '-isystemnode_modules/node-addon-api',
      ];
      checks.push([
        `clang-tidy ${source}`,
        ['clang-tidy', '--quiet', '--warnings-as-errors=*', source, '--', ...flags],
      ]);
    }
  } else console.log('- clang-tidy is not installed: not run');
}

let failures = 0;
function run([name, [command, ...args]]) {
  const begun = Date.now();
  return new Promise((done) => {
    const child = spawn('timeout', ['-k', '5', String(limit), command, ...args], { cwd: root });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (code) => {
      console.log(
        `${code === 0 ? '✓' : '✗'} ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`,
      );
      if (code !== 0) {
        failures += 1;
        process.stdout.write(Buffer.concat(chunks));
      }
      done();
    });
  });
}

await Promise.all(
  [0, 1].map(async () => {
    for (let check = checks.shift(); check !== undefined; check = checks.shift()) await run(check);
  }),
);
console.log(failures === 0 ? 'lint: clean' : `lint: ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
