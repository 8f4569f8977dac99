import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NetNs } from '../../lib/index.ts';
import type { AttachOptions } from '../../lib/network/attach-options.ts';
import { type Attachment, attachSequence } from '../../lib/network/attachment.ts';
import { bridgeLayout } from '../../lib/network/bridge-layout.ts';
import { Host } from '../../lib/network/host.ts';
import type { Layout } from '../../lib/network/layout.ts';
import { macvlanLayout } from '../../lib/network/macvlan-layout.ts';
import { expand, type PublishSpec } from '../../lib/network/ports.ts';
import type { NetworkRecord } from '../../lib/network/record.ts';
import { routedLayout } from '../../lib/network/routed-layout.ts';
import { Seats } from '../../lib/network/seats.ts';
import { runSequence, writeSequence } from '../../lib/network/sequence.ts';
import { settingsOf } from '../../lib/network/settings.ts';
import { Stencils } from '../../lib/network/stencils.ts';

let host: Host;
beforeAll(async () => {
  host = new Host();
  const sockets = { operation: 'test', label: 'the host', read() {} };
  await runSequence({ ...sockets, write: (steps) => void steps.lend(host, true) });
  // What every first name makes; later plans leave it out.
  const ns = await NetNs.create('plans-first');
  await ns.delete();
});
afterAll(() => host.close());

const ipv4 = ['10.88.0.0/16'];
const records: [string, Layout, NetworkRecord][] = [
  ['a bridge', bridgeLayout, { kind: 'bridge', subnet: ipv4 }],
  ['a bridge of IPv6', bridgeLayout, { kind: 'bridge', subnet: ['fd00:88::/64'] }],
  [
    'a bridge of both and several subnets',
    bridgeLayout,
    { kind: 'bridge', subnet: ['10.1.0.0/30', '10.2.0.0/24', 'fd00:88::/64'], mtu: 1400 },
  ],
  ['a bridge that isolates', bridgeLayout, { kind: 'bridge', subnet: ipv4, ports: 'isolated' }],
  ['a bridge of two addresses', bridgeLayout, { kind: 'bridge', subnet: ['10.1.0.0/29'] }],
  ['a routed network', routedLayout, { kind: 'routed', subnet: ipv4 }],
  ['a routed network of both', routedLayout, { kind: 'routed', subnet: [...ipv4, 'fd00::/64'] }],
  ['a macvlan', macvlanLayout, { kind: 'macvlan', subnet: ipv4, parent: 'uplink' }],
  [
    'a macvlan with its host',
    macvlanLayout,
    { kind: 'macvlan', subnet: ipv4, parent: 'uplink', hostAddress: '10.88.0.200' },
  ],
];

/** @param ports published, each of one port */
const attaches: [string, AttachOptions, PublishSpec?][] = [
  ['anonymous', {}],
  ['named', { name: 'web-one' }],
  ['with a hardware address', { mac: '02:aa:bb:cc:dd:ee' }],
  ['with an MTU and a name of the link', { mtu: 1300, ifname: 'net0' }],
  ['without a default route', { defaultRoute: false }],
  ['with hairpin and isolation', { hairpin: true, isolated: true }],
  ['with a port', {}, { hostPort: 8080, port: 80 }],
  ['named, with a UDP port of one address', { name: 'web' }, { hostPort: 53, protocol: 'udp' }],
];

/** In one comparison: told byte by byte only where they differ. */
function expectSame(bytes: Uint8Array | undefined, one: Attachment): void {
  const written = Buffer.from(writeSequence(attachSequence(one)));
  if (bytes === undefined || !written.equals(bytes)) expect(bytes).toEqual(written);
  expect(bytes).toHaveLength(written.length);
}

describe.each(records)('the plans of %s', (_title, layout, record) => {
  const settings = settingsOf('net0', record);
  const seats = new Seats(settings);
  const stencils = new Stencils(attachSequence);
  let serial = 0;
  const attachment = (options: AttachOptions, publish?: PublishSpec): Attachment => {
    const seat = seats.seat(seats.take(undefined), options, false);
    // Other ports each time.
    const by = serial++ % 1_000;
    const asked = publish === undefined ? [] : expand('publish', publish, seat.assigned);
    const ports = asked.map((each) => ({
      ...each,
      hostPort: each.hostPort + by,
      port: each.port + by * 7,
    }));
    const tag = options.name === undefined ? 'net0' : `net0 ${options.name}`;
    return { host, settings, layout, seat, name: options.name, ports, tag };
  };
  const count = Math.min(settings.addresses.capacity, 150);

  // The host sees nothing of a macvlan's packets.
  const possible = attaches.filter(([, , publish]) => publish === undefined || !layout.inner);

  it.each(possible)('%s, are the same filled in as written out', (_how, options, publish) => {
    for (let i = 0; i < count; i++) {
      const one = attachment(options, publish);
      expectSame(stencils.fill(one), one);
      seats.release(one.seat.assigned);
    }
    // When ifindexes turned out to be taken, those inside are no constants any more.
    seats.otherIndexes();
    const other = attachment(options, publish);
    expectSame(stencils.fill(other), other);
    seats.release(other.seat.assigned);
  });

  it('with routes, limits or letters of other scripts, are written out', () => {
    const others: AttachOptions[] = [
      { routes: [{ dst: '10.9.0.0/16' }] },
      { limit: { out: 1_000_000 } },
      { name: 'wéb' },
    ];
    for (const options of others) {
      const one = attachment(options);
      expect(stencils.fill(one)).toBeUndefined();
      seats.release(one.seat.assigned);
    }
  });
});
