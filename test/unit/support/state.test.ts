import { expect, test } from 'vitest';
import { added, differences, readState, type State } from '../../support/state.ts';

const empty: State = {
  descriptors: [],
  threads: [],
  names: [],
  mounts: [],
  links: [],
  routes: [],
  processes: [],
};

test('added counts entries that are alike', () => {
  expect(added(['a', 'b'], ['b', 'a'])).toEqual([]);
  expect(added(['a'], ['a', 'a', 'c'])).toEqual(['a', 'c']);
  expect(added(['a', 'a'], ['a'])).toEqual([]);
});

test('differences name what is new in each topic, and links that have gone', () => {
  const before = { ...empty, links: ['lo', 'eth0'], descriptors: ['socket:[1]'] };
  const after = {
    ...empty,
    links: ['lo', 'veth0'],
    descriptors: ['socket:[7]', 'socket:[8]', 'net:[5]'],
    mounts: ['net:[5] on /run/netns/x'],
    threads: ['thread 9 in net:[5]'],
  };
  expect(differences(before, after)).toEqual([
    'threads: new: thread 9 in net:[5]',
    'mounts: new: net:[5] on /run/netns/x',
    'links: new: veth0',
    'links: gone: eth0',
    'descriptors: new: socket',
    'descriptors: new: net:[5]',
  ]);
});

test('a process compared with itself differs in nothing, and an open file shows', async () => {
  const { open } = await import('node:fs/promises');
  const before = readState();
  expect(differences(before, readState())).toEqual([]);
  const file = await open('/proc/self/status');
  expect(differences(before, readState()).join('\n')).toMatch(/descriptors: new: .*\/status/);
  await file.close();
});
