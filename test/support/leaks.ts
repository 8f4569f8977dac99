import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { differences, readState, type State } from './state.ts';

// The kernel frees namespaces, and the links that end in them, some time after the last close.
const patience = 5_000;

// Made once, when first used, and kept: the shared mount that iproute2 also makes and keeps.
const standing = [
  /^mounts: new: \/netns on \/run\/netns$/,
  // libuv's own, of the first watcher of a loop.
  /^descriptors: new: anon_inode:inotify$/,
];

let before: State;

// What the process opens on its own account, once: a pool thread and the inotify of a watcher
// are started here, so that a test is not blamed for being the first.
beforeAll(() => {
  before = readState();
});

// Registered before the file's own hooks, so that it runs after them.
afterAll(async () => {
  const deadline = Date.now() + patience;
  let left: string[];
  for (;;) {
    left = differences(before, readState()).filter(
      (line) => !standing.some((pattern) => pattern.test(line)),
    );
    if (left.length === 0 || Date.now() > deadline) break;
    await sleep(20);
  }
  expect(left, 'left behind by this test file').toEqual([]);
});
