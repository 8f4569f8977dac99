// npm run bench [-- --only CASE[,CASE]] [--quick] [--list] [--markdown]
// Every case lets its contestants take turns, so that what the machine does meanwhile meets all.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Case } from './harness/case.ts';
import { Host } from './harness/host.ts';
import { writeMarkdown } from './harness/markdown.ts';
import { rows, writeRun } from './harness/report.ts';
import { Figures, judged, type Result } from './harness/statistics.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});

// A case is a file in cases/, and its name is the file's.
const names = readdirSync(new URL('cases/', import.meta.url))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .sort();

async function load(name: string): Promise<Case> {
  const module: { default: Case } = await import(`./cases/${name}.ts`);
  return module.default;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function runCase(one: Case, host: Host): Promise<Result> {
  const { contestants, close } = await one.open(host);
  const turns = Object.keys(contestants);
  const figures = new Map(turns.map((name) => [name, new Figures()]));
  const rounds = values.quick ? 1 : one.rounds;
  const counts = (name: string) => {
    const count = one.counts?.[name] ?? one.count;
    if (!values.quick) return count;
    return one.lasting ? 1 : Math.max(1, Math.ceil(count / 8));
  };
  try {
    // The first turns warm caches, the just-in-time compiler and the kernel's slabs; not counted.
    const warming = values.quick ? (one.lasting || one.count === 1 ? 0 : 1) : (one.warming ?? 1);
    for (let round = -warming; round < rounds; round++) {
      // Whoever goes first in one round goes last in the next.
      const ordered = round % 2 === 0 ? turns : [...turns].reverse();
      const order = round < -1 ? ordered.filter((name) => name.startsWith('ours')) : ordered;
      for (const name of order) {
        progress(`${one.name}: ${round < 0 ? 'warming' : `${round + 1}/${rounds}`} ${name}`);
        const done = await contestants[name](counts(name));
        if (round >= 0) figures.get(name)?.add(done);
        await host.settle(values.quick ? 20 : 150);
      }
    }
  } finally {
    await close?.();
    await host.settle();
    progress('');
  }
  return judged(one, figures);
}

if (values.list) {
  for (const name of names) console.log(`${name.padEnd(20)} ${(await load(name)).title}`);
  process.exit(0);
}
if (process.env.NETNS_TEST_HOST === undefined) {
  console.error('the benchmark changes the network: npm run bench gives it a host of its own');
  process.exit(1);
}
const wanted = values.only.flatMap((some) => some.split(','));
for (const name of wanted) {
  if (!names.includes(name)) {
    console.error(`no case is called ${name}; there are: ${names.join(', ')}`);
    process.exit(1);
  }
}

// Given up, it ends with the case that is running, and writes what it has.
let ending = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    ending = true;
    console.error(`${signal}: this case is the last`);
  });
}

const host = new Host();
const results: Result[] = [];
const failures: string[] = [];
try {
  host.prepare();
  for (const name of wanted.length > 0 ? wanted : names) {
    if (ending) break;
    try {
      const result = await runCase(await load(name), host);
      results.push(result);
      console.log(`${rows(result)}\n`);
    } catch (error) {
      failures.push(name);
      console.error(`${name}: failed:`, error);
    }
  }
} finally {
  host.close();
}
console.log(`written: ${writeRun(results, values.quick)}`);
if (values.markdown) console.log(`written: ${writeMarkdown(results)}`);
const verdicts = results.flatMap((result) => result.verdicts);
const met = verdicts.filter((verdict) => verdict.met).length;
console.log(`${met} of ${verdicts.length} goals met`);
if (failures.length > 0) console.error(`failed: ${failures.join(', ')}`);
process.exit(failures.length > 0 ? 1 : 0);
