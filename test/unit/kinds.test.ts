import { describe, expect, test } from 'vitest';
import { link } from '../../lib/rtnetlink/link/api.ts';
import { settableAttributes } from '../../lib/rtnetlink/link/attributes.ts';
import { kindTables, portTables } from '../../lib/rtnetlink/link/kinds/index.ts';
import type { LinkSpec } from '../../lib/rtnetlink/link/spec.ts';
import { capturedKinds } from './captured/kinds.ts';
import { bodies, canonical, inside, type Nests, unhex } from './support/attributes.ts';

const IFINFOMSG = 16;
const IFLA_LINKINFO = 18;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_DATA = 5;

/** Attributes of kinds that hold attributes: lists of VLAN maps, of addresses, of bond targets. */
const NESTS = {
  vlan: { 3: { 1: {} }, 4: { 1: {} } },
  macvlan: { 5: {} },
  bond: { 8: {}, 31: {} },
};

/** A leaf of an empty nest map is a payload, so lists are opened one level. */
function nestsOf(kind: string): Nests {
  if (kind === 'vlan') return { 3: {}, 4: {} };
  return kind === 'macvlan' ? NESTS.macvlan : kind === 'bond' ? NESTS.bond : {};
}

describe('each kind says what iproute2 says', () => {
  test.each(capturedKinds)('%s', (_command, spec, data) => {
    const isPort = !('kind' in spec) || spec.kind === undefined;
    const request = isPort
      ? link.set('x0', spec)
      : link.add({ name: 'x0', link: 1, ...spec } as LinkSpec);
    const body = bodies(request).at(-1) ?? new Uint8Array();
    const own = inside(
      body.subarray(IFINFOMSG),
      IFLA_LINKINFO,
      isPort ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA,
    );
    const nests = nestsOf(String(spec.kind));
    expect(canonical(own ?? new Uint8Array(), nests)).toEqual(canonical(unhex(data), nests));
  });
});

describe('kinds', () => {
  const shared = [...settableAttributes.keys()];

  test.each(Object.entries(kindTables))('%s takes no name that all links have', (_kind, table) => {
    expect([...table.keys()].filter((key) => shared.includes(key))).toEqual([]);
  });

  test('every kind of the list is there, and every port', () => {
    expect(Object.keys(kindTables).sort()).toEqual([
      'bond',
      'bridge',
      'dummy',
      'erspan',
      'geneve',
      'gre',
      'gretap',
      'ifb',
      'ip6erspan',
      'ip6gre',
      'ip6gretap',
      'ip6tnl',
      'ipip',
      'ipvlan',
      'ipvtap',
      'macvlan',
      'macvtap',
      'netkit',
      'nlmon',
      'sit',
      'team',
      'tun',
      'veth',
      'vlan',
      'vrf',
      'vti',
      'vti6',
      'vxlan',
      'wireguard',
      'xfrm',
    ]);
    expect(Object.keys(portTables).sort()).toEqual(['bond', 'bridge', 'vrf']);
  });

  test('an IPv6 address goes where IPv6 addresses go, and comes back under the one name', () => {
    const [body] = bodies(link.add({ kind: 'vxlan', name: 'x0', id: 7, local: 'fd00::1' }));
    const own = inside(body.subarray(IFINFOMSG), IFLA_LINKINFO, IFLA_INFO_DATA);
    expect(canonical(own ?? new Uint8Array())).toEqual([
      '1=07000000',
      '17=fd000000000000000000000000000001',
    ]);
    const table = kindTables.vxlan;
    const bytes = own ?? new Uint8Array();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    expect(table.decode(bytes, view, 0, bytes.length)).toEqual({ id: 7, local: 'fd00::1' });
  });

  test.each([
    [{ kind: 'vxlan', name: 'x0', id: 1 << 24 }, 'ERR_OUT_OF_RANGE', 'link.id'],
    [{ kind: 'vxlan', name: 'x0', id: '7' }, 'ERR_INVALID_ARG_TYPE', 'link.id'],
    [{ kind: 'vxlan', name: 'x0', locl: '10.0.0.1' }, 'ERR_INVALID_ARG_VALUE', 'link.locl'],
    [{ kind: 'vxlan', name: 'x0', local: 'nonsense' }, 'ERR_INVALID_ARG_VALUE', 'link.local'],
    [{ kind: 'vlan', name: 'x0', id: 4095 }, 'ERR_OUT_OF_RANGE', 'link.id'],
    [
      { kind: 'vlan', name: 'x0', id: 1, flags: { gvrpp: true } },
      'ERR_INVALID_ARG_VALUE',
      'link.flags.gvrpp',
    ],
    [
      { kind: 'vlan', name: 'x0', id: 1, egressQos: [{ from: 1, two: 2 }] },
      'ERR_INVALID_ARG_VALUE',
      'egressQos[0].two',
    ],
    [{ kind: 'macvlan', name: 'x0', mode: 'bridg' }, 'ERR_INVALID_ARG_VALUE', 'link.mode'],
    [
      { kind: 'bond', name: 'x0', arpIpTarget: ['10.0.0.300'] },
      'ERR_INVALID_ARG_VALUE',
      'link.arpIpTarget[0]',
    ],
    [{ kind: 'gre', name: 'x0', remote: 'fd00::1' }, 'ERR_INVALID_ARG_VALUE', 'link.remote'],
  ])('%j is refused as %s at %s', (spec, code, path) => {
    const make = () => bodies(link.add(spec as LinkSpec));
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(path) }));
  });
});
