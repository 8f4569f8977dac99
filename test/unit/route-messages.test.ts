import { expect, test } from 'vitest';
import { route } from '../../lib/rtnetlink/route/api.ts';
import { hex, written } from './support/attributes.ts';

// Each message: the netlink header, the fixed header, then attribute by attribute.
const MESSAGES = [
  {
    title: 'default',
    request: route.add({ dst: 'default', via: '10.0.0.1' }),
    bytes: [['24000000180005060000000000000000', '02000000fe04000100000000', '080005000a000001']],
  },
  {
    title: 'several ways, metrics with a lock',
    request: route.replace({
      dst: '10.1.0.0/16',
      nexthops: [
        { via: '10.0.0.1', dev: 7, weight: 2 },
        { dev: 8, onlink: true, via: '10.0.0.9' },
      ],
      metrics: { mtu: 1400, lock: { mtu: true } },
    }),
    bytes: [
      [
        '5c000000180005050000000000000000',
        '02100000fe04000100000000',
        '080001000a010000',
        '1400088008000200780500000800010004000000',
        '240009001000000107000000080005000a0000011000040008000000080005000a000009',
      ],
    ],
  },
  {
    title: 'IPv6, a table beyond 255, a preference',
    request: route.add({
      dst: 'fd00::/8',
      via: 'fe80::1',
      dev: 7,
      metric: 100,
      table: 1000,
      pref: 'high',
    }),
    bytes: [
      [
        '64000000180005060000000000000000',
        '0a080000fc04000100000000',
        '14000100fd000000000000000000000000000000',
        '08000f00e8030000',
        '0800060064000000',
        '0800040007000000',
        '14000500fe800000000000000000000000000001',
        '0500140001000000',
      ],
    ],
  },
  {
    title: 'a dead end',
    request: route.add({ type: 'blackhole', dst: '10.9.0.0/16' }),
    bytes: [['24000000180005060000000000000000', '02100000fe04000600000000', '080001000a090000']],
  },
  {
    title: 'IPv4 by an IPv6 router',
    request: route.add({ dst: '10.3.0.0/16', via: 'fe80::1', dev: 7 }),
    bytes: [
      [
        '44000000180005060000000000000000',
        '02100000fe04000100000000',
        '080001000a030000',
        '0800040007000000',
        '160012000a00fe8000000000000000000000000000010000',
      ],
    ],
  },
  {
    title: 'a look-up',
    request: route.get('8.8.8.8'),
    bytes: [['240000001a0005000000000000000000', '022000000000000000100000', '0800010008080808']],
  },
  {
    title: 'wrapped in MPLS',
    request: route.add({ dst: '10.4.0.1', dev: 7, encap: { type: 'mpls', labels: [100, 200] } }),
    bytes: [
      [
        '44000000180005060000000000000000',
        '02200000fe04fd0100000000',
        '080001000a040001',
        '0800040007000000',
        '0600150001000000',
        '100016800c00010000064000000c8100',
      ],
    ],
  },
  {
    title: 'a list that the kernel filters',
    request: route.list({ table: 'main', family: 'inet' }),
    bytes: [['240000001a0001030000000000000000', '02000000fe00000000000000', '08000f00fe000000']],
  },
  {
    title: 'deleted by destination',
    request: route.delete({ dst: '10.1.0.0/16' }),
    bytes: [['24000000190005000000000000000000', '02100000fe00ff0000000000', '080001000a010000']],
  },
];

test.each(MESSAGES)('route: $title', ({ request, bytes }) => {
  const messages = written(request);
  expect(messages.map(hex)).toEqual(bytes.map((parts) => parts.join('')));
  // A request is a value: writing it again makes the same bytes.
  expect(written(request)).toEqual(messages);
});
