import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
    // Two test files in one host would see each other's links.
    fileParallelism: process.env.NETNS_TEST_HOST === undefined,
    poolOptions: { forks: { maxForks: 2, minForks: 1, execArgv: ['--expose-gc'] } },
    projects: [
      {
        extends: true,
        resolve: { alias: { 'node-netns': path('lib/index.ts') } },
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], pool: 'forks' },
      },
      {
        extends: true,
        resolve: { alias: { 'node-netns': path('lib/index.ts') } },
        test: {
          name: 'kernel',
          include: ['test/{integration,interop,fault,public}/**/*.test.ts'],
          pool: 'forks',
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/leaks.ts'],
        },
      },
    ],
  },
});
