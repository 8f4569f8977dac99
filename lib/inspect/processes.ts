import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ProcessNode } from './graph.ts';

/** A process, or some threads of one, in a namespace. */
export interface Resident extends ProcessNode {
  inode: number;
  /** A file that leads to the namespace as long as it lives. */
  path: string;
}

/** PF_KTHREAD (linux/sched.h): threads of the kernel live in its first namespace, all of them. */
const PF_KTHREAD = 0x200000;

/**
 * Every process and the namespaces that its threads are in; those of the kernel are left out.
 * What ends meanwhile, or is not ours to see, is left out as well.
 */
export function residents(): Resident[] {
  const found: Resident[] = [];
  for (const entry of readdirSync('/proc')) {
    if (/^\d+$/.test(entry)) add(found, Number(entry));
  }
  return found;
}

function add(found: Resident[], pid: number): void {
  const inode = inodeAt(`/proc/${pid}/ns/net`);
  const known = inode === undefined ? undefined : describe(pid);
  if (inode === undefined || known === undefined || known.kernel) return;
  const { command } = known;
  found.push({ pid, command, inode, path: `/proc/${pid}/ns/net` });
  if (known.threads === 1) return;
  const apart = new Map<number, Resident>();
  for (const entry of listed(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${entry}/ns/net`;
    const there = inodeAt(path);
    if (there === undefined || there === inode) continue;
    const resident = apart.get(there);
    if (resident) resident.threads?.push(Number(entry));
    else apart.set(there, { pid, command, inode: there, path, threads: [Number(entry)] });
  }
  found.push(...apart.values());
}

/** `PID (COMMAND) STATE …`: the command may hold anything, so it ends at the last parenthesis. */
function describe(pid: number): { command: string; kernel: boolean; threads: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const rest = stat.slice(end + 2).split(' ');
    return {
      command: stat.slice(stat.indexOf('(') + 1, end),
      kernel: (Number(rest[6]) & PF_KTHREAD) !== 0,
      threads: Number(rest[17]),
    };
  } catch {
    return undefined;
  }
}

/** The inode in a link like `net:[4026531840]`. */
export function inodeAt(path: string): number | undefined {
  try {
    const match = /^net:\[(\d+)\]$/.exec(readlinkSync(path));
    return match ? Number(match[1]) : undefined;
  } catch {
    return undefined;
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
