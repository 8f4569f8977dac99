// Builds what is missing or older than its sources; quick when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const changedAt = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0);

function newest(folder, pattern) {
  const files = readdirSync(join(root, folder), { recursive: true });
  const times = files
    .filter((file) => pattern.test(file))
    .map((file) => changedAt(`${folder}/${file}`));
  return Math.max(0, ...times);
}

function build(script) {
  const { status } = spawnSync('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const addon = changedAt('build/Release/netns.node');
const sources = Math.max(newest('native', /\.(cc|h)$/), changedAt('binding.gyp'));
const prebuilt = addon === 0 && existsSync(join(root, 'prebuilds'));
if (addon < sources && !prebuilt) build('build:native');

const compiled = changedAt('dist/index.js');
const library = Math.max(
  newest('lib', /\.ts$/),
  changedAt('tsconfig.json'),
  changedAt('package.json'),
);
if (compiled < library) build('build:ts');
