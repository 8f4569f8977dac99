import { execFileSync, spawnSync } from 'node:child_process';

/**
 * What the running kernel has, asked by iproute2 in namespaces of their own, so that a test that is
 * skipped says which feature it lacks.
 */
const answers = new Map<string, boolean>();

/** What was asked for and is not there. */
export const absences = (): string[] => [...answers].filter(([, is]) => !is).map(([what]) => what);

function works(what: string, script: string): boolean {
  const known = answers.get(what);
  if (known !== undefined) return known;
  const done = spawnSync('unshare', ['--net', 'sh', '-ec', script], { stdio: 'ignore' });
  answers.set(what, done.status === 0);
  return done.status === 0;
}

/** A kind of link that stands by itself. */
export const hasKind = (kind: string, options = ''): boolean =>
  works(`kind ${kind} ${options}`, `ip link add probe0 type ${kind} ${options}`);

/** A kind of link that stands on another. */
export const hasKindOn = (kind: string, options = ''): boolean =>
  works(
    `kind ${kind} ${options}`,
    `ip link add low0 type veth peer name low1; ip link add link low0 name probe0 type ${kind} ${options}`,
  );

export const hasQdisc = (kind: string, options = ''): boolean =>
  works(`qdisc ${kind} ${options}`, `tc qdisc add dev lo root ${kind} ${options}`);

/** `words` are what tc(8) wants before the kind: a protocol, a handle. */
export const hasFilter = (kind: string, options: string, words = ''): boolean =>
  works(
    `filter ${kind}`,
    `tc qdisc add dev lo clsact; tc filter add dev lo egress ${words} ${kind} ${options}`,
  );

export const hasAction = (options: string): boolean =>
  works(
    `action ${options}`,
    `tc qdisc add dev lo clsact; tc filter add dev lo egress u32 match u32 0 0 action ${options}`,
  );

export const hasVlanFiltering = (): boolean =>
  works(
    'vlan filtering',
    'ip link add br0 type bridge vlan_filtering 1; ip link add v0 type veth peer name v1; ip link set v0 master br0; bridge vlan add dev v0 vid 10',
  );

export const hasNexthops = (): boolean =>
  works('nexthops', 'ip link set lo up; ip nexthop add id 1 dev lo');

/** An encapsulation of routes, in the words of ip(8), with all that it may need beside it. */
export const hasEncap = (words: string, dst: string, via?: string): boolean =>
  works(
    `encap ${words}`,
    `ip link add a0 type veth peer name a1; ip link set a0 up; ip link set a1 up
ip address add 10.0.0.1/24 dev a0; ip address add fd00::1/64 dev a0 nodad
case '${words}' in *vrftable*) ip link add vrf10 type vrf table 10; ip link set vrf10 up
sysctl -qw net.vrf.strict_mode=1 ;; esac
ip route add ${dst} encap ${words} ${via === undefined ? '' : `via ${via}`} dev a0`,
  );

/** The kernel's version as a number: 6.12 is 6012. */
export function kernelVersion(): number {
  const [major, minor] = execFileSync('uname', ['-r'], { encoding: 'utf8' }).split('.');
  return Number(major) * 1000 + Number(minor);
}
