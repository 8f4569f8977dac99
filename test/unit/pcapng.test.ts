import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  LINKTYPE_RAW,
  sectionHeader,
} from '../../lib/capture/pcapng.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const table = (text: string) => text.replace(/#.*$/gm, '').replace(/\s/g, '');

const TIME = 0x1234_5678_9abc_def0n;

describe('pcapng blocks', () => {
  it('section header, bare', () => {
    expect(hex(sectionHeader())).toBe(
      table(`
        0a0d0d0a 1c000000   # type, length
        4d3c2b1a 0100 0000  # byte order, version 1.0
        ffffffffffffffff    # section length unknown
        1c000000`),
    );
  });

  it('section header with options, padded', () => {
    expect(hex(sectionHeader({ comment: 'hi', os: 'Linux', application: 'node' }))).toBe(
      table(`
        0a0d0d0a 3c000000 4d3c2b1a 0100 0000 ffffffffffffffff
        0100 0200 6869 0000          # opt_comment
        0300 0500 4c696e7578 000000  # shb_os
        0400 0400 6e6f6465           # shb_userappl
        0000 0000
        3c000000`),
    );
  });

  it('interface description', () => {
    expect(
      hex(interfaceDescription({ name: 'eth0', mac: '02:00:00:00:00:ff', snapLength: 96 })),
    ).toBe(
      table(`
        01000000 34000000
        0100 0000 60000000        # Ethernet, reserved, snap length
        0200 0400 65746830        # if_name
        0600 0600 0200000000ff 0000  # if_MACaddr
        0900 0100 09 000000       # if_tsresol: 10^-9
        0000 0000
        34000000`),
    );
  });

  it('interface description of a tun device', () => {
    expect(hex(interfaceDescription({ linkType: LINKTYPE_RAW, description: 'é' }))).toBe(
      table(`
        01000000 28000000 6500 0000 00000000
        0300 0200 c3a9 0000
        0900 0100 09 000000
        0000 0000
        28000000`),
    );
  });

  it('packet, cut, with direction, drops and comment', () => {
    expect(
      hex(
        enhancedPacket({
          interface: 1,
          time: TIME,
          bytes: Uint8Array.of(1, 2, 3, 4, 5),
          originalLength: 1500,
          direction: 'out',
          dropped: 258,
          comment: 'x',
        }),
      ),
    ).toBe(
      table(`
        06000000 48000000
        01000000                   # interface
        78563412 f0debc9a          # time, high and low half
        05000000 dc050000          # captured, original length
        0102030405 000000
        0100 0100 78 000000        # opt_comment
        0200 0400 02000000         # epb_flags: outbound
        0400 0800 0201000000000000 # epb_dropcount
        0000 0000
        48000000`),
    );
  });

  it('packet without options has none, not even their end', () => {
    expect(hex(enhancedPacket({ interface: 0, time: 1n, bytes: Uint8Array.of(9, 8, 7, 6) }))).toBe(
      table(`
        06000000 24000000 00000000 00000000 01000000 04000000 04000000 09080706 24000000`),
    );
  });

  it('an inbound packet', () => {
    expect(
      hex(enhancedPacket({ interface: 0, time: 0n, bytes: new Uint8Array(0), direction: 'in' })),
    ).toContain('0200040001000000');
  });

  it('statistics', () => {
    expect(hex(interfaceStatistics({ interface: 0, time: TIME, received: 7n, dropped: 2n }))).toBe(
      table(`
        05000000 34000000 00000000 78563412 f0debc9a
        0400 0800 0700000000000000
        0500 0800 0200000000000000
        0000 0000
        34000000`),
    );
  });

  it('cuts an overlong comment at a character', () => {
    const block = sectionHeader({ comment: 'é'.repeat(40_000) });
    const view = new DataView(block.buffer);
    expect(view.getUint16(26, true)).toBe(65534);
    expect(view.getUint32(4, true)).toBe(block.length);
    expect(new TextDecoder('utf-8', { fatal: true }).decode(block.subarray(28, 28 + 65534))).toBe(
      'é'.repeat(32_767),
    );
  });

  it('is read by tcpdump, where there is one', ({ skip }) => {
    try {
      execFileSync('tcpdump', ['--version'], { stdio: 'pipe' });
    } catch {
      skip('no tcpdump here');
    }
    const arp = Buffer.from(
      'ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002',
      'hex',
    );
    const time = 1_700_000_000_123_456_789n;
    const file = Buffer.concat([
      sectionHeader({ application: 'node-netns' }),
      interfaceDescription({ name: 'eth0' }),
      enhancedPacket({ interface: 0, time, bytes: arp, direction: 'in' }),
      interfaceStatistics({ interface: 0, time, received: 1n, dropped: 0n }),
    ]);
    const out = execFileSync('tcpdump', ['-r', '-', '-n', '-tt', '--time-stamp-precision=nano'], {
      input: file,
      stdio: 'pipe',
      encoding: 'utf8',
    });
    expect(out.trim()).toBe(
      '1700000000.123456789 ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28',
    );
  });
});
