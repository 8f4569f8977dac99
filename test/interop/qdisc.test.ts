import { NetNs, type Qdisc, type QdiscSpec, type TrafficClass } from 'node-netns';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../support/errors.ts';
import { inside } from '../support/ip.ts';
import { hasQdisc } from '../support/probe.ts';

type Json = Record<string, unknown>;

async function pair(): Promise<NetNs> {
  const ns = await NetNs.create();
  await ns.link.add({ kind: 'veth', name: 'a0', up: true, peer: { name: 'a1', up: true } });
  return ns;
}

const tc = (ns: NetNs, ...args: string[]): string => inside(ns.path, 'tc', ...args);
const show = (ns: NetNs): Json[] => JSON.parse(tc(ns, '-j', '-s', 'qdisc', 'show', 'dev', 'a0'));
const options = (ns: NetNs): Json => (show(ns)[0].options ?? {}) as Json;

/** Sets a qdisc up, reads it with tc and ourselves, then what tc itself made of the same words. */
async function both(
  spec: QdiscSpec,
  words: string,
): Promise<{ ours: Qdisc; theirs: Json; ofTc: Qdisc }> {
  using ns = await pair();
  await ns.qdisc.add(spec);
  const [ours] = await ns.qdisc.list({ dev: 'a0', parent: 'root' });
  const theirs = options(ns);
  await ns.qdisc.delete({ dev: 'a0' });
  tc(ns, 'qdisc', 'add', 'dev', 'a0', 'root', ...words.split(' '));
  const [ofTc] = await ns.qdisc.list({ dev: 'a0', parent: 'root' });
  return { ours, theirs, ofTc };
}

/**
 * What must be the same whoever made it: all but the name that the kernel gave, what has passed,
 * and the seed of netem's chances.
 */
const essence = (qdisc: Qdisc) => ({
  ...qdisc,
  handle: undefined,
  statistics: undefined,
  directPackets: undefined,
  seed: undefined,
});

const CASES: [QdiscSpec, string][] = [
  [{ dev: 'a0', kind: 'pfifo', limit: 77 }, 'pfifo limit 77'],
  [{ dev: 'a0', kind: 'bfifo', limit: 15000 }, 'bfifo limit 15000'],
  [{ dev: 'a0', kind: 'htb', default: ':30', r2q: 20 }, 'htb default 30 r2q 20'],
  [
    {
      dev: 'a0',
      kind: 'prio',
      bands: 4,
      priomap: [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 3, 3],
    },
    'prio bands 4 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 3 3',
  ],
  [
    {
      dev: 'a0',
      kind: 'fq_codel',
      limit: 1000,
      flows: 512,
      quantum: 300,
      target: '4ms',
      interval: '80ms',
      ecn: false,
      memoryLimit: '4mb',
    },
    'fq_codel limit 1000 flows 512 quantum 300 target 4ms interval 80ms noecn memory_limit 4mb',
  ],
  [
    {
      dev: 'a0',
      kind: 'fq',
      limit: 1000,
      flowLimit: 50,
      quantum: 3000,
      maxRate: '8mbit',
      refillDelay: 40,
      horizon: '9s',
    },
    'fq limit 1000 flow_limit 50 quantum 3000 maxrate 8mbit refill_delay 40ms horizon 9s',
  ],
  [
    { dev: 'a0', kind: 'sfq', perturb: 10, quantum: 1600, limit: 100 },
    'sfq perturb 10 quantum 1600 limit 100',
  ],
  [
    {
      dev: 'a0',
      kind: 'netem',
      delay: '100ms',
      jitter: '10ms',
      delayCorrelation: 25,
      loss: 1,
      duplicate: 0.5,
      corrupt: 0.1,
      reorder: 25,
      reorderCorrelation: 50,
      gap: 5,
    },
    'netem delay 100ms 10ms 25% loss 1% duplicate 0.5% corrupt 0.1% reorder 25% 50% gap 5',
  ],
  [
    { dev: 'a0', kind: 'netem', lossGemodel: { p: 1, r: 10, lossInBad: 70, lossInGood: 0.1 } },
    'netem loss gemodel 1% 10% 70% 0.1%',
  ],
  [{ dev: 'a0', kind: 'netem', rate: '50gbit', packetOverhead: 20 }, 'netem rate 50gbit 20'],
  [
    {
      dev: 'a0',
      kind: 'netem',
      slot: { minDelay: '1ms', maxDelay: '5ms', packets: 10, bytes: '64k' },
    },
    'netem slot 1ms 5ms packets 10 bytes 64k',
  ],
];

describe('what we make and what tc makes of the same words are one', () => {
  test.skipIf(!hasQdisc('tbf', 'rate 1mbit burst 10k latency 1ms'))('tbf', async () => {
    const { ours, theirs, ofTc } = await both(
      { dev: 'a0', kind: 'tbf', rate: '12345kbit', burst: '5kb', latency: '50ms' },
      'tbf rate 12345kbit burst 5kb latency 50ms',
    );
    expect(essence(ours)).toEqual(essence(ofTc));
    // The kernel keeps the time of a burst, which is a byte or two of it.
    expect(theirs).toMatchObject({ rate: 12345000 / 8, burst: expect.closeTo(5120, -1) });
    expect(ours).toMatchObject({ kind: 'tbf', rate: 12345000, burst: expect.closeTo(5120, -1) });
    if (ours.kind !== 'tbf' || !('latency' in ours)) throw new Error(ours.kind);
    expect(Number(ours.latency)).toBeCloseTo(50, 1);
  });

  test.skipIf(!hasQdisc('tbf', 'rate 1mbit burst 10k latency 1ms'))(
    'tbf over 32 bits',
    async () => {
      const { ours, theirs, ofTc } = await both(
        { dev: 'a0', kind: 'tbf', rate: '80gbit', burst: '500kb', limit: '5mb' },
        'tbf rate 80gbit burst 500kb limit 5mb',
      );
      expect(essence(ours)).toEqual(essence(ofTc));
      expect(ours).toMatchObject({ rate: 80e9, limit: 5 * 2 ** 20 });
      expect(theirs).toMatchObject({ rate: 10e9 });
    },
  );

  test.skipIf(!hasQdisc('tbf', 'rate 1mbit burst 10k latency 1ms'))('tbf with a peak', async () => {
    const { ours, ofTc } = await both(
      {
        dev: 'a0',
        kind: 'tbf',
        rate: '10mbit',
        burst: '10kb',
        limit: '30kb',
        peakRate: '20mbit',
        mtu: 1540,
      },
      'tbf rate 10mbit burst 10kb limit 30kb peakrate 20mbit mtu 1540',
    );
    // tc 6.1 rounds times to microseconds, which is a byte or two of the second bucket.
    expect({ ...essence(ours), mtu: 0 }).toEqual({ ...essence(ofTc), mtu: 0 });
    expect(ours).toMatchObject({ peakRate: 20e6, mtu: expect.closeTo(1540, -1) });
  });

  for (const [spec, words] of CASES) {
    const [kind, ...rest] = words.split(' ');
    test.skipIf(!hasQdisc(kind, rest.join(' ')))(`${words}`, async () => {
      const { ours, ofTc } = await both(spec, words);
      expect(essence(ours)).toEqual(essence(ofTc));
    });
  }
});

test('handles, parents, statistics, and a change in place', async () => {
  using ns = await pair();
  await ns.qdisc.add({ dev: 'a0', kind: 'pfifo', limit: 50, handle: '7:' });
  const index = (await ns.link.get('a0')).index;
  const [made] = await ns.qdisc.list({ dev: 'a0' });
  expect(made).toMatchObject({
    dev: index,
    kind: 'pfifo',
    handle: '7:',
    parent: 'root',
    limit: 50,
  });
  expect(made.statistics).toMatchObject({ bytes: expect.any(Number), drops: 0, queueLength: 0 });
  expect((await errorOf(() => ns.qdisc.add({ dev: 'a0', kind: 'pfifo', limit: 9 }))).code).toBe(
    'EEXIST',
  );
  await ns.qdisc.set({ dev: 'a0', kind: 'pfifo', handle: '7:', limit: 60 });
  expect((await ns.qdisc.list({ dev: 'a0' }))[0]).toMatchObject({ handle: '7:', limit: 60 });
  await ns.qdisc.replace({ dev: 'a0', kind: 'bfifo', limit: 9000 });
  expect((await ns.qdisc.list({ dev: index }))[0]).toMatchObject({ kind: 'bfifo', limit: 9000 });
  // Every link has some: the list is of one.
  expect((await ns.qdisc.list()).length).toBeGreaterThan(1);
  await ns.qdisc.delete({ dev: 'a0' });
  expect(await ns.qdisc.list({ dev: 'a0', kind: 'bfifo' })).toEqual([]);
});

test('ingress and clsact, and a flush', async () => {
  using ns = await pair();
  await ns.qdisc.add({ dev: 'a0', kind: 'ingress' });
  expect(show(ns).map((one) => one.kind)).toContain('ingress');
  await ns.qdisc.delete({ dev: 'a0', kind: 'ingress' });
  await ns.qdisc.add({ dev: 'a0', kind: 'clsact' });
  await ns.qdisc.add({ dev: 'a0', kind: 'pfifo', limit: 5 });
  expect((await ns.qdisc.list({ dev: 'a0' })).map((one) => one.kind).sort()).toEqual([
    'clsact',
    'pfifo',
  ]);
  expect(await ns.qdisc.flush({ dev: 'a0' })).toBe(2);
  expect((await ns.qdisc.list({ dev: 'a0' })).map((one) => one.kind)).not.toContain('clsact');
});

test('classes of htb, read by tc and by us', async () => {
  using ns = await pair();
  await ns.qdisc.add({ dev: 'a0', kind: 'htb', handle: '1:', default: 0x20 });
  await ns.trafficClass.add({
    dev: 'a0',
    parent: '1:',
    classId: '1:1',
    kind: 'htb',
    rate: '100mbit',
  });
  await ns.trafficClass.add({
    dev: 'a0',
    parent: '1:1',
    classId: '1:10',
    kind: 'htb',
    rate: '5mbit',
    ceil: '50mbit',
    burst: '15k',
    cburst: '20k',
    prio: 3,
    quantum: 2000,
  });
  await ns.trafficClass.add({
    dev: 'a0',
    parent: '1:1',
    classId: '1:20',
    kind: 'htb',
    rate: '60gbit',
  });
  tc(
    ns,
    ...'class add dev a0 parent 1:1 classid 1:30 htb rate 5mbit ceil 50mbit burst 15k cburst 20k prio 3 quantum 2000'.split(
      ' ',
    ),
  );
  const classes = await ns.trafficClass.list({ dev: 'a0' });
  const by = (id: string): TrafficClass => {
    const found = classes.find((one) => one.classId === id);
    if (found === undefined) throw new Error(`no class ${id}`);
    return found;
  };
  expect(by('1:10')).toMatchObject({
    parent: '1:1',
    rate: 5e6,
    ceil: 50e6,
    burst: 15360,
    cburst: 20480,
    prio: 3,
    quantum: 2000,
  });
  expect(by('1:20')).toMatchObject({ rate: 60e9, ceil: 60e9 });
  // tc 6.1 rounds the time of a burst to microseconds, which is some bytes of it.
  const rest = (one: TrafficClass) => ({
    ...one,
    classId: '',
    statistics: undefined,
    leaf: undefined,
    burst: 0,
    cburst: 0,
  });
  expect(rest(by('1:10'))).toEqual(rest(by('1:30')));
  // tc 6.1 has no JSON for classes of htb.
  expect(tc(ns, 'class', 'show', 'dev', 'a0')).toMatch(
    /class htb 1:10 parent 1:1 prio 3 rate 5Mbit ceil 50Mbit burst 15Kb cburst 20Kb/,
  );

  await ns.trafficClass.set({
    dev: 'a0',
    parent: '1:1',
    classId: '1:10',
    kind: 'htb',
    rate: '7mbit',
    ceil: '50mbit',
  });
  expect(
    (await ns.trafficClass.list({ dev: 'a0' })).find((one) => one.classId === '1:10'),
  ).toMatchObject({ rate: 7e6 });
  await ns.trafficClass.delete({ dev: 'a0', classId: '1:30' });
  expect((await ns.trafficClass.list({ dev: 'a0' })).map((one) => one.classId).sort()).toEqual([
    '1:1',
    '1:10',
    '1:20',
  ]);
  expect((await errorOf(() => ns.trafficClass.delete({ dev: 'a0', classId: '1:99' }))).code).toBe(
    'ENOENT',
  );
});

test('a kind that no table knows works with raw options', async () => {
  using ns = await pair();
  const error = await errorOf(() => ns.qdisc.add({ dev: 'a0', kind: 'nonsense' }));
  expect(error).toMatchObject({ code: 'ENOENT', syscall: 'RTM_NEWQDISC' });
  await ns.qdisc.add({ dev: 'a0', kind: 'pfifo_head_drop', options: new Uint8Array([9, 0, 0, 0]) });
  expect(await ns.qdisc.list({ dev: 'a0', parent: 'root' })).toEqual([
    expect.objectContaining({ kind: 'pfifo_head_drop', options: new Uint8Array([9, 0, 0, 0]) }),
  ]);
});
