// npm run bench [-- --only CASE[,CASE]] [--quick] [--list]
// Every case lets its contestants take turns, so that what the machine does meanwhile meets all.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Case } from './harness/case.ts';
import { Host } from './harness/host.ts';
import { rows, writeJson } from './harness/report.ts';
import { judged, type Result } from './harness/statistics.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

async function loadCases(): Promise<Case[]> {
  const files = readdirSync(new URL('cases/', import.meta.url)).filter((f) => f.endsWith('.ts'));
  const modules = await Promise.all(
    files.sort().map((file): Promise<{ default: Case }> => import(`./cases/${file}`)),
  );
  return modules.map((module) => module.default);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function runCase(one: Case, host: Host): Promise<Result> {
  const { contestants, close } = await one.open(host);
  const names = Object.keys(contestants);
  const samples: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const rounds = values.quick ? Math.min(2, one.rounds) : one.rounds;
  const counts = (name: string) => {
    const count = one.counts?.[name] ?? one.count;
    return values.quick ? Math.max(1, Math.ceil(count / 4)) : count;
  };
  try {
    // The first turn warms caches, the just-in-time compiler and the kernel's slabs; not counted.
    for (let round = -1; round < rounds; round++) {
      // Whoever goes first in one round goes last in the next.
      const order = round % 2 === 0 ? names : [...names].reverse();
      for (const name of order) {
        progress(`${one.name}: ${round < 0 ? 'warming' : `${round + 1}/${rounds}`} ${name}`);
        const figures = await contestants[name](
          round < 0 ? Math.ceil(counts(name) / 4) : counts(name),
        );
        if (round >= 0) samples[name].push(...figures);
        await host.settle();
      }
    }
  } finally {
    await close?.();
    await host.settle();
    progress('');
  }
  return judged(one, samples);
}

const cases = await loadCases();
if (values.list) {
  for (const one of cases) console.log(`${one.name.padEnd(20)} ${one.title}`);
  process.exit(0);
}
if (process.env.NETNS_TEST_HOST === undefined) {
  console.error('the benchmark changes the network: npm run bench gives it a host of its own');
  process.exit(1);
}
const wanted = values.only.flatMap((names) => names.split(','));
for (const name of wanted) {
  if (!cases.some((one) => one.name === name)) {
    console.error(`no case is called ${name}; --list tells them`);
    process.exit(1);
  }
}

const host = new Host();
const results: Result[] = [];
const failures: string[] = [];
try {
  host.prepare();
  for (const one of cases.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    try {
      const result = await runCase(one, host);
      results.push(result);
      console.log(`${rows(result)}\n`);
    } catch (error) {
      failures.push(one.name);
      console.error(`${one.title}: failed:`, error);
    }
  }
} finally {
  host.close();
}
console.log(`written: ${writeJson(results, values.quick)}`);
const verdicts = results.flatMap((result) => result.verdicts);
const met = verdicts.filter((verdict) => verdict.met).length;
console.log(`${met} of ${verdicts.length} goals met`);
if (failures.length > 0) console.error(`failed: ${failures.join(', ')}`);
process.exit(failures.length > 0 ? 1 : 0);
