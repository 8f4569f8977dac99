import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allSnippets } from '../support/snippets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the package, so that a snippet's `import 'node-netns'` is this package, as built.
const folder = `${root}build/docs`;
const run = promisify(execFile);
const snippets = allSnippets().map((snippet) => ({
  ...snippet,
  file: `${folder}/${snippet.name.replaceAll(/[^A-Za-z0-9]+/g, '-')}.ts`,
}));

describe('every block of TypeScript in the documents', () => {
  beforeAll(() => {
    if (!existsSync(`${root}dist/index.js`)) throw new Error('not built: npm run build:ts');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const { file, code } of snippets) writeFileSync(file, code);
    // As TypeScript for its types, and once for all as what Node runs.
    const files = snippets.map(({ file }) => file);
    const flags = [`--outdir=${folder}`, '--out-extension:.js=.mjs', '--format=esm'];
    execFileSync(
      `${root}node_modules/.bin/esbuild`,
      ['--log-level=warning', '--target=node20', ...flags, ...files],
      { timeout: 20_000 },
    );
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions: {
        noUnusedLocals: false,
        paths: { 'node-netns': ['../../dist/index.d.ts'] },
      },
      include: ['.'],
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('there are some', () => {
    expect(snippets.length).toBeGreaterThan(5);
  });

  test('has the right types', { timeout: 60_000 }, () => {
    const tsc = `${root}node_modules/typescript/bin/tsc`;
    const options = { encoding: 'utf8', timeout: 60_000 } as const;
    let output = '';
    try {
      execFileSync(process.execPath, [tsc, '-p', folder], options);
    } catch (error) {
      output = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    }
    expect(output).toBe('');
  });

  // Each in a process and a host of its own, so several at once.
  test.concurrent.each(snippets)('runs: $name', { timeout: 60_000 }, async ({ file }) => {
    const module = file.replace(/ts$/, 'mjs');
    const command = ['-k', '2', '50', 'scripts/test-host', process.execPath, module];
    const { stderr } = await run('timeout', command, { cwd: root, encoding: 'utf8' });
    expect(stderr).toBe('');
  });
});
