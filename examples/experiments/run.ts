// npm run experiments [-- NAME...]: the classical experiments of container networking, all or some.
import { experiments } from './index.ts';
import { perform } from './lab.ts';

const names = process.argv.slice(2);
const unknown = names.filter((name) => !experiments.some((one) => one.name === name));
if (unknown.length > 0 || names.includes('--help')) {
  const width = Math.max(...experiments.map((one) => one.name.length));
  for (const name of unknown) if (name !== '--help') console.error(`no experiment '${name}'`);
  console.error('experiments:');
  for (const one of experiments) console.error(`  ${one.name.padEnd(width)}  ${one.title}`);
  process.exit(names.includes('--help') ? 0 : 2);
}
for (const one of experiments) {
  if (names.length === 0 || names.includes(one.name)) await perform(one);
}
