import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { addon } from '../../lib/native.ts';
import { messages, newBridge } from '../support/messages.ts';
import { AF_NETLINK, namespace, runPlan, SOCK_RAW } from '../support/plan.ts';

const EBADF = -9;
const EAGAIN = -11;
const EBUSY = -16;
const EINVAL = -22;
const ENOBUFS = -105;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_TYPE = 3;
const CLONE_NEWNET = 0x40000000;
const CLONE_NEWUSER = 0x10000000;

const open: number[] = [];
const keep = (fd: number): number => {
  expect(fd).toBeGreaterThan(2);
  open.push(fd);
  return fd;
};
afterEach(() => {
  for (const fd of open.splice(0)) addon.close(fd);
  expect(addon.openFds()).toBe(0);
});

/** An abstract address. */
const address = (name: string): Uint8Array => Buffer.from(`\x01\0\0${name}`);

function pair(): [number, number] {
  const name = `netns-${process.pid}-${Math.random()}`;
  const server = keep(addon.socket(AF_UNIX, SOCK_DGRAM, 0));
  const client = keep(addon.socket(AF_UNIX, SOCK_DGRAM, 0));
  expect(addon.bind(server, address(name))).toBe(0);
  expect(addon.connect(client, address(name))).toBe(0);
  return [client, server];
}

describe('descriptors', () => {
  test('only owned ones are closed', () => {
    const fd = addon.open('/dev/null', 0);
    expect(addon.openFds()).toBe(1);
    expect(addon.close(fd)).toBe(true);
    expect(addon.close(fd)).toBe(false);
    expect(addon.close(0)).toBe(false);
    expect(addon.close(-1)).toBe(false);
    expect(addon.close(1 << 30)).toBe(false);
    expect(addon.fstat(0)).toHaveLength(2);
  });

  test('given away and taken back', () => {
    const fd = addon.open('/dev/null', 0);
    expect(addon.release(fd)).toBe(true);
    expect(addon.release(fd)).toBe(false);
    expect(addon.close(fd)).toBe(false);
    addon.adopt(fd);
    addon.adopt(fd);
    expect(addon.openFds()).toBe(1);
    expect(addon.close(fd)).toBe(true);
    expect(addon.fstat(fd)).toBe(EBADF);
  });

  test('what can not be opened is a negative errno', () => {
    expect(addon.open('/missing', 0)).toBe(-2);
    expect(addon.open('/dev/null\0x', 0)).toBe(EINVAL);
    expect(() => Reflect.apply(addon.open, addon, [4])).toThrow();
    expect(() => Reflect.apply(addon.close, addon, ['4'])).toThrow();
  });

  test('what a namespace is', () => {
    const ns = keep(addon.open('/proc/self/ns/net', 0));
    expect(addon.nsType(ns)).toBe(CLONE_NEWNET);
    const user = keep(addon.nsUser(ns));
    expect(addon.nsType(user)).toBe(CLONE_NEWUSER);
    expect(addon.nsOwnerUid(user)).toBe(0);
    expect(addon.nsType(keep(addon.open('/dev/null', 0)))).toBeLessThan(0);
    expect(addon.nsParent(ns)).toBe(EINVAL);
    expect(addon.fstat(ns)).toEqual(addon.fstat(keep(addon.open('/proc/thread-self/ns/net', 0))));
  });

  test('lanes keep their home once there are any', async () => {
    await runPlan((plan) => plan.stat(0));
    expect(addon.rehome()).toBe(EBUSY);
    expect(addon.lanes().threads).toBe(1);
  });
});

describe('sockets', () => {
  test('datagrams, one and many', () => {
    const [client, server] = pair();
    const into = new Uint8Array(100_000);
    expect(addon.receive(server, into)).toBe(EAGAIN);
    const text = Buffer.from('hello, world');
    expect(addon.send(client, text, 5)).toBe(5);
    expect(addon.send(client, text, 13)).toBe(EINVAL);
    expect(addon.receive(server, into)).toBe(5);
    expect(Buffer.from(into.subarray(0, 5)).toString()).toBe('hello');

    const sizes = new Int32Array(3);
    expect(addon.receiveMany(server, into, sizes)).toBe(EAGAIN);
    for (const length of [1, 6, 3, 4]) addon.send(client, text, length);
    const nsids = new Int32Array(3);
    expect(addon.receiveMany(server, into, sizes, nsids)).toBe(3);
    expect([...sizes]).toEqual([1, 6, 3]);
    expect([...nsids]).toEqual([-1, -1, -1]);
    expect(Buffer.from(into.subarray(4, 10)).toString()).toBe('hello,');
    expect(Buffer.from(into.subarray(12, 15)).toString()).toBe('hel');
    expect(addon.receiveMany(server, into, sizes, nsids)).toBe(1);
  });

  test('one that is cut says so', () => {
    const [client, server] = pair();
    addon.send(client, new Uint8Array(100), 100);
    expect(addon.receive(server, new Uint8Array(10))).toBe(100);
    addon.send(client, new Uint8Array(100), 100);
    const sizes = new Int32Array(1);
    expect(addon.receiveMany(server, new Uint8Array(10), sizes)).toBe(1);
    expect(sizes[0]).toBe(-10);
  });

  test('addresses and options', () => {
    const name = `netns-${process.pid}-listener`;
    const server = keep(addon.socket(AF_UNIX, SOCK_STREAM, 0));
    const client = keep(addon.socket(AF_UNIX, SOCK_STREAM, 0));
    expect(addon.bind(server, address(name))).toBe(0);
    expect(addon.listen(server, 1)).toBe(0);
    expect(addon.connect(client, address(name))).toBe(0);
    keep(addon.accept(server));
    const into = new Uint8Array(128);
    expect(addon.getsockname(server, into)).toBe(3 + name.length);
    expect(addon.getpeername(client, into)).toBe(3 + name.length);
    expect(addon.getsockopt(server, SOL_SOCKET, SO_TYPE, into)).toBe(4);
    expect(into[0]).toBe(SOCK_STREAM);
    expect(addon.bind(4711, address(name))).toBe(EBADF);
  });

  test('events lost are told, whatever came before them', async () => {
    const { ns, socket } = await namespace();
    keep(ns);
    keep(socket);
    const made = await runPlan((plan) => {
      const slot = plan.slot();
      plan.enter(ns);
      plan.socket(slot, AF_NETLINK, SOCK_RAW, 0, 4096);
      plan.setsockopt(~slot, 270, 1, 1);
      plan.export(slot);
    });
    const listener = keep(made.fd(0));
    addon.setsockopt(listener, SOL_SOCKET, SO_RCVBUF, new Uint8Array([0, 16, 0, 0]));
    await runPlan((plan) =>
      plan.transact(socket, messages(...Array.from({ length: 20 }, (_, i) => newBridge(`br${i}`)))),
    );
    const into = new Uint8Array(1 << 20);
    const sizes = new Int32Array(64);
    let lost = 0;
    let heard = 0;
    for (;;) {
      const count = addon.receiveMany(listener, into, sizes);
      if (count === EAGAIN) break;
      if (count === ENOBUFS) lost++;
      else for (let i = 0; i < count; i++) sizes[i] === -1 ? lost++ : heard++;
    }
    expect(lost).toBeGreaterThan(0);
    expect(heard).toBeGreaterThan(0);
  });
});

describe('polling', () => {
  test('tells what can be read, while it is not stopped or closed', async () => {
    const [client, server] = pair();
    const into = new Uint8Array(10);
    let calls = 0;
    const poll = addon.poll(server, (events) => {
      expect(events & 1).toBe(1);
      addon.receive(server, into);
      calls++;
    });
    addon.send(client, into, 1);
    await expect.poll(() => calls, { interval: 1 }).toBe(1);
    poll.stop();
    addon.send(client, into, 1);
    await sleep(20);
    expect(calls).toBe(1);
    poll.start();
    await expect.poll(() => calls, { interval: 1 }).toBe(2);
    poll.close();
    poll.close();
    poll.start();
    poll.stop();
    poll.ref();
    addon.send(client, into, 1);
    await sleep(20);
    expect(calls).toBe(2);
  });

  test('closing the descriptor ends it; the number polled anew is another', async () => {
    const [client, server] = pair();
    let first = 0;
    addon.poll(server, () => first++);
    addon.close(server);
    const [other, again] = pair();
    expect([other, again]).toContain(server);
    addon.send(other, new Uint8Array(1), 1);
    await sleep(20);
    expect(first).toBe(0);
    expect(addon.send(client, new Uint8Array(1), 1)).toBeLessThan(0);
  });

  test('closed from its own callback, and dropped', async () => {
    const [client, server] = pair();
    const closed = await new Promise<string>((resolve) => {
      const poll = addon.poll(server, () => {
        poll.close();
        resolve('closed');
      });
      addon.send(client, new Uint8Array(1), 1);
    });
    expect(closed).toBe('closed');
    for (let i = 0; i < 200; i++) addon.poll(server, () => {}).close();
    global.gc?.();
    await sleep(5);
  });

  test('what can not be polled is an error', () => {
    const file = keep(addon.open('/etc/passwd', 0));
    expect(() => addon.poll(file, () => {})).toThrow();
    expect(() => addon.poll(4711, () => {})).toThrow();
    expect(() => Reflect.apply(addon.poll, addon, [file])).toThrow(TypeError);
  });
});
