import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv6Text } from '../../lib/capture/frame/text.ts';
import { decodeFrame, type FrameStart, summarizeFrame } from '../../lib/capture/frame.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
const A = '020000000001';
const B = '020000000002';
const TO_B = `${B} ${A}`;
const IP = `${TO_B} 0800`;
const IP6 = `${TO_B} 86dd`;
const LL1 = 'fe800000000000000000000000000001';
const LL2 = 'fe800000000000000000000000000002';
const G1 = 'fd000000000000000000000000000001';
const G2 = 'fd000000000000000000000000000002';
const QUOTED = '4500001c 0000 4000 40110000 0a000002 0a000001 3039 0035 0008 abcd';
const QUOTED6 = `60000000 0008 11 40 ${G2} ${G1} 3039 0035 0008 abcd`;
const icmp4 = (content: string) =>
  `${IP} 45000038 1234 4000 4001 4567 0a000001 0a000002 ${content}`;
const icmp6 = (content: string, from = G1, to = G2) => {
  const length = bytes(content).length.toString(16).padStart(4, '0');
  return `${IP6} 60000000 ${length} 3a ff ${from} ${to} ${content}`;
};

/** The lines are tcpdump 4.99's for the same bytes (-ntS). */
const LINES: [what: string, hex: string, line: string][] = [
  [
    'ARP request',
    `ffffffffffff ${A} 0806 0001 0800 06 04 0001 ${A} 0a000001 000000000000 0a000002`,
    'ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28',
  ],
  [
    'ARP request to a known neighbour',
    `${TO_B} 0806 0001 0800 06 04 0001 ${A} 0a000001 ${B} 0a000002`,
    'ARP, Request who-has 10.0.0.2 (02:00:00:00:00:02) tell 10.0.0.1, length 28',
  ],
  [
    'ARP probe',
    `ffffffffffff ${A} 0806 0001 0800 06 04 0001 ${A} 00000000 000000000000 0a000001`,
    'ARP, Request who-has 10.0.0.1 tell 0.0.0.0, length 28',
  ],
  [
    'ARP reply, padded',
    `${A} ${B} 0806 0001 0800 06 04 0002 ${B} 0a000002 ${A} 0a000001 ${'00'.repeat(18)}`,
    'ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02, length 46',
  ],
  [
    'echo request',
    `${IP} 45000054 1234 4000 4001 4567 0a000001 0a000002 0800 abcd 0001 0007 ${'00'.repeat(56)}`,
    'IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 7, length 64',
  ],
  [
    'echo reply',
    `${IP} 4500001c 1234 4000 4001 4567 0a000001 0a000002 0000 abcd 0001 0007`,
    'IP 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 1, seq 7, length 8',
  ],
  [
    'port unreachable',
    icmp4(`0303abcd 00000000 ${QUOTED}`),
    'IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 udp port 53 unreachable, length 36',
  ],
  [
    'host unreachable',
    icmp4(`0301abcd 00000000 ${QUOTED}`),
    'IP 10.0.0.1 > 10.0.0.2: ICMP host 10.0.0.1 unreachable, length 36',
  ],
  [
    'need to fragment',
    icmp4(`0304abcd 00000578 ${QUOTED}`),
    'IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 unreachable - need to frag (mtu 1400), length 36',
  ],
  [
    'prohibited by a filter',
    icmp4(`030dabcd 00000000 ${QUOTED}`),
    'IP 10.0.0.1 > 10.0.0.2: ICMP host 10.0.0.1 unreachable - admin prohibited filter, length 36',
  ],
  [
    'time exceeded',
    icmp4(`0b00abcd 00000000 ${QUOTED}`),
    'IP 10.0.0.1 > 10.0.0.2: ICMP time exceeded in-transit, length 36',
  ],
  [
    'redirect',
    icmp4(`0501abcd 0a000009 ${QUOTED}`),
    'IP 10.0.0.1 > 10.0.0.2: ICMP redirect 10.0.0.1 to host 10.0.0.9, length 36',
  ],
  [
    'UDP',
    `${IP} 45000021 1234 4000 4011 4567 0a000001 0a000002 1388 1389 000d abcd 68656c6c6f ${'00'.repeat(13)}`,
    'IP 10.0.0.1.5000 > 10.0.0.2.5001: UDP, length 5',
  ],
  [
    'TCP SYN with options',
    `${IP} 4500003c 1234 4000 4006 4567 0a000001 0a000002 9c40 1f90 00000001 00000000 a002 faf0 abcd 0000
      020405b4 0402 080a 00000001 00000000 01 030307`,
    'IP 10.0.0.1.40000 > 10.0.0.2.8080: Flags [S], seq 1, win 64240, options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7], length 0',
  ],
  [
    'TCP data',
    `${IP} 45000039 1234 4000 4006 4567 0a000001 0a000002 9c40 270f 00000002 00000006 8018 faf0 abcd 0000
      0101 080a 00000001 00000000 68656c6c6f`,
    'IP 10.0.0.1.40000 > 10.0.0.2.9999: Flags [P.], seq 2:7, ack 6, win 64240, options [nop,nop,TS val 1 ecr 0], length 5',
  ],
  [
    'TCP selective ACK',
    `${IP} 45000034 1234 4000 4006 4567 0a000001 0a000002 9c40 0050 00000002 00000006 8010 01f6 abcd 0000
      0101 050a 00000010 00000020`,
    'IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [.], ack 6, win 502, options [nop,nop,sack 1 {16:32}], length 0',
  ],
  [
    'TCP reset over IPv6',
    `${IP6} 60000000 0014 06 40 ${G1} ${G2} 9c40 0050 00000002 00000006 5014 0000 abcd 0000`,
    'IP6 fd00::1.40000 > fd00::2.80: Flags [R.], seq 2, ack 6, win 0, length 0',
  ],
  [
    'a later fragment',
    `${IP} 45000024 1234 0002 4001 4567 0a000001 0a000002 0800 abcd 0001 0007 0000000000000000`,
    'IP 10.0.0.1 > 10.0.0.2: ip-proto-1',
  ],
  [
    'neighbour solicitation',
    icmp6(`8700abcd 00000000 ${LL2} 0101 ${A}`, LL1, 'ff0200000000000000000001ff000002'),
    'IP6 fe80::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fe80::2, length 32',
  ],
  [
    'neighbour advertisement',
    icmp6(`8800abcd 60000000 ${LL2} 0201 ${B}`, LL2, LL1),
    'IP6 fe80::2 > fe80::1: ICMP6, neighbor advertisement, tgt is fe80::2, length 32',
  ],
  [
    'router solicitation',
    icmp6(`8500abcd 00000000 0101 ${A}`, LL1, 'ff020000000000000000000000000002'),
    'IP6 fe80::1 > ff02::2: ICMP6, router solicitation, length 16',
  ],
  [
    'multicast report behind a hop-by-hop header',
    `${IP6} 60000000 0024 00 01 ${'00'.repeat(16)} ff020000000000000000000000000016 3a00 0502 0000 0100
      8f00abcd 00000001 04000000 ff0200000000000000000001ff000002`,
    'IP6 :: > ff02::16: HBH ICMP6, multicast listener report v2, 1 group record(s), length 28',
  ],
  [
    'IPv6 port unreachable',
    icmp6(`0104abcd 00000000 ${QUOTED6}`),
    'IP6 fd00::1 > fd00::2: ICMP6, destination unreachable, unreachable port, fd00::1 udp port 53, length 56',
  ],
  [
    'packet too big',
    icmp6(`0200abcd 00000500 ${QUOTED6}`),
    'IP6 fd00::1 > fd00::2: ICMP6, packet too big, mtu 1280, length 56',
  ],
  [
    'a later IPv6 fragment',
    `${IP6} 60000000 0010 2c 40 ${G1} ${G2} 11 00 0009 00000001 0102030405060708`,
    'IP6 fd00::1 > fd00::2: frag (8|8)',
  ],
  [
    'nothing inside IPv6',
    `${IP6} 60000000 0000 3b 40 ${G1} ${G2}`,
    'IP6 fd00::1 > fd00::2: no next header',
  ],
];

/** tcpdump 4.99's with -nteS. */
const LINK_LINES: [what: string, hex: string, line: string][] = [
  [
    'ARP',
    `ffffffffffff ${A} 0806 0001 0800 06 04 0001 ${A} 0a000001 000000000000 0a000002`,
    '02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: Request who-has 10.0.0.2 tell 10.0.0.1, length 28',
  ],
  [
    'a VLAN tag with priority',
    `${TO_B} 8100 600a 0800 4500001c 1234 4000 4001 4567 0a000001 0a000002 0800 abcd 0001 0007`,
    '02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q (0x8100), length 46: vlan 10, p 3, ethertype IPv4 (0x0800), 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 7, length 8',
  ],
  [
    'two tags',
    `${TO_B} 88a8 0064 8100 600a 0806 0001 0800 06 04 0001 ${A} 0a000001 000000000000 0a000002`,
    '02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q-QinQ (0x88a8), length 50: vlan 100, p 0, ethertype 802.1Q (0x8100), vlan 10, p 3, ethertype ARP (0x0806), Request who-has 10.0.0.2 tell 10.0.0.1, length 28',
  ],
];

describe('summarizeFrame', () => {
  it.each(LINES)('words %s as tcpdump does', (_, hex, line) => {
    expect(summarizeFrame(decodeFrame(bytes(hex)))).toBe(line);
  });

  it.each(LINK_LINES)('puts the Ethernet header before %s', (_, hex, line) => {
    expect(summarizeFrame(decodeFrame(bytes(hex)), { link: true })).toBe(line);
  });

  it('says so when the capture ends before the packet does', () => {
    const frame = decodeFrame(
      bytes(`${IP} 45000054 1234 4000 4001 4567 0a000001 0a000002 0800 abcd 0001 0007`),
    );
    expect(summarizeFrame(frame)).toBe(
      'IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 7, length 64 [truncated]',
    );
  });
});

describe('decodeFrame', () => {
  it('takes an ARP reply apart', () => {
    const frame = decodeFrame(
      bytes(`${A} ${B} 0806 0001 0800 06 04 0002 ${B} 0a000002 ${A} 0a000001`),
    );
    expect(frame).toMatchObject({
      ethernet: {
        source: '02:00:00:00:00:02',
        destination: '02:00:00:00:00:01',
        type: 0x0806,
        vlans: [],
      },
      arp: {
        operation: 'reply',
        senderMac: '02:00:00:00:00:02',
        senderAddress: '10.0.0.2',
        targetMac: '02:00:00:00:00:01',
        targetAddress: '10.0.0.1',
      },
      truncated: false,
      length: 42,
    });
    expect(frame.payload.length).toBe(0);
  });

  it('cuts the padding of a short frame off the payload, without copying', () => {
    const given = bytes(
      `${IP} 45b80021 1234 4000 3f11 4567 0a000001 0a000002 1388 1389 000d abcd 68656c6c6f ${'00'.repeat(13)}`,
    );
    const frame = decodeFrame(given);
    expect(new TextDecoder().decode(frame.payload)).toBe('hello');
    expect(frame.payload.buffer).toBe(given.buffer);
    expect(frame.ipv4).toEqual({
      source: '10.0.0.1',
      destination: '10.0.0.2',
      protocol: 17,
      ttl: 63,
      tos: 0xb8,
      id: 0x1234,
      dontFragment: true,
      moreFragments: false,
      fragmentOffset: 0,
      headerLength: 20,
      length: 33,
    });
    expect(frame.udp).toEqual({ sourcePort: 5000, destinationPort: 5001, length: 13 });
    expect(frame.truncated).toBe(false);
  });

  it('tells the parts of an IPv6 header', () => {
    const frame = decodeFrame(
      bytes(`${IP6} 6b812345 0010 3a 40 ${G1} ${G2} 8000 abcd 0001 0002 0102030405060708`),
    );
    expect(frame.ipv6).toMatchObject({
      trafficClass: 0xb8,
      flowLabel: 0x12345,
      hopLimit: 64,
      protocol: 58,
      payloadLength: 16,
      contentLength: 16,
      extensions: [],
    });
    expect(frame.icmpv6).toEqual({ type: 128, code: 0, id: 1, sequence: 2 });
    expect([...frame.payload]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('reads neighbour discovery', () => {
    const solicitation = decodeFrame(
      bytes(icmp6(`8700abcd 00000000 ${LL2} 0101 ${A}`, LL1, 'ff0200000000000000000001ff000002')),
    );
    expect(solicitation.icmpv6).toEqual({
      type: 135,
      code: 0,
      target: 'fe80::2',
      sourceLinkAddress: '02:00:00:00:00:01',
    });
    const advertisement = decodeFrame(bytes(icmp6(`8800abcd 60000000 ${LL2} 0201 ${B}`, LL2, LL1)));
    expect(advertisement.icmpv6).toEqual({
      type: 136,
      code: 0,
      target: 'fe80::2',
      router: false,
      solicited: true,
      override: true,
      targetLinkAddress: '02:00:00:00:00:02',
    });
  });

  it('tells what an ICMP error is about', () => {
    expect(decodeFrame(bytes(icmp4(`0304abcd 00000578 ${QUOTED}`))).icmp).toEqual({
      type: 3,
      code: 4,
      mtu: 1400,
      about: { source: '10.0.0.2', destination: '10.0.0.1', protocol: 17, destinationPort: 53 },
    });
    expect(decodeFrame(bytes(icmp6(`0200abcd 00000500 ${QUOTED6}`))).icmpv6).toEqual({
      type: 2,
      code: 0,
      mtu: 1280,
      about: { source: 'fd00::2', destination: 'fd00::1', protocol: 17, destinationPort: 53 },
    });
  });

  it('reads TCP flags one by one', () => {
    const names = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'] as const;
    names.forEach((name, bit) => {
      const flags = (1 << bit).toString(16).padStart(2, '0');
      const frame = decodeFrame(
        bytes(
          `${IP} 45000028 1234 4000 4006 4567 0a000001 0a000002 0001 0002 00000003 00000004 50${flags} 0005 abcd 0006`,
        ),
      );
      const set = names.filter((n) => frame.tcp?.flags[n]);
      expect(set).toEqual([name]);
    });
  });

  it('stops at a TCP option of length 0', () => {
    const frame = decodeFrame(
      bytes(
        `${IP} 45000030 1234 4000 4006 4567 0a000001 0a000002 0001 0002 00000003 00000004 7002 0005 abcd 0006 0101 0200 00000000`,
      ),
    );
    expect(frame.tcp?.options.map((o) => o.text)).toEqual(['nop', 'nop']);
  });

  it('reads a bridge BPDU', () => {
    const frame = decodeFrame(
      bytes(
        `0180c2000000 ${A} 0026 424203 0000 00 00 00 8000 ${B} 00000064 8000 ${A} 8002 0000 1400 0200 0f00 ${'00'.repeat(8)}`,
      ),
    );
    expect(frame.bpdu).toEqual({
      version: 0,
      kind: 'config',
      root: '8000.02:00:00:00:00:02',
      rootPathCost: 100,
      bridge: '8000.02:00:00:00:00:01.8002',
    });
    expect(summarizeFrame(frame)).toBe('STP 802.1d, Config, bridge-id 8000.02:00:00:00:00:01.8002');
  });

  it('begins with the IP header where there is no Ethernet', () => {
    const v4 = decodeFrame(
      bytes('4500001c 1234 4000 4001 4567 0a000001 0a000002 0800 abcd 0001 0007'),
      'ip',
    );
    expect(v4.ethernet).toBeUndefined();
    expect(v4.icmp).toEqual({ type: 8, code: 0, id: 1, sequence: 7 });
    const v6 = decodeFrame(bytes(`60000000 0008 3a 40 ${G1} ${G2} 8100 abcd 0001 0002`), 'ip');
    expect(v6.icmpv6?.type).toBe(129);
  });

  it('takes a length of 0 (offloaded) for all that is there', () => {
    const frame = decodeFrame(
      bytes(`${IP} 45000000 1234 4000 4001 4567 0a000001 0a000002 0800 abcd 0001 0007 0102`),
    );
    expect(frame.ipv4?.length).toBe(30);
    expect([...frame.payload]).toEqual([1, 2]);
  });

  it.each([
    ['nothing', ''],
    ['half an Ethernet header', '0200000000020200'],
    ['half a VLAN tag', `${TO_B} 8100 60`],
    ['half an ARP message', `${TO_B} 0806 0001 0800 06 04 0001`],
    ['ARP for another hardware', `${TO_B} 0806 0006 0800 06 04 0001 ${A} 0a000001 ${B} 0a000002`],
    ['half an IPv4 header', `${IP} 45000054 1234 4000`],
    ['an IPv4 header length under 20', `${IP} 44000054 1234 4000 4001 4567 0a000001 0a000002`],
    ['an IPv4 length under its header', `${IP} 45000010 1234 4000 4001 4567 0a000001 0a000002`],
    ["IPv6 under IPv4's number", `${IP} 65000054 1234 4000 4001 4567 0a000001 0a000002`],
    ['half an ICMP header', `${IP} 4500001c 1234 4000 4001 4567 0a000001 0a000002 0800`],
    ['half a UDP header', `${IP} 4500001c 1234 4000 4011 4567 0a000001 0a000002 1388`],
    [
      'a TCP header length under 20',
      `${IP} 45000028 1234 4000 4006 4567 0a000001 0a000002 0001 0002 00000003 00000004 4002 0005 abcd 0006`,
    ],
    [
      'an extension header past the end',
      `${IP6} 60000000 0008 00 40 ${G1} ${G2} 3aff 0000 0000 0000`,
    ],
    ['a short neighbour solicitation', icmp6('8700abcd 00000000 fe80')],
  ])('marks %s as truncated', (_, hex) => {
    expect(decodeFrame(bytes(hex)).truncated).toBe(true);
  });

  it('never throws, whatever it is given, and never grows', () => {
    const seeds = [...LINES, ...LINK_LINES].map(([, hex]) => bytes(hex));
    const mutated = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 8 }),
        fc.nat(120),
      )
      .map(([seed, changes, length]) => {
        const copy = seed.slice(0, length);
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      });
    const any = fc.oneof(fc.uint8Array({ maxLength: 120 }), mutated);
    const start = fc.constantFrom<FrameStart>('ethernet', 'ip');
    fc.assert(
      fc.property(any, start, fc.boolean(), (given, from, link) => {
        const frame = decodeFrame(given, from);
        expect(frame.payload.length).toBeLessThanOrEqual(given.length);
        const line = summarizeFrame(frame, { link });
        expect(line.length).toBeLessThan(2000);
        expect(line).toMatch(/^[\x20-\x7e]*$/);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('ipv6Text', () => {
  it.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000100000000000000000001', '2001:db8:1::1'],
    ['00000000000000000000ffff0a000001', '::ffff:10.0.0.1'],
  ])('%s is %s', (hex, text) => {
    const given = bytes(hex);
    expect(ipv6Text(new DataView(given.buffer), 0)).toBe(text);
  });
});
