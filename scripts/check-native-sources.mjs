// Fails when binding.gyp and native/CMakeLists.txt list different sources, or leave one out.
import { readdirSync, readFileSync } from 'node:fs';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const sources = (text) =>
  [...text.matchAll(/[\w/-]+\.cc\b/g)].map(([path]) => path.replace(/^native\//, ''));

// What is built from the same sources for developers alone is left out.
const cmake = read('native/CMakeLists.txt').replaceAll(
  /#.*|add_executable\(netns-stress[^)]*\)/g,
  '',
);
const lists = {
  'binding.gyp': sources(read('binding.gyp')),
  'native/CMakeLists.txt': sources(cmake),
  'native/': readdirSync(new URL('../native/', import.meta.url)).filter((name) =>
    name.endsWith('.cc'),
  ),
};
const all = new Set(Object.values(lists).flat());
let wrong = 0;
for (const source of [...all].sort()) {
  for (const [where, list] of Object.entries(lists)) {
    const times = list.filter((each) => each === source).length;
    if (times === 1) continue;
    console.error(`${source}: ${times === 0 ? 'missing from' : `${times} times in`} ${where}`);
    wrong++;
  }
}
process.exitCode = wrong > 0 ? 1 : 0;
