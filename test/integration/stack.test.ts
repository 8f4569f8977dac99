import { afterAll, beforeAll, expect, it } from 'vitest';
import { BridgeNetwork, link, NetNs } from '../../lib/index.ts';

let ns: NetNs;
beforeAll(async () => {
  ns = await NetNs.create('stack');
});
afterAll(() => ns.delete());

/** What the error of an operation shows of where it was asked for. */
async function stackOf(work: () => Promise<unknown>): Promise<string> {
  const error: unknown = await work().catch((failed: unknown) => failed);
  expect(error).toBeInstanceOf(Error);
  return (error as Error).stack ?? '';
}

async function userRequest(): Promise<void> {
  await ns.link.delete('nothing');
}
async function userBatch(): Promise<void> {
  await ns.batch([link.set('lo', { up: true }), link.delete('nothing')]);
}
async function userLimited(): Promise<void> {
  await ns.link.delete('nothing', { timeout: 5_000 });
}
async function userName(): Promise<void> {
  await NetNs.create('stack');
}
async function userNetwork(): Promise<void> {
  await using network = await BridgeNetwork.create({ name: 'stack0', subnet: '10.88.0.0/16' });
  try {
    using host = NetNs.current();
    await host.link.delete('stack0');
    await network.attach();
  } finally {
    await network.delete();
  }
}

it.each([userRequest, userBatch, userLimited, userName, userNetwork])(
  'an error of %o says who asked',
  async (user) => {
    const stack = await stackOf(user);
    expect(stack).toMatch(new RegExp(`\\n    at (async )?${user.name} `));
    // The first line is the message still.
    expect(stack.split('\n')[0]).toMatch(
      /^NetlinkError: (link\.delete|NetNs\.create|network\.attach|batch)/,
    );
  },
);

it('an error that nobody awaits keeps where it was made', async () => {
  const error = await new Promise<Error>((resolve) => {
    ns.link.delete('nothing').then(undefined, resolve);
  });
  expect(error.stack).toContain('\n    at ');
});
