/**
 * What test files import from vitest, without vite: its own runner and its own `expect`, which
 * scripts/test-kernels.mjs bundles in the place of 'vitest'. On an emulated machine vitest needs a
 * minute and a half before the first test; this needs seconds.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
  startTests,
  test,
} from '@vitest/runner';
import * as chai from 'chai';
import { absences } from '../probe.ts';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** An emulated machine is 10 to 50 times slower. */
const SLOWNESS = 20;

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test };

const matchers = Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT) as object;
export const expect = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  matchers,
);
/** Asks again until the matcher is content: `expect.poll(fn).toBe(…)`, `.not.toBe(…)`. */
function poll(ask: () => unknown, { timeout = 1_000, interval = 50 } = {}): object {
  const matchers = (negated: boolean) =>
    new Proxy(
      {},
      {
        get(_, matcher) {
          if (matcher === 'not') return matchers(true);
          return async (...wanted: unknown[]) => {
            const deadline = Date.now() + timeout * SLOWNESS;
            for (;;) {
              try {
                const assertion = expect(await ask());
                const asked = negated ? assertion.not : assertion;
                return Reflect.get(asked, matcher).apply(asked, wanted);
              } catch (error) {
                if (Date.now() > deadline) throw error;
                await new Promise((resolve) => setTimeout(resolve, interval));
              }
            }
          };
        },
      },
    );
  return matchers(false);
}
Object.assign(expect, { poll });
// Matchers keep the count of assertions under the object they belong to.
setState({ assertionCalls: 0 }, Reflect.get(globalThis, Symbol.for('expect-global')) ?? expect);

/** What the host reads, a line each, behind this mark. */
const MARK = '\u0001';
const tell = (line: object) => process.stdout.write(`${MARK}${JSON.stringify(line)}\n`);

/** Runs one file of tests, telling of each as it ends, and what the kernel has not. */
export async function runFile(file: string, load: () => Promise<unknown>): Promise<void> {
  const began = Date.now();
  const [result] = await startTests([file], {
    config: {
      root: '/',
      setupFiles: [],
      passWithNoTests: false,
      sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
      maxConcurrency: 1,
      testTimeout: 6_000 * SLOWNESS,
      hookTimeout: 6_000 * SLOWNESS,
      retry: 0,
    },
    importFile: load,
    onAfterRunTask(task) {
      const { state = 'skip', errors } = task.result ?? {};
      let { suite } = task;
      let { name } = task;
      for (; suite !== undefined; suite = suite.suite) name = `${suite.name} > ${name}`;
      tell({
        file,
        name,
        state,
        errors: errors?.map(({ stack, message, diff }) => [stack ?? message, diff].join('\n')),
      });
    },
  });
  const told = (tasks: typeof result.tasks, before: string): void => {
    for (const task of tasks) {
      if (task.type === 'suite') told(task.tasks, `${before}${task.name} > `);
      else if (task.mode === 'skip') tell({ file, name: `${before}${task.name}`, state: 'skip' });
    }
  };
  told(result.tasks, '');
  const failures = [result, ...result.tasks].flatMap((each) =>
    each.type === 'suite' ? (each.result?.errors ?? []) : [],
  );
  for (const error of failures) {
    tell({ file, name: '(outside its tests)', state: 'fail', errors: [error.stack] });
  }
  tell({ file, end: true, absent: absences(), seconds: (Date.now() - began) / 1000 });
  process.exit(0);
}
