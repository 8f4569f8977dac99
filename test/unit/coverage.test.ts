import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { coverage } from '../../scripts/coverage.ts';

const file = fileURLToPath(new URL('../../docs/coverage.md', import.meta.url));

test('docs/coverage.md is what the tables say (node scripts/coverage-table.mjs)', async () => {
  const text = await coverage();
  expect(readFileSync(file, 'utf8')).toBe(text);
  // A generator that finds no tables would agree with an empty document.
  for (const name of [
    'IFLA_VXLAN_ID',
    'NDA_LLADDR',
    'FRA_PRIORITY',
    'TCA_HTB_PARMS',
    'RTA_GATEWAY',
  ]) {
    expect(text).toContain(`\`${name}\``);
  }
});
