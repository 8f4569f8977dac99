import { expect, test } from 'vitest';
import { address } from '../../lib/rtnetlink/address/api.ts';
import { hex, written } from './support/attributes.ts';

// Each message: the netlink header, the fixed header, then attribute by attribute.
const MESSAGES = [
  {
    title: 'IPv4 with its broadcast address',
    request: address.add({ dev: 7, address: '10.0.0.2/24', broadcast: 'auto' }),
    bytes: [
      [
        '30000000140005060000000000000000',
        '0218000007000000',
        '080002000a000002',
        '080001000a000002',
        '080004000a0000ff',
      ],
    ],
  },
  {
    title: 'IPv6 with lifetimes and flags',
    request: address.replace({
      dev: 7,
      address: 'fe80::2/64',
      noDad: true,
      validLifetime: 60,
      preferredLifetime: 30,
    }),
    bytes: [
      [
        '54000000140005050000000000000000',
        '0a40020007000000',
        '14000200fe800000000000000000000000000002',
        '14000100fe800000000000000000000000000002',
        '140006001e0000003c0000000000000000000000',
      ],
    ],
  },
  {
    title: 'deleted',
    request: address.delete({ dev: 7, address: '10.0.0.2/24' }),
    bytes: [
      [
        '28000000150005000000000000000000',
        '0218000007000000',
        '080002000a000002',
        '080001000a000002',
      ],
    ],
  },
  {
    title: 'a list that the kernel filters',
    request: address.list({ dev: 7, family: 'inet' }),
    bytes: [['18000000160001030000000000000000', '0200000007000000']],
  },
];

test.each(MESSAGES)('address: $title', ({ request, bytes }) => {
  const messages = written(request);
  expect(messages.map(hex)).toEqual(bytes.map((parts) => parts.join('')));
  // A request is a value: writing it again makes the same bytes.
  expect(written(request)).toEqual(messages);
});
