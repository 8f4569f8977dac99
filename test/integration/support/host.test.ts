import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { differences, readState } from '../../support/state.ts';

const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });

test('the host that tests play has its own links, names, processes and /etc/netns', () => {
  expect(readdirSync('/sys/class/net')).toEqual(['lo']);
  expect(readFileSync('/sys/class/net/lo/flags', 'utf8').trim()).toBe('0x9');
  expect(readFileSync('/proc/1/cmdline', 'utf8')).toContain('test-host');
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toMatch(/ \/etc rw.* - (overlay|tmpfs) /);
});

test('the leak check sees a name, a mount, a link and a route left behind', () => {
  const before = readState();
  ip('netns', 'add', 'left');
  ip('link', 'add', 'left0', 'type', 'veth', 'peer', 'name', 'left1');
  ip('addr', 'add', '192.0.2.1/24', 'dev', 'left0');
  ip('link', 'set', 'left0', 'up');
  const found = differences(before, readState()).join('\n');
  ip('link', 'delete', 'left0');
  ip('netns', 'delete', 'left');
  expect(found).toContain('names: new: left');
  expect(found).toContain('/run/netns/left');
  expect(found).toContain('links: new: left0');
  expect(found).toContain('dev left0');
});
