import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allTables, attributesOf } from '../support/tables.ts';

/** The kernel's own headers for programs; those not installed are left out. */
const HEADERS = [
  'if_link',
  'rtnetlink',
  'if_addr',
  'neighbour',
  'if_bridge',
  'if_tunnel',
  'fib_rules',
  'nexthop',
  'net_namespace',
  'veth',
  'lwtunnel',
  'mpls_iptunnel',
  'seg6_iptunnel',
  'seg6_local',
  'netconf',
  'if_bonding',
  'pkt_sched',
  'pkt_cls',
  'gen_stats',
  'tc_act/tc_gact',
  'tc_act/tc_mirred',
  'tc_act/tc_vlan',
  'tc_act/tc_skbedit',
  'tc_act/tc_pedit',
  'tc_act/tc_tunnel_key',
  'netfilter/nfnetlink',
  'netfilter/nf_tables',
  'netfilter/nf_tables_compat',
  'ethtool_netlink',
  'genetlink',
  'wireguard',
  'version',
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'uapi-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function compile(names: readonly string[]): { binary: string; missing: Set<string> } {
  const includes = HEADERS.filter((name) => existsSync(`/usr/include/linux/${name}.h`));
  const source = [
    '#include <stdio.h>',
    '#include <sys/socket.h>',
    '#include <net/if.h>',
    ...includes.map((name) => `#include <linux/${name}.h>`),
    '#ifndef AF_MCTP',
    '#define AF_MCTP 45',
    '#endif',
    'int main(void) {',
    '  printf("%d\\n", LINUX_VERSION_CODE);',
    ...names.map((name) => `  printf("${name} %ld\\n", (long)${name});`),
    '}',
  ].join('\n');
  const file = join(folder, 'uapi.c');
  const binary = join(folder, 'uapi');
  writeFileSync(file, source);
  const done = spawnSync('gcc', ['-fmax-errors=0', '-w', '-o', binary, file], { encoding: 'utf8' });
  const undeclared = done.stderr.matchAll(/error: [‘'"](\w+)[’'"] undeclared/g);
  const missing = new Set([...undeclared].map(([, name]) => name));
  if (done.status !== 0 && missing.size === 0) throw new Error(done.stderr);
  return { binary, missing };
}

const version = (text: string): number => {
  const [major, minor = '0'] = text.split('.');
  return Number(major) * 65536 + Number(minor) * 256;
};

test('the numbers are those of the installed headers', async () => {
  const attributes = [...(await allTables())].flatMap(([table, file]) =>
    attributesOf(table).map((attribute) => ({
      ...attribute,
      where: `${file}: ${table.name}.${attribute.key}`,
    })),
  );
  const names = [...new Set(attributes.map(({ kernel }) => kernel))];
  expect(names.length).toBeGreaterThan(700);
  const { missing } = compile(names);
  const { binary, missing: stillMissing } = compile(names.filter((name) => !missing.has(name)));
  expect([...stillMissing]).toEqual([]);

  const [code, ...lines] = execFileSync(binary, { encoding: 'utf8' }).trim().split('\n');
  const numbers = new Map(
    lines.map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]),
  );
  const wrong = attributes
    .filter(({ kernel, number }) => numbers.has(kernel) && numbers.get(kernel) !== number)
    .map(
      ({ where, kernel, number }) => `${where} is ${number}, ${kernel} is ${numbers.get(kernel)}`,
    );
  expect(wrong).toEqual([]);

  // Names that these headers lack are those of kernels after them: each says since which (`since`),
  // and its number is that of include/uapi/linux of that release, where this can't compare it. With
  // newer headers installed, it is compared too. Against those of 6.1 there are some 80 such names,
  // the first of 6.2 (IFLA_BRPORT_MAB), the last of 7.1 (IFLA_NETKIT_PAIRING).
  const headers = Number(code);
  const unexplained = attributes
    .filter(
      ({ kernel, since }) =>
        missing.has(kernel) && (since === undefined || version(since) <= headers),
    )
    .map(
      ({ where, kernel, since }) =>
        `${where}: ${kernel} (since ${since ?? 'always'}) is not in the headers`,
    );
  expect(unexplained).toEqual([]);
});

test('the headers are read at all', () => {
  expect(readFileSync('/usr/include/linux/if_link.h', 'utf8')).toContain('IFLA_IFNAME');
  const { missing } = compile(['IFLA_IFNAME', 'IFLA_NO_SUCH_THING']);
  expect([...missing]).toEqual(['IFLA_NO_SUCH_THING']);
});
