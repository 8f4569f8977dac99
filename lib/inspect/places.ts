import { readFileSync } from 'node:fs';
import type { Hold } from '../netns/hold.ts';
import type { ProcessNode } from './graph.ts';
import { namespaceMounts } from './mounts.ts';
import { inodeAt, residents } from './processes.ts';

/** A namespace that something leads to: what holds it, and the ways in. */
export interface Place {
  inode: number;
  current: boolean;
  names: string[];
  mounts: string[];
  processes: ProcessNode[];
  handles: number;
  /** Files that lead to it, the surest first. */
  paths: string[];
}

const HERE = '/proc/thread-self/ns/net';

/**
 * All namespaces that can be reached: the caller's own, those of its handles, of names and other
 * mounts, and of processes down to single threads; each once, whatever leads to it.
 */
export function findPlaces(handles: Iterable<Hold>): Place[] {
  const places = new Map<number, Place>();
  const at = (inode: number): Place => {
    let place = places.get(inode);
    if (!place) {
      place = {
        inode,
        current: false,
        names: [],
        mounts: [],
        processes: [],
        handles: 0,
        paths: [],
      };
      places.set(inode, place);
    }
    return place;
  };
  const here = inodeAt(HERE);
  if (here !== undefined) {
    at(here).current = true;
    at(here).paths.push(HERE);
  }
  for (const { fd } of handles) {
    const path = `/proc/self/fd/${fd}`;
    const inode = inodeAt(path);
    if (inode === undefined) continue;
    at(inode).handles++;
    at(inode).paths.push(path);
  }
  for (const { inode, name, path } of namespaceMounts(
    readFileSync('/proc/self/mountinfo', 'utf8'),
  )) {
    if (name === undefined) at(inode).mounts.push(path);
    else at(inode).names.push(name);
    at(inode).paths.push(path);
  }
  for (const { inode, path, ...process } of residents()) {
    at(inode).processes.push(process);
    at(inode).paths.push(path);
  }
  return [...places.values()].sort(byStanding);
}

/** The caller's own, then the named in order, then the others as the kernel numbers them. */
function byStanding(a: Place, b: Place): number {
  if (a.current !== b.current) return a.current ? -1 : 1;
  const [left, right] = [a.names[0], b.names[0]];
  if ((left === undefined) !== (right === undefined)) return left === undefined ? 1 : -1;
  if (left !== undefined && right !== undefined) return left < right ? -1 : 1;
  return a.inode - b.inode;
}
