import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Refuses to run where the tests would change the machine's own network, or without the addon. */
export default function setup(): void {
  if (process.env.NETNS_TEST_HOST === undefined) {
    throw new Error(
      'these tests change the network: run them in a host of their own, ' +
        'scripts/test-host npx vitest run --project kernel FILE (or npm test)',
    );
  }
  if (!existsSync(`${root}/build/Release/netns.node`) && !existsSync(`${root}/prebuilds`)) {
    throw new Error('the native addon is not built: npm run build:native');
  }
}
