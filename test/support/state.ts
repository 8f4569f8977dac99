import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds and what its host shows: each a list of readable entries. */
export interface State {
  readonly descriptors: readonly string[];
  readonly threads: readonly string[];
  readonly names: readonly string[];
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly processes: readonly string[];
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not there, or gone between two looks
  }
}

function linked(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const present = <T>(value: T | undefined): value is T => value !== undefined;

/** Open descriptors by what they point at; the numbers may differ from one look to the next. */
function descriptors(): string[] {
  return listed('/proc/self/fd')
    .map((fd) => linked(`/proc/self/fd/${fd}`))
    .filter(present);
}

/** Threads that are not in the process's own network namespace. */
function strayThreads(): string[] {
  const home = linked('/proc/self/ns/net');
  return listed('/proc/self/task')
    .map((id) => {
      const where = linked(`/proc/self/task/${id}/ns/net`);
      if (where === undefined || where === home) return undefined;
      return `thread ${text(`/proc/self/task/${id}/comm`).trim()} in ${where}`;
    })
    .filter(present);
}

/** The mount table without its identifiers, which are given out anew at each mount. */
function mounts(): string[] {
  return text('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').slice(3, 5).join(' on '));
}

function routes(): string[] {
  const ipv4 = text('/proc/self/net/route').split('\n').slice(1);
  const ipv6 = text('/proc/self/net/ipv6_route').split('\n');
  return [...ipv4, ...ipv6]
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 3)
    .map((fields) =>
      fields[0].length === 32
        ? `${fields[0]}/${fields[1]} dev ${fields[9]}`
        : `${fields[1]}/${fields[7]} dev ${fields[0]}`,
    );
}

/** Processes of this process namespace that are not threads of the test runner's own making. */
function processes(): string[] {
  return listed('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((id) => {
      const command = text(`/proc/${id}/cmdline`).replaceAll('\0', ' ').trim();
      if (command === '' || /esbuild|vitest/.test(command)) return undefined;
      return `${id}: ${command.slice(0, 200)}`;
    })
    .filter(present);
}

export function readState(): State {
  return {
    descriptors: descriptors(),
    threads: strayThreads(),
    names: listed('/run/netns'),
    mounts: mounts(),
    links: listed('/sys/class/net'),
    routes: routes(),
    processes: processes(),
  };
}

/** Entries of `after` that `before` has not, counted: two of one kind where there was one is one. */
export function added(before: readonly string[], after: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const entry of before) left.set(entry, (left.get(entry) ?? 0) + 1);
  return after.filter((entry) => {
    const count = left.get(entry) ?? 0;
    left.set(entry, count - 1);
    return count <= 0;
  });
}

/** What `after` has more than `before`, and host links that have gone missing; empty when alike. */
export function differences(before: State, after: State): string[] {
  const found: string[] = [];
  const topics = ['threads', 'names', 'mounts', 'links', 'routes', 'processes'] as const;
  for (const topic of topics) {
    for (const entry of added(before[topic], after[topic])) found.push(`${topic}: new: ${entry}`);
  }
  for (const topic of ['names', 'mounts', 'links'] as const) {
    for (const entry of added(after[topic], before[topic])) found.push(`${topic}: gone: ${entry}`);
  }
  // Sockets and pipes carry a number that is never used twice; compare those by kind alone.
  const kind = (entry: string) => entry.replace(/^(socket|pipe):\[[0-9]+\]$/, '$1');
  const extra = added(before.descriptors.map(kind), after.descriptors.map(kind));
  for (const entry of extra) found.push(`descriptors: new: ${entry}`);
  return found;
}
