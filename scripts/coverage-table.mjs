// node scripts/coverage-table.mjs: writes docs/coverage.md from the attribute tables.
import './typescript.mjs';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { coverage } = await import('./coverage.ts');
writeFileSync(fileURLToPath(new URL('../docs/coverage.md', import.meta.url)), await coverage());
