import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'netns-package-'));
const installed = join(folder, 'node_modules/node-netns');
let files: string[] = [];

/** Runs a script beside the unpacked package, in a process of its own; what it printed. */
function run(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  return execFileSync(process.execPath, ['--no-warnings', file], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 15_000,
  }).trim();
}

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  const options = { cwd: root, encoding: 'utf8', timeout: 20_000 } as const;
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(execFileSync('npm', args, options));
  files = packed.files.map((file: { path: string }) => file.path);
  execFileSync('tar', [
    '-xf',
    join(folder, packed.filename),
    '-C',
    installed,
    '--strip-components=1',
  ]);
  // What its installation would compile: the same sources, already compiled here.
  cpSync(join(root, 'build/Release'), join(installed, 'build/Release'), {
    recursive: true,
    filter: (path) => !/\/(obj|\.deps)/.test(path),
  });
  symlinkSync(
    join(root, 'node_modules/node-gyp-build'),
    join(folder, 'node_modules/node-gyp-build'),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('has what its installation compiles, and neither tests nor tools', () => {
  const gyp = readFileSync(join(root, 'binding.gyp'), 'utf8');
  const sources = gyp.match(/native\/[a-z_-]+\.cc/g) ?? [];
  expect(sources.length).toBeGreaterThan(5);
  expect(files).toEqual(
    expect.arrayContaining([...sources, 'binding.gyp', 'dist/index.d.ts', 'LICENSE']),
  );
  expect(files.filter((file) => /^(test|bench|scripts|docs|examples|lib)\//.test(file))).toEqual(
    [],
  );
});

test('is imported by ES modules', () => {
  const code =
    "import { NetNs } from 'node-netns'; console.log(NetNs.current().link === undefined)";
  expect(run('module.mjs', code)).toBe('false');
});

test('is required by CommonJS', () => {
  const code = "const { NetNs } = require('node-netns'); console.log(NetNs.current().inode > 0)";
  expect(run('common.cjs', code)).toBe('true');
});

test('its types are found from both', () => {
  const code = [
    "import { NetNs, type NetlinkError } from 'node-netns';",
    'export const inode: number = NetNs.current().inode;',
    'export const code = (error: NetlinkError): string => error.code;',
    '// @ts-expect-error: there is no such option',
    "export const ns = NetNs.open({ id: 'web' });",
    '',
  ].join('\n');
  for (const name of ['types.mts', 'types.cts']) writeFileSync(join(folder, name), code);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2022',
  ];
  const types = [
    '--lib',
    'es2023,esnext.disposable',
    '--typeRoots',
    join(root, 'node_modules/@types'),
  ];
  const options = { cwd: folder, encoding: 'utf8', timeout: 20_000 } as const;
  let output = '';
  try {
    execFileSync(process.execPath, [tsc, ...flags, ...types, 'types.mts', 'types.cts'], options);
  } catch (error) {
    output = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  }
  expect(output).toBe('');
});
