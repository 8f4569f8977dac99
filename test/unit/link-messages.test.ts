import { expect, test } from 'vitest';
import { link } from '../../lib/rtnetlink/link/api.ts';
import { hex, written } from './support/attributes.ts';

// Each message: the netlink header, the fixed header, then attribute by attribute.
const MESSAGES = [
  {
    title: 'up, by index',
    request: link.set(7, { up: true }),
    bytes: [['20000000130005000000000000000000', '00000000070000000100000001000000']],
  },
  {
    title: 'flags, by name: the kernel looks it up',
    request: link.set('eth0', { up: false, promisc: true, arp: false }),
    bytes: [
      [
        '2c000000130005000000000000000000',
        '00000000000000008001000081010000',
        '090003006574683000000000',
      ],
    ],
  },
  {
    title: 'a new name',
    request: link.set(7, { name: 'wan' }),
    bytes: [
      ['28000000130005000000000000000000', '00000000070000000000000000000000', '0800030077616e00'],
    ],
  },
  {
    title: 'released from its master',
    request: link.set(7, { master: null, mtu: 1400 }),
    bytes: [
      [
        '30000000130005000000000000000000',
        '00000000070000000000000000000000',
        '08000a0000000000',
        '0800040078050000',
      ],
    ],
  },
  {
    title: 'deleted by a long name',
    request: link.delete('a-name-of-more-than-fifteen'),
    bytes: [
      [
        '40000000110005000000000000000000',
        '00000000000000000000000000000000',
        '20003500612d6e616d652d6f662d6d6f72652d7468616e2d6669667465656e00',
      ],
    ],
  },
  {
    title: 'a whole group',
    request: link.deleteGroup(42),
    bytes: [
      ['28000000110005000000000000000000', '00000000000000000000000000000000', '08001b002a000000'],
    ],
  },
  {
    title: 'one, without statistics',
    request: link.get('eth0'),
    bytes: [
      [
        '34000000120005000000000000000000',
        '00000000000000000000000000000000',
        '090003006574683000000000',
        '08001d0008000000',
      ],
    ],
  },
  {
    title: 'one, with statistics',
    request: link.get(9, { statistics: true }),
    bytes: [
      ['28000000120005000000000000000000', '00000000090000000000000000000000', '08001d0000000000'],
    ],
  },
  {
    title: 'a list that the kernel filters',
    request: link.list({ master: 5, kind: 'veth' }),
    bytes: [
      [
        '40000000120001030000000000000000',
        '00000000000000000000000000000000',
        '08001d0008000000',
        '08000a0005000000',
        '10001280090001007665746800000000',
      ],
    ],
  },
  {
    title: 'alternative names',
    request: link.addAltName('eth0', 'one', 'two'),
    bytes: [
      [
        '400000006c0005060000000000000000',
        '00000000000000000000000000000000',
        '090003006574683000000000',
        '14003480080035006f6e65000800350074776f00',
      ],
    ],
  },
  {
    title: 'a bridge and its own attributes',
    request: link.add({
      kind: 'bridge',
      name: 'br0',
      ageingTime: 30000,
      stpState: true,
      vlanProtocol: '802.1ad',
      options: { mstEnabled: true, noLinklocalLearn: false },
    }),
    bytes: [
      [
        '60000000100005060000000000000000',
        '00000000000000000000000000000000',
        '0800030062723000',
        '380012800b000100627269646765000028000280080004003075000008000500010000000600080088a800000c002e000400000005000000',
      ],
    ],
  },
  {
    title: 'what can only be told afterwards, the address mode before IFF_UP',
    request: link.add({
      kind: 'dummy',
      name: 'd0',
      up: true,
      addrGenMode: 'none',
      alias: 'x',
      master: 3,
      port: { isolated: true },
    }),
    bytes: [
      [
        '40000000100005060000000000000000',
        '00000000000000000000000000000000',
        '0700030064300000',
        '08000a0003000000',
        '100012800a00010064756d6d79000000',
      ],
      [
        '38000000130005000000000000000000',
        '00000000000000000000000000000000',
        '0700030064300000',
        '10001a800c000a800500080001000000',
      ],
      [
        '30000000130005000000000000000000',
        '00000000000000000100000001000000',
        '0700030064300000',
        '0600140078000000',
      ],
      [
        '44000000100005000000000000000000',
        '00000000000000000000000000000000',
        '0700030064300000',
        '1c0012800b00040062726964676500000c0005800500210001000000',
      ],
      ['28000000110005000000000000000000', '00000000000000000000000000000000', '0700030064300000'],
    ],
  },
  {
    title: 'to the namespace of a process',
    request: link.set(7, { netns: { pid: 1234 } }),
    bytes: [
      ['28000000130005000000000000000000', '00000000070000000000000000000000', '08001300d2040000'],
    ],
  },
  {
    title: 'a kind without a table',
    request: link.add({ kind: 'xyz', name: 'x0', data: new Uint8Array([1, 2, 3]) }),
    bytes: [
      [
        '3c000000100005060000000000000000',
        '00000000000000000000000000000000',
        '0700030078300000',
        '140012800800010078797a000700028001020300',
      ],
    ],
  },
];

test.each(MESSAGES)('link: $title', ({ request, bytes }) => {
  const messages = written(request);
  expect(messages.map(hex)).toEqual(bytes.map((parts) => parts.join('')));
  // A request is a value: writing it again makes the same bytes.
  expect(written(request)).toEqual(messages);
});
