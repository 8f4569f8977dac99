import { afterEach, describe, expect, test } from 'vitest';
import { addon } from '../../lib/native.ts';
import type { Messages } from '../../lib/netlink/messages.ts';
import { RECORD_REPLIES } from '../../lib/netlink/result.ts';
import {
  deleteLink,
  dumpLinks,
  getLink,
  linksIn,
  messages,
  newBridge,
  setAlias,
} from '../support/messages.ts';
import {
  AF_NETLINK,
  namespace,
  type Ran,
  runPlan,
  runPlanHere,
  SOCK_RAW,
  submitPlan,
} from '../support/plan.ts';

const EBADF = -9;
const EEXIST = -17;
const ENODEV = -19;
const EINVAL = -22;
const ENOTSOCK = -88;
const EOPNOTSUPP = -95;
const ENOBUFS = -105;
const EINTR = -4;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;

const open: number[] = [];

/** A socket in a new namespace. */
async function socketIn(protocol = 0, receiveBuffer = 0): Promise<number> {
  const { ns, socket } = await namespace(protocol, receiveBuffer);
  open.push(ns, socket);
  return socket;
}

afterEach(() => {
  for (const fd of open.splice(0)) addon.close(fd);
  expect(addon.openFds()).toBe(0);
});

const transact = (socket: number, all: Messages, tries = 1): Promise<Ran> =>
  runPlan((plan) => plan.transact(socket, all, 0, tries));

const repliesOf = (ran: Ran, message = 0): Uint8Array => {
  const records = ran.of(RECORD_REPLIES).filter((record) => record.message === message);
  expect(records.length).toBeLessThanOrEqual(1);
  return records[0]?.payload ?? new Uint8Array(0);
};

const names = async (socket: number): Promise<string[]> => {
  const ran = await transact(socket, messages(dumpLinks()), 10);
  expect(ran.errno).toBe(0);
  return linksIn(repliesOf(ran)).map((link) => link.name);
};

describe('answers', () => {
  test('each question gets its own', async () => {
    const socket = await socketIn();
    const all = messages(newBridge('br0'), getLink('lo'), getLink(1), newBridge('br1'));
    const ran = await transact(socket, all);
    expect(ran).toMatchObject({ errno: 0, errors: [] });
    expect(ran.of(RECORD_REPLIES).map((record) => record.message)).toEqual([1, 2]);
    expect(linksIn(repliesOf(ran, 1))).toEqual([{ index: 1, name: 'lo' }]);
    expect(await names(socket)).toEqual(['lo', 'br0', 'br1']);
  });

  test('the same on the calling thread', async () => {
    const socket = await socketIn();
    const ran = runPlanHere((plan) =>
      plan.transact(socket, messages(newBridge('br0'), getLink('lo'))),
    );
    expect(linksIn(repliesOf(ran, 1))).toEqual([{ index: 1, name: 'lo' }]);
  });

  test("an error is told with its message, the kernel's words and where it points", async () => {
    const socket = await socketIn();
    const all = messages(newBridge('br0'), newBridge('br0'), newBridge('br1'));
    const ran = await transact(socket, all);
    expect(ran).toMatchObject({ errno: EEXIST, step: 0, message: 1, syscall: undefined });
    expect(ran.errors).toEqual([
      { message: 1, errno: EEXIST, offset: 0, text: expect.any(String) },
    ]);
    // What was sent along is done: the kernel has no transactions.
    expect(await names(socket)).toEqual(['lo', 'br0', 'br1']);

    const bad = messages((m) => {
      m.begin(16, 0x600, 'RTM_NEWLINK');
      for (let i = 0; i < 4; i++) m.writer.u32(0);
      const name = m.writer.begin(3);
      m.writer.string('a-name-that-is-far-too-long');
      m.writer.end(name);
      m.end();
    });
    const refused = await transact(socket, bad);
    expect(refused.errors[0]).toMatchObject({ message: 0, offset: 32 });
    expect(refused.errors[0].text).not.toBe('');
  });

  test('all errors of a segment are collected, in the order of the messages', async () => {
    const socket = await socketIn();
    const all = messages(
      newBridge('br0'),
      newBridge('br0'),
      deleteLink(4711, { optional: true }),
      getLink(4712),
      newBridge('br1'),
    );
    const ran = await transact(socket, all);
    expect(ran).toMatchObject({ errno: EEXIST, message: 1 });
    expect(ran.errors.map(({ message, errno }) => [message, errno])).toEqual([
      [1, EEXIST],
      [2, ENODEV],
      [3, ENODEV],
    ]);
  });

  test('an optional message may fail', async () => {
    const socket = await socketIn();
    const optional = { optional: true };
    const all = messages(newBridge('br0'), newBridge('br0', optional), getLink(99, optional));
    const ran = await transact(socket, all);
    expect(ran).toMatchObject({ errno: 0, message: -1 });
    expect(ran.errors.map(({ message }) => message)).toEqual([1, 2]);
  });

  test('a long attribute', async () => {
    const socket = await socketIn();
    const long = 'a'.repeat(250);
    await transact(socket, messages(newBridge('br0'), setAlias('br0', long, { barrier: true })));
    const ran = await transact(socket, messages(getLink('br0')));
    expect(Buffer.from(repliesOf(ran)).includes(long)).toBe(true);
  });

  test('what is no socket, or not open', async () => {
    const file = addon.open('/dev/null', 0);
    open.push(file);
    const none = await transact(file, messages(getLink(1)));
    expect(none).toMatchObject({ errno: ENOTSOCK, message: -1, syscall: 'sendmsg' });
    const gone = await runPlan((plan) => plan.transact(~plan.slot(), messages(getLink(1))));
    expect(gone).toMatchObject({ errno: EBADF, message: -1, syscall: 'sendmsg' });
  });
});

describe('barriers', () => {
  test('what comes after a barrier is not sent when something before it failed', async () => {
    const socket = await socketIn();
    const all = messages(newBridge('lo'), newBridge('br0', { barrier: true }));
    expect(await transact(socket, all)).toMatchObject({ errno: EEXIST, message: 0 });
    expect(await names(socket)).toEqual(['lo']);
  });

  test('a link that the plan itself makes is found behind one', async () => {
    const socket = await socketIn();
    const all = messages(newBridge('br0'), setAlias('br0', 'mine', { barrier: true }));
    expect(await transact(socket, all)).toMatchObject({ errno: 0 });
    const ran = await transact(socket, messages(getLink('br0')));
    expect(Buffer.from(repliesOf(ran)).includes('mine')).toBe(true);
  });
});

describe('names of links', () => {
  test('one that is not there fails its message, and nothing of the segment is sent', async () => {
    const socket = await socketIn();
    const ran = await transact(
      socket,
      messages(newBridge('br0'), getLink('missing'), newBridge('br1')),
    );
    expect(ran).toMatchObject({ errno: ENODEV, message: 1, syscall: 'SIOCGIFINDEX' });
    expect(ran.errors).toEqual([{ message: 1, errno: ENODEV, offset: 0, text: '' }]);
    expect(await names(socket)).toEqual(['lo']);
  });

  test('an optional message with such a name is left out, the others keep their answers', async () => {
    const socket = await socketIn();
    const optional = { optional: true };
    const all = messages(newBridge('lo', optional), getLink('missing', optional), getLink('lo'));
    const ran = await transact(socket, all);
    expect(ran.errno).toBe(0);
    expect(ran.errors.map(({ message, errno }) => [message, errno])).toEqual([
      [0, EEXIST],
      [1, ENODEV],
    ]);
    expect(linksIn(repliesOf(ran, 2))).toEqual([{ index: 1, name: 'lo' }]);
    // In the order of the messages, though the second was found out first.
    const order = ran.records.map((record) => record.message);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test('an alternative name, longer than any name can be', async () => {
    const socket = await socketIn();
    const long = 'an-alternative-name-of-a-bridge';
    const property = (m: Messages): void => {
      m.begin(108, 0x600, 'RTM_NEWLINKPROP');
      m.writer.u32(0);
      m.linkIndex('br0');
      m.writer.u32(0);
      m.writer.u32(0);
      const list = m.writer.begin(52 | 0x8000);
      const name = m.writer.begin(53);
      m.writer.string(long);
      m.writer.end(name);
      m.writer.end(list);
      m.end();
    };
    await transact(socket, messages(newBridge('br0')));
    expect((await transact(socket, messages(property))).errors).toEqual([]);
    const ran = await transact(socket, messages(getLink(long)));
    expect(linksIn(repliesOf(ran))).toMatchObject([{ name: 'br0' }]);
    const missing = await transact(socket, messages(getLink(`${long}-missing`)));
    expect(missing).toMatchObject({ errno: ENODEV, syscall: 'RTM_GETLINK' });
  });

  test('as a step of its own', async () => {
    const socket = await socketIn();
    const lo = await runPlan((plan) => plan.linkNameOf(socket, 1));
    expect(Buffer.from(lo.data(0)).toString()).toBe('lo');
    const missing = await runPlan((plan) => plan.linkNameOf(socket, 0x7fff_ffff));
    expect(missing).toMatchObject({ errno: ENODEV, syscall: 'SIOCGIFNAME' });
  });
});

describe('a great deal at once', () => {
  test('more messages than the receive buffer holds acknowledgements', async () => {
    const socket = await socketIn();
    const count = 1500;
    const all = messages(...Array.from({ length: count }, () => setAlias(1, 'x')));
    expect(await transact(socket, all)).toMatchObject({ errno: 0, errors: [] });
  });

  test("as many errors, with the kernel's explanation of each: none is lost", async () => {
    const socket = await socketIn();
    const count = 1000;
    const bad = (m: Messages): void => {
      m.begin(16, 0x600, 'RTM_NEWLINK', undefined, { optional: true });
      for (let i = 0; i < 4; i++) m.writer.u32(0);
      const name = m.writer.begin(3);
      m.writer.string('a-name-that-is-far-too-long');
      m.writer.end(name);
      m.end();
    };
    const ran = await transact(socket, messages(...Array.from({ length: count }, () => bad)));
    expect(ran.errno).toBe(0);
    expect(ran.errors.map((error) => error.message)).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    for (const error of ran.errors)
      expect(error).toMatchObject({ errno: expect.any(Number), offset: 32 });
    for (const error of ran.errors) expect(error.text).not.toBe('');
  });

  test('a hundred questions of a thousand bytes each', async () => {
    const socket = await socketIn();
    const ran = await transact(
      socket,
      messages(...Array.from({ length: 100 }, () => getLink('lo'))),
    );
    expect(ran.errno).toBe(0);
    for (let i = 0; i < 100; i++)
      expect(linksIn(repliesOf(ran, i))).toEqual([{ index: 1, name: 'lo' }]);
  });

  test('more bytes than one send takes', async () => {
    const socket = await socketIn();
    const all = messages(...Array.from({ length: 1000 }, () => setAlias('lo', 'y'.repeat(250))));
    expect(all.writer.length).toBeGreaterThan(230_000);
    expect(await transact(socket, all)).toMatchObject({ errno: 0, errors: [] });
  });

  test('a later segment is not sent after a failure', async () => {
    const socket = await socketIn();
    const fill = Array.from({ length: 600 }, () => setAlias(1, 'x'));
    const ran = await transact(socket, messages(newBridge('lo'), ...fill, newBridge('br0')));
    expect(ran).toMatchObject({ errno: EEXIST, message: 0 });
    expect(await names(socket)).toEqual(['lo']);
  });

  test('a receive buffer that is too small for the answers: asked again, or told', async () => {
    const socket = await socketIn();
    expect(addon.setsockopt(socket, SOL_SOCKET, SO_RCVBUF, new Uint8Array(4))).toBe(0);
    const gets = await transact(socket, messages(...Array.from({ length: 30 }, () => getLink(1))));
    expect(gets).toMatchObject({ errno: 0, errors: [] });
    for (let i = 0; i < 30; i++)
      expect(linksIn(repliesOf(gets, i))).toEqual([{ index: 1, name: 'lo' }]);
    const sets = await transact(
      socket,
      messages(...Array.from({ length: 30 }, () => setAlias(1, 'z'))),
    );
    expect([0, ENOBUFS]).toContain(sets.errno);
    // Told for each whose fate is not known.
    if (sets.errno === ENOBUFS) expect(sets.errors[0].text).toBe('acknowledgement lost');
  });
});

describe('dumps', () => {
  test('between other messages, with its own answers', async () => {
    const socket = await socketIn();
    const ran = await transact(
      socket,
      messages(newBridge('br0'), dumpLinks(), deleteLink('br0'), dumpLinks()),
      10,
    );
    expect(ran.errno).toBe(0);
    expect(linksIn(repliesOf(ran, 1)).map((link) => link.name)).toEqual(['lo', 'br0']);
    expect(linksIn(repliesOf(ran, 3)).map((link) => link.name)).toEqual(['lo']);
  });

  test('one that the kernel refuses', async () => {
    const socket = await socketIn();
    const all = messages((m) => {
      m.begin(18, 0x300, 'RTM_GETLINK');
      m.writer.u32(0);
      m.writer.u32(0);
      m.writer.u32(0xffff);
      m.writer.u32(0);
      m.end();
    });
    const ran = await transact(socket, all, 5);
    expect(ran).toMatchObject({ errno: EINVAL, message: 0 });
    expect(ran.errors[0].text).toMatch(/dump/i);
    const unknown = await transact(
      socket,
      messages((m) => {
        m.begin(122, 0x300, 'RTM_GETSTATS?');
        m.writer.u32(0);
        m.end();
      }),
    );
    expect([EOPNOTSUPP, EINVAL]).toContain(unknown.errno);
    expect(await names(socket)).toEqual(['lo']);
  });

  test('interrupted again and again: whole in the end, or an error that says so', async () => {
    const socket = await socketIn();
    const made = Array.from({ length: 200 }, (_, i) => `br${i}`);
    expect((await transact(socket, messages(...made.map((name) => newBridge(name))))).errno).toBe(
      0,
    );
    const inside = await runPlan((plan) => {
      const slot = plan.slot();
      plan.enter(open[0]);
      plan.socket(slot, AF_NETLINK, SOCK_RAW, 0);
      plan.export(slot);
    });
    const other = inside.fd(0);
    open.push(other);
    let interrupted = 0;
    let whole = 0;
    // Whether the two meet is chance: until both ways have been seen.
    for (let round = 0; round < 8 || (round < 120 && interrupted * whole === 0); round++) {
      const churn = messages(...Array.from({ length: 30 }, (_, i) => newBridge(`x${round}-${i}`)));
      // On two threads at once: the changes on a lane, the dump on this one.
      const changing = submitPlan((plan) => plan.transact(other, churn));
      const ran = runPlanHere((plan) =>
        plan.transact(socket, messages(dumpLinks()), 0, 1 + (round % 2) * 50),
      );
      if (ran.errno === 0) {
        whole++;
        expect(linksIn(repliesOf(ran)).filter((link) => link.name.startsWith('br'))).toHaveLength(
          200,
        );
      } else {
        interrupted++;
        expect(ran).toMatchObject({ errno: EINTR, message: 0 });
        expect(ran.errors[0].text).toBe('dump interrupted');
        expect(ran.of(RECORD_REPLIES)).toHaveLength(0);
      }
      await changing.done;
    }
    expect(interrupted).toBeGreaterThan(0);
    expect(whole).toBeGreaterThan(0);
  }, 60_000);
});

describe('nfnetlink', () => {
  const header = (m: Messages, family: number, resource = 0): void => {
    m.writer.u8(family);
    m.writer.u8(0);
    m.writer.be16(resource);
  };
  const begin = (m: Messages): void => {
    m.begin(0x10, 0, 'NFNL_MSG_BATCH_BEGIN', undefined, { noAck: true });
    header(m, 0, 10);
    m.end();
  };
  const end = (m: Messages): void => {
    m.begin(0x11, 0, 'NFNL_MSG_BATCH_END', undefined, { noAck: true, hold: true });
    header(m, 0, 10);
    m.end();
  };
  const table =
    (name: string, flags = 0x400) =>
    (m: Messages): void => {
      m.begin(0x0a00, flags, 'NFT_MSG_NEWTABLE', undefined, { hold: true });
      header(m, 1);
      const at = m.writer.begin(1);
      m.writer.string(name);
      m.writer.end(at);
      m.end();
    };
  const list = (m: Messages): void => {
    m.begin(0x0a01, 0x300, 'NFT_MSG_GETTABLE');
    header(m, 0);
    m.end();
  };
  const tables = async (socket: number): Promise<number> => {
    const ran = await transact(socket, messages(list), 5);
    expect(ran.errno).toBe(0);
    let count = 0;
    const bytes = repliesOf(ran);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += (view.getUint32(at, true) + 3) & ~3) count++;
    return count;
  };

  test('a batch whose frame is not acknowledged', async () => {
    const socket = await socketIn(NETLINK_NETFILTER);
    const ran = await transact(socket, messages(begin, table('one'), table('two'), end));
    expect(ran).toMatchObject({ errno: 0, errors: [] });
    expect(await tables(socket)).toBe(2);
  });

  test('all or nothing, and every error told', async () => {
    const socket = await socketIn(NETLINK_NETFILTER);
    await transact(socket, messages(begin, table('one'), end));
    const exclusive = table('one', 0x600);
    const ran = await transact(socket, messages(begin, table('two'), exclusive, exclusive, end));
    expect(ran).toMatchObject({ errno: EEXIST, message: 2 });
    expect(ran.errors.map((error) => error.message)).toEqual([2, 3]);
    expect(await tables(socket)).toBe(1);
  });

  test('a batch that is refused as a whole does not wait for what never comes', async () => {
    const socket = await socketIn(NETLINK_NETFILTER);
    const unknown = (m: Messages): void => {
      m.begin(0x10, 0, 'NFNL_MSG_BATCH_BEGIN', undefined, { noAck: true });
      header(m, 0, 200);
      m.end();
    };
    const from = performance.now();
    const ran = await transact(socket, messages(unknown, table('one'), end));
    expect(ran.errno).toBeLessThan(0);
    expect(ran.message).toBe(0);
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(await tables(socket)).toBe(0);
  });

  test("a batch larger than the socket's buffers stays one", async () => {
    const socket = await socketIn(NETLINK_NETFILTER);
    const many = Array.from({ length: 6000 }, (_, i) => table(`table-with-a-name-${i}`));
    const all = messages(begin, ...many, end);
    expect(all.writer.length).toBeGreaterThan(230_000);
    expect(await transact(socket, all)).toMatchObject({ errno: 0, errors: [] });
    expect(await tables(socket)).toBe(6000);
    const failing = messages(
      begin,
      ...many.slice(0, 300),
      table('one', 0x600),
      table('one', 0x600),
      end,
    );
    expect(await transact(socket, failing)).toMatchObject({ errno: EEXIST, message: 302 });
    expect(await tables(socket)).toBe(6000);
  }, 60_000);
});

// Last: the kernel takes its time to free so many.
describe('many links', () => {
  test('hundreds of links, whole', async () => {
    const socket = await socketIn();
    const made = Array.from({ length: 300 }, (_, i) => `br${i}`);
    expect((await transact(socket, messages(...made.map((name) => newBridge(name))))).errno).toBe(
      0,
    );
    expect(await names(socket)).toEqual(['lo', ...made]);
    const here = runPlanHere((plan) => plan.transact(socket, messages(dumpLinks()), 0, 5));
    expect(linksIn(repliesOf(here))).toHaveLength(301);
  }, 60_000);
});
