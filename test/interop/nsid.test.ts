import { NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';

test('a namespace is given an id by another, looked up and listed', async () => {
  using here = await NetNs.create();
  using there = await NetNs.create();
  using other = await NetNs.create();
  expect(await here.nsid.get(there)).toBeUndefined();
  await here.nsid.assign(there, 7);
  await here.nsid.assign(other);
  expect(await here.nsid.get(there)).toBe(7);
  const second = await here.nsid.get(other);
  expect(second).toBeTypeOf('number');
  expect((await here.nsid.list()).map((one) => one.id).sort()).toEqual([7, second].sort());
  expect((await errorOf(() => here.nsid.assign(there, 8))).code).toBe('EEXIST');
  // Ids belong to who gives them.
  expect(await other.nsid.list()).toEqual([]);
});

test('ids of links that end elsewhere are these ids, and ip agrees', async () => {
  using here = await NetNs.create();
  await using there = await NetNs.create('nsid-there');
  await here.nsid.assign(there, 31);
  await here.link.add({ kind: 'veth', name: 'a0', peer: { name: 'b0', netns: there } });
  expect((await here.link.get('a0')).linkNetnsId).toBe(31);
  expect(inside(here.path, 'ip', 'netns', 'list-id')).toMatch(/nsid 31/);
  inside(here.path, 'ip', 'link', 'show', 'a0');
  // By name and by a process of it.
  expect(await here.nsid.get('nsid-there')).toBe(31);
  expect(await here.nsid.get({ pid: process.pid })).toBeUndefined();
  await there.delete({ wait: true });
});
