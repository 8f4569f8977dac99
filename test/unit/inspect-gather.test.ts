import { describe, expect, it } from 'vitest';
import { namespaceMounts } from '../../lib/inspect/mounts.ts';
import { inodeAt, residents } from '../../lib/inspect/processes.ts';
import { type Reference, resolveReferences } from '../../lib/inspect/resolve.ts';

describe('namespaceMounts', () => {
  it('reads names, other mounts, and what hides what', () => {
    const text = `22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
500 30 0:4 net:[4026532201] /run/netns/web rw shared:100 - nsfs nsfs rw
501 30 0:4 net:[4026532300] /run/netns/a\\040b\\134c rw - nsfs nsfs rw
502 30 0:4 net:[4026532400] /run/docker/netns/9f rw shared:1 master:2 - nsfs nsfs rw
503 30 0:4 net:[4026532500] /run/netns/web rw shared:100 - nsfs nsfs rw
504 30 0:4 mnt:[4026532600] /run/mounts/x rw - nsfs nsfs rw
505 30 0:9 net:[1] /elsewhere rw - ext4 /dev/sda rw
506 30 0:4 net:[4026532700] /var/run/netns/old rw - nsfs nsfs rw
507 30 0:4 net:[4026532800] /run/netns/sub/deep rw - nsfs nsfs rw
508 30 0:4 net:[4026532900] /run/netns/caf\xe9 rw - nsfs nsfs rw
`;
    expect(namespaceMounts(text)).toEqual([
      { inode: 4026532500, path: '/run/netns/web', name: 'web' },
      { inode: 4026532300, path: '/run/netns/a b\\c', name: 'a b\\c' },
      { inode: 4026532400, path: '/run/docker/netns/9f' },
      { inode: 4026532700, path: '/var/run/netns/old', name: 'old' },
      { inode: 4026532800, path: '/run/netns/sub/deep' },
      { inode: 4026532900, path: '/run/netns/café', name: 'café' },
    ]);
  });
});

describe('residents', () => {
  it('finds this process in its namespace, and no thread of the kernel', () => {
    const here = inodeAt('/proc/self/ns/net');
    const found = residents();
    const self = found.find(({ pid, threads }) => pid === process.pid && threads === undefined);
    expect(self?.inode).toBe(here);
    expect(self?.command.length).toBeGreaterThan(0);
    expect(found.some(({ command }) => command === 'kthreadd')).toBe(false);
  });
});

describe('resolveReferences', () => {
  const pair = (namespace: string, index: number, far: number, nsid?: number): Reference => ({
    namespace,
    index,
    far,
    nsid,
    pair: true,
  });

  /** Namespaces as the kernel would know them: who knows whom by which id. */
  function kernel(ids: Record<string, Record<string, number>>) {
    const asked: string[] = [];
    const ask = async (namespace: string, others: readonly string[]) => {
      asked.push(`${namespace}: ${others.join(' ')}`);
      return others.map((other) => ids[namespace]?.[other]);
    };
    return { ask, asked };
  }

  it('asks a host once for all its containers, and no container at all', async () => {
    const references = [
      pair('a', 2, 7, 0),
      pair('host', 7, 2, 0),
      pair('host', 8, 2, 1),
      pair('b', 2, 8, 0),
    ];
    const links = new Map([
      [
        'host',
        new Map([
          [7, 2],
          [8, 2],
        ]),
      ],
      ['a', new Map([[2, 7]])],
      ['b', new Map([[2, 8]])],
    ]);
    const { ask, asked } = kernel({ host: { a: 0, b: 1 } });
    expect(await resolveReferences(references, links, new Map(), ask)).toEqual([
      'host',
      'a',
      'b',
      'host',
    ]);
    expect(asked).toEqual(['host: a b']);
  });

  it('asks nobody where the answer is known', async () => {
    const references = [
      pair('host', 7, 2, 5),
      pair('a', 2, 7, 0),
      pair('host', 3, 4),
      pair('host', 4, 3),
    ];
    const links = new Map([
      [
        'host',
        new Map([
          [7, 2],
          [3, 4],
          [4, 3],
        ]),
      ],
      ['a', new Map([[2, 7]])],
    ]);
    const known = new Map([['a', new Map([[0, 'host']])]]);
    const { ask, asked } = kernel({});
    expect(await resolveReferences(references, links, known, ask)).toEqual([
      'a',
      'host',
      'host',
      'host',
    ]);
    expect(asked).toEqual([]);
  });

  it('is not deceived by equal indices: the kernel decides', async () => {
    // Two hosts, whose containers' links have the very same indices.
    const references = [
      pair('h1', 7, 2, 0),
      pair('h2', 7, 2, 0),
      pair('a', 2, 7, 0),
      pair('b', 2, 7, 0),
    ];
    const links = new Map([
      ['h1', new Map([[7, 2]])],
      ['h2', new Map([[7, 2]])],
      ['a', new Map([[2, 7]])],
      ['b', new Map([[2, 7]])],
    ]);
    const { ask } = kernel({ h1: { b: 0 }, h2: { a: 0 }, a: { h2: 0 }, b: { h1: 0 } });
    expect(await resolveReferences(references, links, new Map(), ask)).toEqual([
      'b',
      'a',
      'h2',
      'h1',
    ]);
  });

  it('leaves open what lies out of reach', async () => {
    const references = [pair('host', 7, 2, 3), pair('host', 9, 5, 4)];
    const links = new Map([
      [
        'host',
        new Map([
          [7, 2],
          [9, 5],
        ]),
      ],
      ['a', new Map([[2, 7]])],
    ]);
    const { ask, asked } = kernel({ host: { a: 8 } });
    expect(await resolveReferences(references, links, new Map(), ask)).toEqual([
      undefined,
      undefined,
    ]);
    // Nobody has a link of index 5: nobody is asked about it.
    expect(asked).toEqual(['host: a']);
  });

  it('finds a lower link, which does not refer back', async () => {
    const lower: Reference = { namespace: 'a', index: 3, far: 2, nsid: 0, pair: false };
    const links = new Map<string, Map<number, number | undefined>>([
      ['host', new Map([[2, undefined]])],
      ['a', new Map([[3, 2]])],
      ['b', new Map([[2, undefined]])],
    ]);
    const { ask } = kernel({ a: { host: 0 } });
    expect(await resolveReferences([lower], links, new Map(), ask)).toEqual(['host']);
  });
});
