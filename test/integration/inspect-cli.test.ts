import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Graph, NetNs } from 'node-netns';
import { afterAll, beforeAll, expect, test } from 'vitest';

// As users get it: `npm test` builds what is older than its sources.
const command = [fileURLToPath(new URL('../../dist/inspect/cli.js', import.meta.url))];

let web: NetNs;

beforeAll(async () => {
  web = await NetNs.create('t-cli');
  await web.link.add({ kind: 'bridge', name: 'br-cli' });
});

afterAll(async () => {
  await web.delete();
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [...command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

test('prints text unless told otherwise, and ends with 0', async () => {
  const { code, stderr, stdout } = await run();
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^here {2}net:\[\d+\]/);
  expect(stdout).toMatch(/^t-cli {2}net:\[\d+\]\n {2}lo +loopback down\n {2}br-cli +bridge down$/m);
});

test.each([
  ['mermaid', /^flowchart LR\n {2}subgraph ns0\["t-cli<br/],
  ['dot', /^graph netns \{\n[\s\S]*label="t-cli\\n/],
  ['svg', /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*>br-cli<\/text>[\s\S]*<\/svg>\n$/],
])('prints %s', async (format, pattern) => {
  const { code, stdout } = await run('--format', format, 't-cli');
  expect(code).toBe(0);
  expect(stdout).toMatch(pattern);
});

test('prints JSON, of some namespaces alone', async () => {
  const { code, stdout } = await run('-f', 'json', 't-cli', `net:[${web.inode}]`);
  expect(code).toBe(0);
  const graph: Graph = JSON.parse(stdout);
  expect(graph.namespaces).toHaveLength(1);
  expect(graph.namespaces[0].links.map(({ name }) => name)).toEqual(['lo', 'br-cli']);
});

test('explains itself', async () => {
  const { code, stdout } = await run('--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^usage: node-netns /);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test.each([
  [
    'a format that there is not',
    ['--format', 'png'],
    "unknown format 'png': text, mermaid, dot, svg, json",
  ],
  ['an option that there is not', ['--color'], "'--color'"],
  ['a format that is left out', ['--format'], '--format'],
])('ends with 2 for %s', async (_, args, message) => {
  const { code, stderr, stdout } = await run(...args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
  expect(stderr).toContain('--help');
});

test('ends with 1 for a namespace that is not there', async () => {
  const { code, stderr } = await run('nowhere');
  expect(code).toBe(1);
  expect(stderr).toBe("node-netns: no namespace 'nowhere' can be reached\n");
});

test('a reader that goes away is no failure', async () => {
  const child = spawn(
    'sh',
    ['-c', `${[process.execPath, ...command].join(' ')} -f json | head -c 1`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  expect(stderr).toBe('');
});
