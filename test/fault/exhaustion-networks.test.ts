import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const library = new URL('../../dist/index.js', import.meta.url).href;

/** Runs a script against the library in a process of its own that may open few descriptors. */
function script(body: string): string[] {
  const code = `
    import { BridgeNetwork, MacvlanNetwork, NetNs, RoutedNetwork } from ${JSON.stringify(library)};
    import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
    /** What the process has open, by kind. */
    const open = () => readdirSync('/proc/self/fd').flatMap((fd) => {
      try { return [readlinkSync('/proc/self/fd/' + fd).replace(/:\\[\\d+\\]/, '')]; } catch { return []; }
    }).sort();
    /** Leaves room for so many descriptors while \`work\` goes on. */
    async function cramped(room, work) {
      const held = [];
      try { for (;;) held.push(openSync('/dev/null')); } catch {}
      for (const fd of held.splice(0, room)) closeSync(fd);
      try { return await work(); } finally { for (const fd of held) closeSync(fd); }
    }
    const settle = () => new Promise((resolve) => setTimeout(resolve, 150));
    ${body}`;
  const node = [process.execPath, '--input-type=module', '-e', code];
  const { stdout, stderr } = spawnSync('prlimit', ['--nofile=160:160', ...node], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

test('attaches that run out of descriptors, again and again, leave none behind', () => {
  const out = script(`
    const plain = await BridgeNetwork.create({ name: 'n0', subnet: '10.1.0.0/16' });
    const pooled = await RoutedNetwork.create({ name: 'n1', subnet: '10.2.0.0/16',
      pool: { low: 0, high: 4, addressed: false, recycle: 'verified' } });
    let refused = 0;
    const turn = async (room) => {
      const one = async (network, back) => {
        try {
          const endpoint = await network.attach();
          try {
            await endpoint.netns.link.list();
          } finally {
            await (back ? endpoint.recycle() : endpoint.detach());
          }
        } catch (error) {
          if (error.code !== 'EMFILE') throw error;
          refused++;
        }
      };
      await cramped(room, () => Promise.all(
        [one(plain), one(pooled, true), one(plain), one(pooled), one(plain), one(pooled, true)]));
      // What was given back waits in the pool: taken and destroyed, it is gone.
      while (pooled.stats().pool.ready > 0) await (await pooled.attach()).detach();
    };
    // Wide at first: sockets that are kept for all later, lanes, the watch of the reaper.
    for (let i = 0; i < 10; i++) await turn(60);
    const wide = refused;
    await settle();
    const before = { open: open(), stats: NetNs.stats() };
    for (let i = 0; i < 120; i++) await turn(i % 24);
    await turn(60);
    await settle();
    const after = { open: open(), stats: NetNs.stats() };
    console.log(wide, refused > 100);
    const more = after.open.filter((kind) =>
      after.open.filter((one) => one === kind).length > before.open.filter((one) => one === kind).length);
    console.log(JSON.stringify([...new Set(more)]));
    console.log(JSON.stringify([after.stats.handles - before.stats.handles,
      after.stats.sockets - before.stats.sockets, after.stats.descriptors - before.stats.descriptors]));
    console.log(plain.stats().addresses.used, pooled.stats().addresses.used);
    await plain.delete();
    await pooled.delete();
    console.log(JSON.stringify(NetNs.stats().handles), readdirSync('/sys/class/net').join());`);
  expect(out).toEqual(['0 true', '[]', '[0,0,0]', '0 0', '0 lo']);
}, 110_000);

test('a macvlan network that runs out of descriptors leaves none behind', () => {
  const out = script(`
    const host = NetNs.current();
    await host.link.add({ kind: 'veth', name: 'up0', peer: { name: 'up1' } });
    const net = await MacvlanNetwork.create({ name: 'n2', parent: 'up0', subnet: '10.3.0.0/16' });
    let refused = 0;
    const turn = (room) => cramped(room, () => Promise.all([1, 2, 3].map(async () => {
      try {
        const endpoint = await net.attach();
        await endpoint.detach();
      } catch (error) {
        if (error.code !== 'EMFILE') throw error;
        refused++;
      }
    })));
    for (let i = 0; i < 5; i++) await turn(60);
    await settle();
    const before = open();
    for (let i = 0; i < 40; i++) await turn(i % 14);
    await turn(60);
    await settle();
    const after = open();
    console.log(refused > 20, after.length - before.length, net.stats().addresses.used);
    await net.delete();
    await host.link.delete('up0');
    host.close();`);
  expect(out).toEqual(['true 0 0']);
}, 110_000);
