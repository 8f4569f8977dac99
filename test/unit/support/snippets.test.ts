import { expect, test } from 'vitest';
import { snippetsIn } from '../../support/snippets.ts';

const fence = '```';

test('a block gets the hidden lines before it, until the next heading', () => {
  const text = [
    '# One',
    '<!-- prelude',
    "import { NetNs } from 'node-netns';",
    'const web = NetNs.createSync();',
    '-->',
    `${fence}ts`,
    "import { link, NetNs } from 'node-netns';",
    "import * as net from 'node:net';",
    'web.close();',
    fence,
    `${fence}sh`,
    'npm test',
    fence,
    '## Two',
    `${fence}ts`,
    'done();',
    fence,
  ].join('\n');
  const [first, second, ...more] = snippetsIn('a.md', text);
  expect(more).toEqual([]);
  expect(first).toEqual({
    name: 'a.md:6',
    code: [
      "import { NetNs, link } from 'node-netns';",
      "import * as net from 'node:net';",
      'const web = NetNs.createSync();',
      '{',
      'web.close();',
      '}',
      'export {};',
      '',
    ].join('\n'),
  });
  expect(second.code).toBe('\n{\ndone();\n}\nexport {};\n');
});

test('a block without an end is told by its line', () => {
  expect(() => snippetsIn('a.md', `text\n${fence}ts\ncode`)).toThrow('a.md:2: no ``` follows');
});
