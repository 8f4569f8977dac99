// Imports point down only, and the native addon is reached through few rooms.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const lib = fileURLToPath(new URL('../lib', import.meta.url));

/** Rooms from the bottom up; those on one floor don't import each other, but for the pairs below. */
const floors = [
  ['wire'],
  ['netlink'],
  ['rtnetlink', 'nftables', 'ethtool', 'generic', 'tun'],
  ['netns'],
  ['network', 'process', 'inspect', 'capture'],
];
const siblings = new Set(['network → process', 'inspect → network']);
const everybody = new Set(['errors.ts', 'check.ts']);
const nativeRooms = new Set(['netlink', 'netns', 'process']);

const floorOf = (room) => floors.findIndex((rooms) => rooms.includes(room));
const files = readdirSync(lib, { recursive: true }).filter((file) => file.endsWith('.ts'));
const wrong = [];

for (const file of files) {
  const room = file.includes('/') ? file.split('/')[0] : file;
  const text = readFileSync(join(lib, file), 'utf8');
  const isRoom = file.includes('/');
  if (isRoom && floorOf(room) < 0) wrong.push(`lib/${file}: the room ${room} has no floor`);

  for (const [, specifier] of text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gm)) {
    if (!specifier.startsWith('.')) {
      const pure = room === 'wire' || everybody.has(room);
      if (pure && specifier.startsWith('node:') && specifier !== 'node:net') {
        wrong.push(`lib/${file}: ${room} does no I/O, but imports ${specifier}`);
      }
      continue;
    }
    const target = normalize(join(dirname(file), specifier));
    const to = target.includes('/') ? target.split('/')[0] : target;
    if (to === room || everybody.has(to)) continue;
    if (to === 'native.ts') {
      if (isRoom && !nativeRooms.has(room)) {
        wrong.push(`lib/${file}: native.ts is for ${[...nativeRooms].join(', ')} alone`);
      }
      continue;
    }
    if (room === 'index.ts') continue;
    if (!isRoom) {
      wrong.push(`lib/${file}: a file at the top imports nothing from the rooms (${specifier})`);
    } else if (floorOf(to) >= floorOf(room) && !siblings.has(`${room} → ${to}`)) {
      wrong.push(`lib/${file}: ${room} imports ${to}, which is not below it`);
    }
  }
}

if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
console.log(`${files.length} files, imports point down`);
